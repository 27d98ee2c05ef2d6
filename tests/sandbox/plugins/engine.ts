import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import {
  type EngineEvent,
  LocalWorkspace,
  PulumiCommand,
  type PulumiFn,
  type Stack,
} from "@pulumi/pulumi/automation";
import { mendAutomation } from "../../../operations/automation";
import { engineEnvironment, ensurePulumiHome } from "../../../sandbox/plugins/install";
import { ensurePulumi } from "../../../sandbox/tools/toolchain";

/** One operation of the engine: its changes by kind, what it printed, its log lines, and its error if it failed. */
export interface Outcome {
  changes: Record<string, number>;
  output: string;
  /** Lines logged for resources, those that are only shown while an operation runs included. */
  logged: string[];
  outputs: Record<string, unknown>;
  error?: string;
}

interface ResourceState {
  id: string;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}

export interface TestStack {
  up(program: PulumiFn): Promise<Outcome>;
  /** `diff`: with the changed properties in the output. */
  preview(program: PulumiFn, diff?: boolean): Promise<Outcome>;
  refresh(): Promise<Outcome>;
  destroy(): Promise<Outcome>;
  /** The inputs and outputs of the resource of a type as they are stored, secrets encrypted. */
  state(type: string): ResourceState;
}

export interface Engine {
  stack(name: string): Promise<TestStack>;
  stop(): void;
}

/** The real engine with the plugins under test and a state of its own in a temporary directory. */
export async function startEngine(): Promise<Engine> {
  mendAutomation();
  const pulumi = await ensurePulumi();
  const { home } = await ensurePulumiHome(pulumi);
  const directory = mkdtempSync(path.join(tmpdir(), "soar-plugins-"));
  // The Automation API looks for the program at this place below a root.
  mkdirSync(path.join(directory, "bin"));
  symlinkSync(pulumi.path, path.join(directory, "bin", "pulumi"));
  mkdirSync(path.join(directory, "state"));
  const pulumiCommand = await PulumiCommand.get({ root: directory });
  const envVars = {
    ...engineEnvironment(home),
    PULUMI_BACKEND_URL: `file://${path.join(directory, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    SSH_AUTH_SOCK: "",
  };
  return {
    stack: async (name) => {
      const program: PulumiFn = () => Promise.resolve();
      const inline = { stackName: name, projectName: "plugins", program };
      const workDir = path.join(directory, "work", name);
      mkdirSync(workDir, { recursive: true });
      const stack = await LocalWorkspace.createOrSelectStack(inline, { workDir, envVars, pulumiCommand });
      return wrap(stack, path.join(directory, "state", ".pulumi", "stacks", "plugins", `${name}.json`));
    },
    stop: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function wrap(stack: Stack, stateFile: string): TestStack {
  const operation = async (
    run: (options: { onEvent(event: EngineEvent): void; onOutput(text: string): void }) => Promise<unknown>,
  ): Promise<Outcome> => {
    const outcome: Outcome = { changes: {}, output: "", logged: [], outputs: {} };
    try {
      await run({
        onOutput: (text) => (outcome.output += text),
        onEvent: ({ summaryEvent, diagnosticEvent }) => {
          if (summaryEvent) outcome.changes = { ...summaryEvent.resourceChanges };
          if (diagnosticEvent?.urn) outcome.logged.push(diagnosticEvent.message.trim());
        },
      });
    } catch (error) {
      outcome.error = (error as Error).message;
    }
    const outputs = await stack.outputs();
    outcome.outputs = Object.fromEntries(
      Object.entries(outputs).map(([key, { value }]) => [key, value as unknown]),
    );
    return outcome;
  };
  return {
    up: (program) => operation((options) => stack.up({ ...options, program })),
    preview: (program, diff = false) => operation((options) => stack.preview({ ...options, program, diff })),
    refresh: () => operation((options) => stack.refresh(options)),
    destroy: () => operation((options) => stack.destroy(options)),
    state: (type) => {
      const { checkpoint } = JSON.parse(readFileSync(stateFile, "utf8")) as {
        checkpoint: { latest: { resources: (ResourceState & { type: string })[] } };
      };
      const found = checkpoint.latest.resources.find((resource) => resource.type === type);
      if (found === undefined) throw new Error(`no ${type} in the state`);
      return found;
    },
  };
}

import { type EngineEvent, LocalWorkspace, type Stack, StackNotFoundError } from "@pulumi/pulumi/automation";
import program from "../index";
import { mendAutomation } from "../operations/automation";

/** What a command of the engine did. */
export interface Said<T> {
  /** All that was printed, secrets masked by the engine. */
  text: string;
  /** Undefined where it failed. */
  result: T | undefined;
  events: EngineEvent[];
}

/** The options of a command by which it is listened to. */
export interface Listening {
  color: "never";
  suppressProgress: true;
  onOutput: (text: string) => void;
  onError: (text: string) => void;
  onEvent: (event: EngineEvent) => void;
}

/**
 * Runs a command of a stack that exists, with the settings in the working directory, and prints what the engine prints. The
 * program runs in this process, so the engine needs no language host.
 */
export async function say<T>(
  stackName: string,
  command: (stack: Stack, listening: Listening) => Promise<T>,
): Promise<Said<T>> {
  const said: string[] = [];
  const events: EngineEvent[] = [];
  const listen = (text: string): void => {
    process.stdout.write(text);
    said.push(text);
  };
  mendAutomation();
  try {
    const stack = await LocalWorkspace.selectStack(
      { stackName, projectName: "soar-profiling", program },
      { workDir: process.cwd() },
    );
    const result = await command(stack, {
      color: "never",
      suppressProgress: true,
      onOutput: listen,
      onError: listen,
      onEvent: (event) => events.push(event),
    });
    return { text: said.join(""), result, events };
  } catch (error) {
    // What the engine printed is the reason; without any, it did not get that far.
    if (said.length === 0) listen(`${reasonOf(error, stackName)}\n`);
    return { text: said.join(""), result: undefined, events };
  }
}

function reasonOf(error: unknown, stack: string): string {
  if (error instanceof StackNotFoundError) {
    return `There is no stack "${stack}": create it with \`pulumi stack init ${stack}\``;
  }
  return error instanceof Error ? error.message : String(error);
}

/** Whether the settings have several hosts, of which one that fails is to stop no other. */
export async function hasHosts(stack: Stack): Promise<boolean> {
  const { value = "" } = (await stack.getAllConfig())["soar-profiling:hosts"] ?? {};
  return value !== "" && value !== "{}";
}

/**
 * Has the program see the git reference of the last `up`, unless SOAR_GIT_REF says another: where nothing is deployed, that it
 * is not said once more is no change.
 */
export async function keepGitRef(stack: Stack): Promise<void> {
  if ((process.env["SOAR_GIT_REF"] ?? "") !== "") return;
  const { gitRef } = await stack.outputs();
  if (typeof gitRef?.value === "string") process.env["SOAR_GIT_REF"] = gitRef.value;
}

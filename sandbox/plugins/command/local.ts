import { spawn } from "node:child_process";
import { once } from "node:events";
import { Capture } from "./capture";
import { type CommandInputs, previousOutput, type Run } from "./lifecycle";

export interface LocalInputs extends CommandInputs {
  /** Program and arguments that get the command as their last argument; `["/bin/sh", "-c"]` by default. */
  interpreter?: string[];
  dir?: string;
}

/** Runs a command on this machine, in the program's directory unless `dir` says otherwise. */
export const runLocally: Run<LocalInputs> = async (command, inputs, previous, logger) => {
  const [program = "/bin/sh", ...args] = inputs.interpreter?.length ? inputs.interpreter : ["/bin/sh", "-c"];
  const child = spawn(program, [...args, command], {
    cwd: inputs.dir,
    env: { ...process.env, ...inputs.environment, ...previousOutput(inputs, previous) },
  });
  const capture = new Capture(child.stdout, child.stderr, inputs.logging, logger);
  child.stdin.on("error", () => undefined); // The command may end without reading it.
  child.stdin.end(inputs.stdin ?? "");
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  const failure = signal !== null ? `signal: ${signal}` : code !== 0 ? `exit status ${code}` : undefined;
  return capture.finish(command, failure);
};

/** The arguments of the function `command:local:run`. */
export interface RunFunctionInputs extends LocalInputs {
  command: string;
}

import { type Provider } from "@pulumi/pulumi/provider";
import { type Logger, loggerOf } from "../serve";
import { newId, plain, type Properties } from "../values";

export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

/** The inputs that `remote.Command` and `local.Command` have in common. */
export interface CommandInputs {
  create?: string;
  update?: string;
  delete?: string;
  stdin?: string;
  environment?: Record<string, string>;
  logging?: Logging;
  addPreviousOutputInEnv?: boolean;
}

/** What a command printed, without the last line's end. */
export interface Output {
  stdout: string;
  stderr: string;
}

/** Runs one command and throws when it fails. `previous` is the output of the last create or update. */
export type Run<I> = (command: string, inputs: I, previous: Output, logger: Logger) => Promise<Output>;

type Lifecycle = Required<Pick<Provider, "create" | "update" | "delete">>;

/**
 * Create, update and delete of a command. There is no diff: the engine compares old and new inputs itself, and the SDK
 * asks for replacement when triggers change. There is no preview and no read either, so neither runs anything.
 */
export function lifecycle<I extends CommandInputs>(run: Run<I>): Lifecycle {
  const runIfGiven = async (
    urn: string,
    command: string | undefined,
    inputs: I,
    previous: Output,
  ): Promise<Output> => {
    if (command === undefined) return previous;
    const logger = loggerOf(urn);
    try {
      return await run(command, inputs, previous, logger);
    } finally {
      await logger.delivered();
    }
  };

  return {
    async create(urn: string, properties: Properties) {
      const inputs = plain(properties) as I;
      const output = await runIfGiven(urn, inputs.create, inputs, { stdout: "", stderr: "" });
      return { id: newId(urn), outs: { ...properties, ...output } };
    },
    async update(_id, urn: string, old: Properties, properties: Properties) {
      const inputs = plain(properties) as I;
      const output = await runIfGiven(urn, inputs.update ?? inputs.create, inputs, outputOf(old));
      return { outs: { ...properties, ...output } };
    },
    async delete(_id, urn: string, old: Properties) {
      const inputs = plain(old) as I;
      await runIfGiven(urn, inputs.delete, inputs, outputOf(old));
    },
  };
}

function outputOf(state: Properties): Output {
  const { stdout = "", stderr = "" } = plain(state) as Partial<Output>;
  return { stdout, stderr };
}

/** The variables that carry the output of the last run to the next one. */
export function previousOutput(inputs: CommandInputs, previous: Output): Record<string, string> {
  if (inputs.addPreviousOutputInEnv === false) return {};
  return {
    ...(previous.stdout !== "" && { PULUMI_COMMAND_STDOUT: previous.stdout }),
    ...(previous.stderr !== "" && { PULUMI_COMMAND_STDERR: previous.stderr }),
  };
}

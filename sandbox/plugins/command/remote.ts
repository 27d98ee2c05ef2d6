import { type Client, type ClientChannel } from "ssh2";
import { type Logger } from "../serve";
import { Capture } from "./capture";
import { type Connection, dial } from "./connection";
import { type CommandInputs, previousOutput, type Run } from "./lifecycle";
import { execWithEnvironment } from "./session";

export interface RemoteInputs extends CommandInputs {
  connection: Connection;
}

/** Runs a command on the host, over a connection of its own. */
export const runRemotely: Run<RemoteInputs> = async (command, inputs, previous, logger) => {
  const { client, close } = await dial(inputs.connection, logger);
  try {
    const channel = await start(client, command, inputs, previousOutput(inputs, previous), logger);
    const capture = new Capture(channel, channel.stderr, inputs.logging, logger);
    const failure = new Promise<string | undefined>((resolve) => {
      channel.on("close", (code?: number | null, signal?: string) => {
        resolve(failureOf(code, signal));
      });
    });
    channel.on("error", () => undefined); // The command may end without reading its input.
    channel.end(inputs.stdin ?? "");
    return capture.finish(command, await failure);
  } finally {
    close();
  }
};

function failureOf(code?: number | null, signal?: string): string | undefined {
  if (signal !== undefined) return `Process exited with status 128 from signal ${signal.replace(/^SIG/, "")}`;
  if (code === undefined || code === null) {
    return "wait: remote command exited without exit status or exit signal";
  }
  return code === 0 ? undefined : `Process exited with status ${code}`;
}

function start(
  client: Client,
  command: string,
  inputs: RemoteInputs,
  optional: Record<string, string>,
  logger: Logger,
): Promise<ClientChannel> {
  const variables = [
    ...Object.entries(inputs.environment ?? {}).map(([name, value]) => ({ name, value, required: true })),
    ...Object.entries(optional).map(([name, value]) => ({ name, value, required: false })),
  ];
  return execWithEnvironment(client, command, variables, (name, required) => {
    const message =
      `Unable to set '${name}'. This only works if your SSH server is configured to accept these variables ` +
      `via AcceptEnv. Alternatively, prefix the command itself with the variables in the form 'VAR=value command'`;
    if (!required) {
      logger.warn(message);
      return;
    }
    logger.error(message);
    throw new Error(`could not set environment variable ${JSON.stringify(name)}: ssh: setenv failed`);
  });
}

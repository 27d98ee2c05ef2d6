import { type Client, type ClientChannel } from "ssh2";

export interface Variable {
  name: string;
  value: string;
  required: boolean;
}

/** The parts of ssh2's client (1.17) that its public interface does not offer. */
interface Internals {
  _protocol: {
    env(channel: number, name: string, value: string, wantReply: boolean): void;
    exec(channel: number, command: string, wantReply: boolean): void;
  };
  _chanMgr: { get(channel: number): { _callbacks: ((failed: boolean | Error) => void)[] } };
}

/**
 * Starts a command after the server has accepted its variables. ssh2 sends variables without asking for a reply, so
 * that a refused one would go unnoticed; here each is asked for, between the opening of the channel and the command.
 * `refused` is called for each variable that the server does not accept; what it throws stops the command.
 */
export function execWithEnvironment(
  client: Client,
  command: string,
  variables: Variable[],
  refused: (name: string, required: boolean) => void,
): Promise<ClientChannel> {
  const { _protocol: protocol, _chanMgr: channels } = client as unknown as Internals;
  const sendCommand = protocol.exec.bind(protocol);

  protocol.exec = (id, text, wantReply) => {
    const replies = channels.get(0)._callbacks; // The client's only channel.
    const started = replies.pop();
    const next = (index: number): void => {
      const variable = variables[index];
      if (variable === undefined) {
        if (started !== undefined) replies.push(started);
        sendCommand(id, text, wantReply);
        return;
      }
      replies.push((failed) => {
        try {
          if (failed !== false) refused(variable.name, variable.required);
          next(index + 1);
        } catch (error) {
          started?.(error as Error);
        }
      });
      protocol.env(id, variable.name, variable.value, true);
    };
    next(0);
  };

  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) reject(error);
      else resolve(channel);
    });
    client.once("close", () => {
      reject(new Error("the host closed the connection"));
    });
  });
}

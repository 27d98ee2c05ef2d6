import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { SandboxHost } from "../../../sandbox/host/host";

/** A way to a host's SSH server that turns away whoever connects too often. */
export interface LoginLimit {
  /** On this machine's loopback. */
  port: number;
  seen(): { letIn: number; turnedAway: number };
  close(): void;
}

/**
 * What `ufw limit` does, which is a rule of iptables' `recent`: the last of so many connections within a time is turned away, and
 * counts for the next ones, too. A host of the sandbox has no iptables.
 */
export async function limitLogins(
  { address }: SandboxHost,
  { hits, seconds }: { hits: number; seconds: number },
): Promise<LoginLimit> {
  const times: number[] = [];
  const sockets = new Set<Socket>();
  const seen = { letIn: 0, turnedAway: 0 };
  const server = createServer((socket) => {
    const now = Date.now();
    times.push(now);
    if (times.filter((time) => time > now - seconds * 1000).length >= hits) {
      seen.turnedAway++;
      socket.destroy();
      return;
    }
    seen.letIn++;
    const onward = connect(22, address);
    for (const [end, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(end);
      end.on("error", () => undefined).once("close", () => other.destroy());
      end.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen: () => ({ ...seen }),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

import { once } from "node:events";
import { createServer, connect, type Socket } from "node:net";
import type { SandboxHost } from "./sandbox-host";
import { sshHost } from "./ssh";

/** The way from one host of the sandbox to a port of another, which have no network in common. */
export interface Relay {
  /** Nothing comes through any more, and what was open is cut. */
  cut(): Promise<void>;
  open(): Promise<void>;
}

/**
 * A host finds another one's port 443 under a name, through this machine, which only passes the bytes on: the TLS is that of
 * the two.
 */
export async function relay(from: SandboxHost, to: SandboxHost, name: string): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(443, to.address);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      // The other end hears of it by the end of its connection.
      socket.on("error", () => undefined);
    }
    near.on("close", () => far.destroy()).pipe(far);
    far.on("close", () => near.destroy()).pipe(near);
  });
  const open = async (): Promise<void> => {
    server.listen(443, from.gateway);
    await once(server, "listening");
  };
  await open();
  const { code, stderr } = await sshHost(from, `echo '${from.gateway} ${name}' >>/etc/hosts`);
  if (code !== 0) throw new Error(`The host ${from.name} does not take the name ${name}: ${stderr}`);
  return {
    open,
    cut: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

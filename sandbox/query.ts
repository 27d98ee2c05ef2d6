import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { pyroscopeAt, type PyroscopeQuery } from "../operations/pyroscope-api";
import type { SandboxHost } from "./host/host";
import { sshArguments } from "./host/ssh";
import { freePort } from "./free-port";

/** Runs `action` with a way to query the Pyroscope on a host's loopback: one SSH connection, for as long as it takes. */
export async function withPyroscope<T>(
  host: SandboxHost,
  action: (query: PyroscopeQuery) => Promise<T>,
): Promise<T> {
  const port = await freePort();
  const forward = `127.0.0.1:${port}:127.0.0.1:4040`;
  const tunnel = spawn(
    "ssh",
    ["-N", "-o", "ExitOnForwardFailure=yes", "-L", forward, ...sshArguments(host, "root")],
    {
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  try {
    await untilListening(port, () => tunnel.exitCode !== null);
    return await action(pyroscopeAt(`http://127.0.0.1:${port}`));
  } finally {
    if (tunnel.exitCode === null && tunnel.kill()) await once(tunnel, "close");
  }
}

async function untilListening(port: number, ended: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (ended()) break;
    const answers = await fetch(`http://127.0.0.1:${port}/ready`).then(
      () => true,
      () => false,
    );
    if (answers) return;
    await sleep(100);
  }
  throw new Error("the SSH tunnel to Pyroscope does not come up");
}

/** The same for a single question at a time; each opens its own connection. */
export function pyroscopeOn(host: SandboxHost): PyroscopeQuery {
  return (path, body) => withPyroscope(host, (query) => query(path, body));
}

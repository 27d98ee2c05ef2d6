import type { PyroscopeQuery } from "../operations/pyroscope-api";
import { sshHost, type SandboxHost } from "./host/host";

/** Queries the Pyroscope on a host's loopback, from the host. */
export function pyroscopeOn(host: SandboxHost, port = 4040): PyroscopeQuery {
  return async (path, body) => {
    const command = `curl -sS --fail-with-body --max-time 20 -H 'Content-Type: application/json' -d @- http://127.0.0.1:${port}${path}`;
    const { code, stdout, stderr } = await sshHost(host, command, { input: JSON.stringify(body) });
    if (code !== 0) throw new Error(`Pyroscope on the host ${host.name}: ${stdout}${stderr}`);
    return JSON.parse(stdout) as unknown;
  };
}

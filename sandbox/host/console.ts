import { readFile } from "node:fs/promises";
import { run, type RunResult } from "../log";
import { readRecord } from "./record";
import type { SandboxHost } from "./sandbox-host";

/** Runs a command as root at the host's console: also while sshd does not run. */
export async function onConsole(host: SandboxHost, command: string): Promise<RunResult> {
  const container = (await readRecord(host.name))?.container;
  if (container === undefined) throw new Error(`The host ${host.name} does not run`);
  const { pid } = container;
  const systemd = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim();
  const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"];
  return run("nsenter", [`--target=${systemd}`, ...namespaces, "--root", "--wd", "sh", "-c", command], {
    allowFailure: true,
  });
}

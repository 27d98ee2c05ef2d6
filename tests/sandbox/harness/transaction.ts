import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { flameGraph } from "../../../operations/pyroscope-api";
import { sshHost } from "../../../sandbox/host/host";
import { withPyroscope } from "../../../sandbox/query";
import type { TestStack } from "./stack";

const places = "/etc/alloy /etc/default/alloy /etc/pyroscope /etc/systemd/system/*.d";

/** Every configuration file on the host: path, mode, owner, modification time, digest. Equal means untouched. */
export function configuration(stack: TestStack): Promise<string> {
  return stack.operator(
    `find ${places} -type f -printf '%p %m %u:%g %T@\\n' | sort; find ${places} -type f -exec sha256sum {} + | sort`,
  );
}

/** The processes of the units, and how often systemd had to start them again. */
export function processes(stack: TestStack): Promise<string> {
  return stack.operator("systemctl show -p Id -p MainPID -p NRestarts alloy.service pyroscope.service");
}

/** Fails when a transaction has left anything, or a service is not well. */
export async function expectSettled(stack: TestStack, httpPort = 12345): Promise<void> {
  const names = [
    "*.soar-new",
    "*.soar-old",
    "undo",
    "undo.*",
    "manifest.new",
    "program",
    "program.new",
    "work",
  ].map((name) => `-name '${name}'`);
  const found = `find /etc /var/lib/soar-profiling ${names.join(" -o ")}`;
  expect(await stack.operator(`${found} | grep -v '^/etc/.*/work$' || :`), "left over").toBe("");
  await expectHealthy(stack, httpPort);
}

/** Fails when a service or one of Alloy's components is not well. */
export async function expectHealthy(stack: TestStack, httpPort = 12345): Promise<void> {
  expect(
    await stack.operator(
      `curl -sS --retry 20 --retry-delay 1 --retry-all-errors http://127.0.0.1:${httpPort}/-/healthy; ` +
        "curl -sSf --retry 30 --retry-delay 1 --retry-all-errors http://127.0.0.1:4040/ready",
    ),
  ).toBe("All Alloy components are healthy.\nready");
}

/** Fails when CPU profiles of a service do not arrive any more: none of after this call within a minute. */
export async function expectProfiles(stack: TestStack, service: string): Promise<void> {
  const start = Date.now();
  const type = "process_cpu:samples:count:cpu:nanoseconds";
  await withPyroscope(stack.host, async (query) => {
    for (;;) {
      const { total } = await flameGraph(
        query,
        { service, environment: "sandbox", type },
        { start, end: Date.now() },
      );
      if (total > 0) return;
      if (Date.now() > start + 60_000) throw new Error(`no profile of ${service} within a minute`);
      await sleep(1000);
    }
  });
}

/** The declaration of a service as the engine has sent it last. */
export async function declarationOf(stack: TestStack, resource: string): Promise<string> {
  const { deployment } = JSON.parse(await stack.state()) as {
    deployment: { resources: { urn: string; inputs: { stdin: string } }[] };
  };
  const found = deployment.resources.find(({ urn }) => urn.endsWith(`::${resource}`));
  if (found === undefined) throw new Error(`the state has no ${resource}`);
  return found.inputs.stdin;
}

/** Applies a declaration as the engine would, without it; with another limit of time, in seconds. */
export async function applyByHand(
  stack: TestStack,
  id: string,
  declaration: string,
  limit?: number,
): Promise<{ code: number; text: string }> {
  const limited = limit === undefined ? "" : `SOAR_TIME_LIMIT=${limit} `;
  const command = `${limited}/usr/local/lib/soar-profiling/sandbox/service-config apply ${id}`;
  const { code, stdout, stderr } = await sshHost(stack.host, command, { input: declaration });
  return { code, text: stdout + stderr };
}

/** A command that ends as soon as a file of a pattern is there: it looks each millisecond, and takes no time from what it waits for. */
export function until(pattern: string): string {
  return `timeout 100 perl -e 'select(undef, undef, undef, 0.001) until grep { -e } glob "${pattern}"'`;
}

/** Ends the transaction's script on the host, and not the `timeout` or `sudo` around it, as soon as a file is there. */
export function killScriptAt(
  stack: TestStack,
  file: string,
  signal: "KILL" | "TERM" = "KILL",
): Promise<number> {
  const script = "^/bin/sh /usr/local/lib/soar-profiling/[^ ]*/service-config ";
  return stack.status(`${until(file)} && pkill -${signal} -f '${script}'`);
}

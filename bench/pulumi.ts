import { readFile } from "node:fs/promises";
import { prepareIngredients } from "../sandbox/host/prepare";
import { type SandboxHost } from "../sandbox/host/host";
import { sandboxConfig, withoutUnusedUnits, type StackConfig, type StackOptions } from "../sandbox/stack";
import type { Contender, Declared } from "./contender";
import { loginsOfAll } from "./host";
import { settle, type Declaration, type Way } from "./ways";

/** What the stack `sandbox` has beside the profiles. */
const beside = ["prometheus", "logs", "traces", "grafana"];

/** The name of Caddy's site, where several hosts send to one. */
export const domain = "pyroscope.bench.test";

/** The stack `sandbox` with nothing but profiles: on one host, or on several of which the first stores. */
export async function pulumiOn(hosts: readonly SandboxHost[], way: Way): Promise<Contender & Stack> {
  const base = await baseOf(hosts);
  const stackFor = (declared: Declared, more: StackConfig = {}): Declaration => ({
    stack: { ...base, config: { ...base.config, ...servicesOf(hosts, base.config, declared), ...more } },
  });
  return {
    name: "soar-profiling",
    changedNothing: /\nResources:\n +\d+ unchanged\n/,
    prepare: async (action, declared) => {
      // Once an `up` with it has put the hosts' drift scripts to use, a preview asks the hosts.
      const declaration = stackFor(declared, action === "ask" ? { detectDrift: true } : {});
      await settle(declaration);
      return () =>
        action === "apply" ? way.run("up", declaration, ["--skip-preview"]) : way.run("preview", declaration);
    },
    logins: () => loginsOfAll(hosts),
    declare: stackFor,
  };
}

/** What else is done with the stack that is measured. */
export interface Stack {
  declare(declared: Declared, more?: StackConfig): Declaration;
}

async function baseOf(hosts: readonly SandboxHost[]): Promise<StackOptions> {
  const [first] = hosts;
  if (first === undefined) throw new Error("There is no host");
  const { repository } = await prepareIngredients();
  const { host, ...all } = await sandboxConfig(first, repository.fingerprint);
  const kept = Object.entries(all).filter(([key]) => !beside.includes(key));
  const config = {
    ...Object.fromEntries(kept),
    // As much as a disk holds that a machine with many hosts shares.
    pyroscope: { version: "1.21.1-1", retention: "1h", diskBudget: "2GiB" },
    ...(hosts.length === 1 ? { host } : { site: { domain, tls: "internal" } }),
  };
  return {
    config,
    secrets: { sshPrivateKey: await readFile(first.privateKeyFile, "utf8") },
    directory: first.directory,
  };
}

/** The services of the stack `sandbox` at the interval that is the default, and more of them that are not there. */
function servicesOf(hosts: readonly SandboxHost[], config: StackConfig, declared: Declared): StackConfig {
  const { services: real } = withoutUnusedUnits(config) as { services: Service[] };
  const more = Array.from({ length: declared.services - real.length }, (_, index) => ({
    name: `service-${String(index).padStart(4, "0")}`,
    port: 20_000 + index,
  }));
  const services = [
    ...real.map(({ name, port, profiles }) => ({
      name,
      port,
      ...(profiles === undefined ? {} : { profiles }),
      ...(name === "soar-run" ? { labels: { bench: declared.label } } : {}),
    })),
    ...more,
  ];
  if (hosts.length === 1) return { services };
  const names = services.map(({ name }) => name);
  const entries = hosts.map(({ address, hostKey }, index) => [
    hostName(index),
    { address, user: "deploy", hostKey, services: names, ...(index === 0 ? { stores: true } : {}) },
  ]);
  return { services, hosts: Object.fromEntries(entries) as object };
}

/** What a host is called where there are several. */
function hostName(index: number): string {
  return `host${index + 1}`;
}

interface Service {
  name: string;
  port: number;
  profiles?: string[];
}

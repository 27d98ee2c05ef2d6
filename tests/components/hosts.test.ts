import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { earlierHosts } from "../../components/earlier-hosts";
import { readDeclaration } from "../../components/host/declaration";
import { ProfilingStack } from "../../components/profiling-stack";
import { stateOf, unpacked } from "./mocks";
import { hostKey, settingsOf } from "./stack";

const stack = "org/soar-profiling/test";
const key = (letter: string): string => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${letter.repeat(43)}`;
const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";

interface Made {
  type: string;
  inputs: Record<string, unknown>;
}

let made: Record<string, Made> = {};
/** What the engine was asked of the state. */
let asked: string[] = [];
let left: object = {};

beforeEach(async () => {
  [made, asked, left] = [{}, [], {}];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, type, inputs }) => {
        made[name] = { type, inputs: inputs as Record<string, unknown> };
        const isRead = name.endsWith("-site-authority");
        return {
          id: name,
          state: {
            ...made[name].inputs,
            ...(type.startsWith("random:") ? { result: "sender's password", bcryptHash: "$2a$hash" } : {}),
            stdout: isRead ? certificate : `machine ${"0".repeat(32)}\n`,
          },
        };
      },
      call: ({ token }) => {
        asked.push(token);
        return { outputs: token === "pulumi:pulumi:readStackResourceOutputs" ? stateOf(left) : {} };
      },
    },
    "soar-profiling",
    "test",
  );
});

/** An environment on so many hosts, of which the first stores. */
function hostsOf(count: number): Record<string, object> {
  const all = Array.from({ length: count }, (_, i) => [
    `h${i}`,
    { address: `192.0.2.${i + 1}`, user: "deploy", hostKey, services: ["soar-run"], stores: i === 0 },
  ]);
  return Object.fromEntries(all) as Record<string, object>;
}

const values = {
  environment: "test",
  services: [{ name: "soar-run", port: 9091 }],
  pyroscope: { diskBudget: "100GiB" },
};

async function declare(more: object): Promise<Record<string, unknown>> {
  const args = {
    settings: settingsOf({ ...values, ...more }),
    secrets: {},
    secretParts: new Set<never>(),
    stack,
  };
  const declared = new ProfilingStack("soar", args);
  const outputs = await new Promise<Record<string, unknown>>((resolve) => {
    pulumi.output(declared.outputs()).apply(resolve);
  });
  await vi.waitFor(() => {
    for (const { name } of args.settings.hosts)
      expect(Object.keys(made)).toContain(name === undefined ? "soar-reachable" : `soar-${name}-reachable`);
  });
  return outputs;
}

const commandsOf = (prefix: string): string[] =>
  Object.entries(made).flatMap(([name, { type }]) =>
    type === "command:remote:Command" && name.startsWith(`${prefix}-`) ? [name.slice(prefix.length + 1)] : [],
  );
/** A secret comes as it is on the wire. */
const plain = (value: unknown): unknown =>
  pulumi.runtime.isRpcSecret(value) ? (pulumi.runtime.unwrapRpcSecret(value) as unknown) : value;
const filesOf = (name: string): Map<string, string> =>
  readDeclaration(String(plain(made[name]?.inputs["stdin"]))).files;
const internal = { site: { domain: "pyroscope.example", tls: "internal" } };

describe("an environment on twenty hosts", () => {
  test("has on each what one has, and asks for the state once", async () => {
    const outputs = await declare({ ...internal, hosts: hostsOf(20) });
    const sending = [
      "host-setup",
      "platform-repository-source",
      "platform-alloy-config-files",
      "profiles-config-files",
      "platform-guard",
    ];
    for (let i = 1; i < 20; i++) expect(commandsOf(`soar-h${i}`).sort()).toEqual([...sending].sort());
    expect(commandsOf("soar-h0").sort()).toEqual(
      [...sending, "platform-pyroscope-config-files", "site-config-files", "site-authority"].sort(),
    );
    expect(Object.keys(made).filter((name) => made[name]?.type.startsWith("random:"))).toEqual([
      "soar-senders-password",
      "soar-h0-site-password",
    ]);
    expect(asked.sort()).toEqual([
      "pulumi:pulumi:readStackOutputs",
      "pulumi:pulumi:readStackResourceOutputs",
    ]);
    for (const key of ["urls", "versions", "written", "platforms"])
      expect(Object.keys(outputs[key] as object)).toHaveLength(20);
    expect(outputs["platform"]).toMatchObject({ pyroscopeUrl: "http://127.0.0.1:4040" });
  });

  test("each is where its settings say, and says its name", async () => {
    await declare({ ...internal, hosts: hostsOf(3) });
    for (let i = 0; i < 3; i++) {
      expect(plain(made[`soar-h${i}-profiles-config-files`]?.inputs["connection"])).toMatchObject({
        host: `192.0.2.${i + 1}`,
      });
      const [text = ""] = filesOf(`soar-h${i}-profiles-config-files`).values();
      expect(text).toContain(`"host" = "h${i}"`);
    }
  });
});

describe("the way to the host that stores", () => {
  test("is its site, with an account of the senders' own, and its authority", async () => {
    await declare({ ...internal, hosts: hostsOf(2) });
    const files = filesOf("soar-h1-platform-alloy-config-files");
    expect(files.get("/etc/alloy/secrets/pyroscope-password")).toBe("sender's password\n");
    const destination = files.get("/etc/alloy/conf.d/destination.alloy") ?? "";
    expect(destination).toContain('value = "https://pyroscope.example"');
    expect(destination).toContain('value = "soar-profiling-sender"');
    expect(destination).toContain(`value = ${JSON.stringify(`${certificate}\n`)}`);
    expect(destination).toContain("ca_pem = profiles_destination.platform.ca");
    const site = filesOf("soar-h0-site-config-files").get("/etc/soar/caddy/pyroscope.example.conf") ?? "";
    expect(site.match(/soar-profiling-sender \$2a\$hash/g)).toHaveLength(1);
    expect(
      filesOf("soar-h0-platform-alloy-config-files").get("/etc/alloy/conf.d/destination.alloy"),
    ).toContain('value = "http://127.0.0.1:4040"');
  });

  test("needs no authority where a public one signs, nor a script to read it", async () => {
    await declare({ site: { domain: "pyroscope.example" }, hosts: hostsOf(2) });
    expect(commandsOf("soar-h0")).not.toContain("site-authority");
    const scripts = unpacked(String(made["soar-h0-host-setup"]?.inputs["stdin"]));
    expect(scripts).toContain("put service-config <<");
    expect(scripts).not.toContain("site-authority");
    const files = filesOf("soar-h1-platform-alloy-config-files");
    expect(files.get("/etc/alloy/conf.d/destination.alloy")).not.toContain("tls_config");
  });

  test("is none where Pyroscope is elsewhere", async () => {
    const [h0, h1] = Object.values(hostsOf(2)).map((host) => ({ ...host, stores: false }));
    await declare({ pyroscope: { remote: { url: "https://profiles.example" } }, hosts: { h0, h1 } });
    expect(Object.values(made).some(({ type }) => type.startsWith("random:"))).toBe(false);
    for (const name of ["h0", "h1"])
      expect(
        filesOf(`soar-${name}-platform-alloy-config-files`).get("/etc/alloy/conf.d/destination.alloy"),
      ).toContain('value = "https://profiles.example"');
  });
});

test("logs, spans, pushed profiles and metrics say the host, each where it has them", async () => {
  const hosts = hostsOf(2);
  hosts["h1"] = { ...hosts["h1"], prometheus: false };
  await declare({
    ...internal,
    hosts,
    services: [{ name: "soar-run", port: 9091, unit: "soar-run.service", metrics: {} }],
    logs: { url: "http://loki.example:3100", source: ["journal", "otlp"] },
    traces: { url: "http://tempo.example:4318" },
    push: { port: 4100 },
    prometheus: { url: "http://127.0.0.1:9090" },
  });
  const text = (name: string): string => [...filesOf(name).values()].join("");
  expect(text("soar-h1-logs-config-files")).toMatch(/"host" += "h1"/);
  expect(text("soar-h1-traces-config-files")).toContain(`set(attributes[\\"host\\"], \\"h1\\")`);
  expect(text("soar-h1-traces-config-files")).toContain("service_name,environment,host");
  expect(text("soar-h1-profiles-config-files")).toContain('replacement   = "h1"');
  expect(commandsOf("soar-h1")).not.toContain("prometheus-config-files");
  const jobs = [...filesOf("soar-h0-prometheus-config-files")].filter(([path]) => path.includes("/jobs/"));
  expect(jobs.map(([path]) => path.split("/").at(-1))).toEqual([
    "test-alloy.yml",
    "test-host.yml",
    "test-pyroscope.yml",
    "test-soar-run.yml",
  ]);
  for (const [, job] of jobs) expect(job).toContain("host: h0");
});

test("one that cannot be reached at its end is let go of alone", async () => {
  await declare({ ...internal, hosts: hostsOf(2) });
  const { MESSAGE } = made["soar-h1-reachable"]?.inputs["environment"] as { MESSAGE: string };
  expect(MESSAGE).toMatch(
    /pulumi state delete --target-dependents 'urn:pulumi:test::soar-profiling::\S+\$command:remote:Command::soar-h1-host-setup'/,
  );
});

describe("a host that the state has under another name", () => {
  const at = (host: string, hostKey: string, port = 22): object => ({
    create: "x",
    connection: { host, hostKey, port },
  });
  const named = (...hosts: [string, string, string][]): Promise<object[]> => {
    const all = hosts.map(([name, address, hostKey], i) => [name, { address, hostKey, stores: i === 0 }]);
    const settings = settingsOf({ ...values, services: [], ...internal, hosts: Object.fromEntries(all) });
    return earlierHosts("soar", stack, settings);
  };

  test("is the one at its address, whatever its key, and not one with the same key", async () => {
    left = { "soar-host-setup": at("192.0.2.1", key("B")) };
    expect(await named(["ogn", "192.0.2.2", key("B")], ["web", "192.0.2.1", key("C")])).toEqual([
      { from: "soar", to: "soar-web" },
    ]);
  });

  test("is the one with its key, if one alone has it", async () => {
    left = { "soar-host-setup": at("192.0.2.9", key("B")) };
    expect(await named(["ogn", "192.0.2.2", key("C")], ["web", "192.0.2.1", key("B")])).toEqual([
      { from: "soar", to: "soar-web" },
    ]);
    expect(await named(["ogn", "192.0.2.2", key("B")], ["web", "192.0.2.1", key("B")])).toEqual([]);
  });

  test("may have had another name in hosts, and is no other where it has its own", async () => {
    left = { "soar-a-host-setup": at("192.0.2.1", key("B")), "soar-b-host-setup": at("192.0.2.2", key("C")) };
    expect(await named(["x", "192.0.2.1", key("B")], ["b", "192.0.2.2", key("C")])).toEqual([
      { from: "soar-a", to: "soar-x" },
    ]);
    expect(await named(["b", "192.0.2.1", key("B")])).toEqual([]);
  });

  test("is the one host again", async () => {
    left = { "soar-a-host-setup": at("192.0.2.1", hostKey), "soar-b-host-setup": at("192.0.2.2", key("C")) };
    const host = { address: "192.0.2.1", hostKey };
    expect(await earlierHosts("soar", stack, settingsOf({ ...values, host }))).toEqual([
      { from: "soar-a", to: "soar" },
    ]);
  });

  test("is none at the first up, and where all is as it was", async () => {
    expect(await named(["web", "192.0.2.1", key("B")])).toEqual([]);
    const settings = settingsOf({ ...values, host: { address: "192.0.2.1", hostKey } });
    expect(await earlierHosts("soar", stack, settings)).toEqual([]);
  });
});

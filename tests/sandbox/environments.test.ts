import { readFileSync } from "node:fs";
import * as path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { waitForProfiles } from "../../operations/arrivals";
import { grafanaAuthOf, sshHost, startHost, stopHost } from "../../sandbox/host/host";
import { projectRoot } from "../../sandbox/paths";
import { pyroscopeOn } from "../../sandbox/query";
import type { StackConfig } from "../../sandbox/stack";
import { backendNames } from "../../sandbox/tools/backends";
import { awaitTrace, sendSpan, streamsInLoki } from "./harness/downstream";
import { expectUp, targets } from "./harness/prometheus";
import { TestStack } from "./harness/stack";

interface Service {
  name: string;
}

/** The settings of a stack of this project, as they are, but for the host. */
function settingsOf(stack: string): StackConfig {
  const text = readFileSync(path.join(projectRoot, `Pulumi.${stack}.yaml`), "utf8");
  const { config } = parse(text) as { config: StackConfig };
  const entries = Object.entries(config).map(([key, value]) => [key.replace("soar-profiling:", ""), value]);
  return Object.fromEntries(entries.filter(([key]) => key !== "host")) as StackConfig;
}

const everything =
  "/etc/alloy /etc/default/alloy /etc/prometheus /etc/pyroscope /etc/apt/sources.list.d /etc/apt/keyrings";
const units = ["pyroscope", "alloy", "prometheus"];

describe("production and staging on one host", { timeout: 400_000 }, async () => {
  const host = await startHost("environments", { backends: backendNames, quiet: true });
  afterAll(() => stopHost("environments"), 60_000);
  const auth = await grafanaAuthOf(host);

  /** The stack of a file, on this host: profiles come more often, and Grafana is the host's own. */
  const stackOf = async (name: "prod" | "staging", tunnel: number): Promise<TestStack> => {
    const settings = settingsOf(name);
    const grafana = settings["grafana"] as Record<string, unknown>;
    const services = settings["services"] as Service[];
    const stack = await TestStack.on(
      host,
      {
        ...settings,
        services: services.map((service) => ({ ...service, interval: "10s" })),
        grafana: { ...grafana, url: "http://127.0.0.1:3000", tunnel },
      },
      name,
    );
    stack.configure({}, { grafanaAuth: auth });
    if (name === "staging")
      stack.configure({ repository: undefined, pyroscope: undefined, alloy: undefined });
    return stack;
  };
  const prod = await stackOf("prod", 13_201);
  const staging = await stackOf("staging", 13_202);
  const original = await prod.operator("cat /etc/prometheus/prometheus.yml");
  const pid = await prod.pid("prometheus");

  const query = pyroscopeOn(host);
  const arrive = async (stack: TestStack): Promise<string[]> => {
    await stack.up();
    const findings = await waitForProfiles(query, stack.declared(), 120);
    return findings
      .filter(({ amount }) => amount > 0)
      .map(({ service, environment }) => `${environment} ${service}`);
  };
  /** What an environment has on the host, and the services that it shares. */
  const picture = async (environment: string): Promise<string> => {
    const find = `find ${everything} -type f \\( -name '${environment}-*' -o -path '*pyroscope*' -o -name platform.alloy -o -name destination.alloy \\)`;
    return prod.operator(
      `${find} -printf '%p %T@ %i %m %u:%g\\n' | sort; ${find} -exec sha256sum {} + | sort; systemctl show -p Id -p MainPID -p NRestarts ${units.join(" ")}`,
    );
  };
  const folders = async (): Promise<string[]> => {
    const answer = await prod.operator(`curl -fsS -u '${auth}' http://127.0.0.1:3000/api/folders`);
    return (JSON.parse(answer) as { title: string }[]).map(({ title }) => title).sort();
  };

  test("each has its own profiles, targets, lines, spans and dashboards, with its own name on them", async () => {
    expect(await arrive(prod)).toEqual(
      (settingsOf("prod")["services"] as Service[]).map(({ name }) => `production ${name}`),
    );
    const before = await picture("production");
    expect(await arrive(staging)).toEqual(["staging soar-run-staging", "staging soar-web-staging"]);
    expect(await picture("production")).toBe(before);

    await expectUp(prod, "production", [
      "alloy",
      "host",
      "pyroscope",
      "soar-ingest-adsb",
      "soar-ingest-ogn",
      "soar-run",
      "soar-web",
    ]);
    await expectUp(prod, "staging", ["soar-run-staging", "soar-web-staging"]);
    const ofUnits = (): Promise<string[]> =>
      streamsInLoki(prod).then((streams) => [
        ...new Set(streams.map(({ environment, service_name }) => `${environment} ${service_name}`)),
      ]);
    await expect
      .poll(async () => (await ofUnits()).sort(), { timeout: 90_000, interval: 2000 })
      .toEqual([
        "production soar-ingest-adsb",
        "production soar-ingest-ogn",
        "production soar-run",
        "production soar-web",
        "staging soar-run-staging",
        "staging soar-web-staging",
      ]);
    for (const [port, environment] of [
      [4318, "production"],
      [4328, "staging"],
    ] as const) {
      const trace = await sendSpan(prod, port, { "service.name": "soar-run" });
      expect((await awaitTrace(prod, trace))["deployment.environment"]).toBe(environment);
    }
    expect(await folders()).toEqual(["SOAR profiling (production)", "SOAR profiling (staging)"]);
  });

  test("unchanged, the preview of both is empty, twice", async () => {
    for (const stack of [prod, staging, prod, staging]) {
      expect(Object.keys((await stack.preview()).changes)).toEqual(["same"]);
    }
  });

  test("both are changed at once, without a restart", async () => {
    const fewer = (stack: TestStack): void => {
      stack.configure({ services: (stack.setting("services") as Service[]).slice(0, -1) });
    };
    const pids = await prod.operator(`systemctl show -p MainPID ${units.join(" ")}`);
    fewer(prod);
    fewer(staging);
    const ups = await Promise.all([prod.up(), staging.up()]);
    for (const { changes } of ups) expect(changes["update"]).toBeGreaterThan(0);
    const seen = (await targets(prod)).map(({ labels }) => `${labels["environment"]} ${labels["job"]}`);
    expect(seen.sort()).toEqual([
      "production alloy",
      "production host",
      "production pyroscope",
      "production soar-ingest-ogn",
      "production soar-run",
      "production soar-web",
      "staging soar-run-staging",
    ]);
    expect(await prod.operator(`systemctl show -p MainPID ${units.join(" ")}`)).toBe(pids);
  });

  test("production first: its destroy is refused, names staging, and takes nothing away", async () => {
    const before = (await picture("production")) + (await picture("staging")) + String(await folders());
    const said = await prod.destroyFails();
    expect(said).toContain("environment staging, stack organization/soar-profiling/staging");
    expect((await picture("production")) + (await picture("staging")) + String(await folders())).toBe(before);
  });

  test("staging first: production stays as it is, and all that was staging's is gone", async () => {
    const before = await picture("production");
    await staging.destroy();
    expect(await picture("production")).toBe(before);
    expect(await prod.operator(`find ${everything} -name 'staging*'`)).toBe("");
    expect(await folders()).toEqual(["SOAR profiling (production)"]);
    await expectUp(prod, "production", [
      "alloy",
      "host",
      "pyroscope",
      "soar-ingest-ogn",
      "soar-run",
      "soar-web",
    ]);
  });

  test("and after production's, the host is as it was before, but for the profiles", async () => {
    await prod.destroy();
    expect(await prod.operator("cat /etc/prometheus/prometheus.yml")).toBe(original);
    expect(await prod.pid("prometheus")).toBe(pid);
    expect(await folders()).toEqual([]);
    const { stdout } = await sshHost(
      host,
      "ls -d /etc/alloy /etc/pyroscope /etc/prometheus/jobs /etc/prometheus/rules /usr/local/lib/soar-profiling /var/lib/soar-profiling 2>/dev/null; ls -d /var/lib/pyroscope",
    );
    expect(stdout).toBe("/var/lib/pyroscope\n");
  });
});

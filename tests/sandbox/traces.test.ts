import { afterAll, describe, expect, test } from "vitest";
import { startHost, stopHost } from "../../sandbox/host/host";
import { backendNames } from "../../sandbox/tools/backends";
import {
  awaitLine,
  awaitTrace,
  probe,
  sendSpan,
  streamsInLoki,
  tracesInTempo,
  writeJournal,
} from "./harness/downstream";
import { occupyPort } from "./harness/faults";
import { TestStack } from "./harness/stack";

const tempo = "http://127.0.0.1:4320";
const loki = "http://127.0.0.1:3100";
const prodFiles = ["/etc/alloy/conf.d/prod-traces.alloy", "/etc/alloy/conf.d/prod-logs.alloy"];
const stagingFiles = ["/etc/alloy/conf.d/staging-traces.alloy", "/etc/alloy/conf.d/staging-logs.alloy"];

describe("traces to a real Tempo, of two environments on one host", { timeout: 300_000 }, async () => {
  const host = await startHost("traces", { backends: backendNames, quiet: true });
  afterAll(() => stopHost("traces"), 60_000);
  const prod = await TestStack.on(host, { environment: "prod" }, "prod");
  const staging = await TestStack.on(host, { environment: "staging" }, "staging");
  const all = prod.setting("services") as { name: string }[];
  const named = (...names: string[]): object[] => all.filter(({ name }) => names.includes(name));
  prod.configure({ services: named("soar-run"), traces: { url: tempo }, logs: { url: loki } });
  staging.configure({
    platform: { stack: "organization/soar-profiling/prod" },
    repository: undefined,
    pyroscope: undefined,
    alloy: undefined,
    services: [...named("soar-run-staging"), probe],
  });
  const picture = (files: string[]): Promise<string> => prod.fingerprint(files, ["alloy"]);

  test("a port that something else has is refused before anything is changed, and named", async () => {
    const leave = await occupyPort(prod, "127.0.0.1", 4318);
    const said = await prod.upFails();
    expect(said).toMatch(
      /port 4318 on 127\.0\.0\.1, which Alloy \(OTLP\/HTTP\) needs, is held by perl \(pid \d+, squatter-4318\.service\): stop it, or set traces\.httpPort/,
    );
    expect(await prod.status("ls -d /etc/alloy /usr/local/lib/soar-profiling")).toBe(2);
    await leave();
  });

  test("spans of soar-run are in Tempo with its name and the environment", async () => {
    await prod.up();
    // Tempo's search takes a value for a part of one, so others are found as well.
    const found = async (): Promise<Record<string, string | undefined>[]> => {
      const traces = await tracesInTempo(prod, "service.name", "soar-run");
      return Promise.all(traces.map((trace) => awaitTrace(prod, trace)));
    };
    const ofSoarRun = {
      "service.name": "soar-run",
      "soar.service": "soar-run",
      "deployment.environment": "prod",
    };
    await expect
      .poll(found, { timeout: 90_000, interval: 1000 })
      .toContainEqual(expect.objectContaining(ofSoarRun));
  });

  test("an environment that a span brings is kept", async () => {
    const trace = await sendSpan(prod, 4318, { "service.name": "own", "deployment.environment": "canary" });
    expect(await awaitTrace(prod, trace)).toEqual({
      "service.name": "own",
      "soar.service": "own",
      "deployment.environment": "canary",
    });
  });

  test("OTLP over gRPC is taken too, and both ports are on loopback only", async () => {
    const alloy = prod.setting("alloy") as object;
    const bridge = `otelcol.receiver.otlp "bridge" {
  http { endpoint = "127.0.0.1:4518" }
  output { traces = [otelcol.exporter.otlp.bridge.input] }
}
otelcol.exporter.otlp "bridge" {
  client {
    endpoint = "127.0.0.1:4317"
    tls { insecure = true }
  }
}
`;
    prod.configure({ alloy: { ...alloy, fragments: { bridge } } });
    await prod.up();
    const trace = await sendSpan(prod, 4518, { "service.name": "over-grpc" });
    expect(await awaitTrace(prod, trace)).toMatchObject({ "deployment.environment": "prod" });
    prod.configure({ alloy });
    await prod.up();
    const listeners = await prod.operator(
      `ss -Hltn | awk '{ print $4 }' | grep -E ':(4317|4318|4518)$' | sort`,
    );
    expect(listeners).toBe("127.0.0.1:4317\n127.0.0.1:4318\n");
  });

  test("a second `up` does nothing", async () => {
    const before = await picture(prodFiles);
    expect(Object.keys((await prod.up()).changes)).toEqual(["same"]);
    expect(await picture(prodFiles)).toBe(before);
  });

  test("while Tempo is stopped an `up` succeeds, and what came meanwhile arrives when it is back", async () => {
    await prod.operator("systemctl stop tempo");
    const trace = await sendSpan(prod, 4318, { "service.name": "meanwhile" });
    prod.configure({ services: named("soar-run", "soar-web") });
    expect((await prod.up()).changes["update"]).toBeGreaterThan(0);
    await prod.operator("systemctl start tempo");
    expect(await awaitTrace(prod, trace, 120)).toMatchObject({ "service.name": "meanwhile" });
  });

  test("ports of the platform's owner are refused at preview, with the owner's name", async () => {
    staging.configure({ traces: { url: tempo, grpcPort: 4417, httpPort: 12345 } });
    const before = await picture(prodFiles);
    const preview = await staging.preview().then(
      () => "it passed",
      (error: unknown) => String(error),
    );
    expect(preview).toContain(
      "- traces.httpPort: 12345 is Alloy's HTTP server (alloy.httpPort) of the stack organization/soar-profiling/prod, " +
        "on the same host: set another port",
    );
    staging.configure({ traces: { url: tempo } });
    const said = await staging.upFails();
    for (const [setting, port] of Object.entries({ grpcPort: 4317, httpPort: 4318 }))
      expect(said).toContain(`- traces.${setting}: ${port} is the port for OTLP/`);
    expect(await picture(prodFiles)).toBe(before);
    expect(await prod.status(`ls ${stagingFiles.join(" ")}`)).toBe(2);
  });

  test("each environment has its own spans and lines, with its own name, and leaves the other's files alone", async () => {
    const before = await picture(prodFiles);
    staging.configure({ traces: { url: tempo, grpcPort: 4417, httpPort: 4418 }, logs: { url: loki } });
    await staging.up();
    expect(await picture(prodFiles)).toBe(before);
    const traces = await Promise.all(
      [4318, 4418].map((port) => sendSpan(prod, port, { "service.name": "both" })),
    );
    const environments = await Promise.all(traces.map((trace) => awaitTrace(prod, trace)));
    expect(environments.map((attributes) => attributes["deployment.environment"])).toEqual([
      "prod",
      "staging",
    ]);

    await writeJournal(prod, probe.unit, "of staging");
    await awaitLine(prod, `{service_name="probe"}`, "of staging");
    const streams = await streamsInLoki(prod);
    const pairs = streams.map(({ environment, service_name }) => `${environment} ${service_name}`);
    expect([...new Set(pairs)].sort()).toEqual([
      "prod soar-run",
      "prod soar-web",
      "staging probe",
      "staging soar-run-staging",
    ]);
  });

  test("a port that the other environment takes later is refused on the host, and the old one is back", async () => {
    const pid = await prod.pid("alloy");
    prod.configure({ traces: { url: tempo, grpcPort: 4317, httpPort: 4418 } });
    const said = await prod.upFails();
    expect(said).toContain("listen tcp 127.0.0.1:4418: bind: address already in use");
    expect(said).toContain("the old files are back and alloy.service runs on them");
    expect(await prod.pid("alloy")).toBe(pid);
    const trace = await sendSpan(prod, 4318, { "service.name": "still" });
    expect(await awaitTrace(prod, trace)).toMatchObject({ "deployment.environment": "prod" });
    prod.configure({ traces: { url: tempo } });
    await prod.up();
  });

  test("without them in the settings, and after a destroy, nothing of them is left", async () => {
    const texts = (): Promise<string> => prod.operator(`sha256sum ${stagingFiles.join(" ")}`);
    const before = await texts();
    prod.configure({ traces: undefined, logs: undefined });
    const { text } = await prod.up();
    // Alloy before 1.12 may hang when a journal ends while a line comes in, and is then restarted.
    for (const id of ["traces", "logs"])
      expect(text).toMatch(
        new RegExp(
          `${id}: its files are gone, alloy\\.service (reloaded|restarted, because it did not answer to a reload)\n`,
        ),
      );
    expect(await texts()).toBe(before);
    await staging.destroy();
    expect(await prod.operator("ls /etc/alloy/conf.d")).toBe(
      "destination.alloy\nplatform.alloy\nprod-profiles.alloy\n",
    );
    expect(
      await prod.operator("ss -Hltn '( sport = 4317 or sport = 4318 or sport = 4417 or sport = 4418 )'"),
    ).toBe("");
    await prod.destroy();
    expect(await prod.status("ls -d /etc/alloy/conf.d /etc/alloy/secrets")).toBe(2);
  });
});

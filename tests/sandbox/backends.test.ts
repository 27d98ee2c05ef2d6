import { afterAll, describe, expect, test } from "vitest";
import { asRoot, grafanaAuthOf, startHost, stopHost } from "../../sandbox/host/host";
import { backendNames } from "../../sandbox/tools/backends";

const traceId = "5b8efff798038103d269b633813fc60c";

/** One span as OTLP in JSON, with the field names of the protocol's age that Tempo 1.5 has. */
function spanOf(service: string, name: string): string {
  const nanoseconds = `${Date.now()}000000`;
  const span = { traceId, spanId: "eee19b7ec3c1b174", name, kind: 1 };
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
        instrumentationLibrarySpans: [
          { spans: [{ ...span, startTimeUnixNano: nanoseconds, endTimeUnixNano: nanoseconds }] },
        ],
      },
    ],
  });
}

describe("a host with backends", async () => {
  await stopHost("backends");
  const host = await startHost("backends", { backends: backendNames, quiet: true });
  afterAll(() => stopHost("backends"), 60_000);

  const onHost = async (command: string, input?: string): Promise<string> => {
    return (await asRoot(host, command, input === undefined ? {} : { input })).trim();
  };
  const untilReady = (url: string): Promise<string> =>
    onHost(`curl -sSf --retry 60 --retry-delay 1 --retry-all-errors --max-time 90 ${url} 2>/dev/null`);

  test("has the packages, and their services run and start at boot", async () => {
    expect(await onHost("dpkg-query -W -f '${Package} ${Version} ${Status}\\n' loki tempo grafana")).toBe(
      [
        "grafana 10.0.0-1 install ok installed",
        "loki 3.7.8-1 install ok installed",
        "tempo 1.5.0-1 install ok installed",
      ].join("\n"),
    );
    const units = "loki tempo grafana-server";
    expect(await onHost(`systemctl is-active ${units}; systemctl is-enabled ${units}`)).toBe(
      ["active", "active", "active", "enabled", "enabled", "enabled"].join("\n"),
    );
    expect(await onHost("systemctl is-system-running; dpkg --verify loki tempo grafana")).toBe("running");
    expect(
      await onHost(
        "cd /usr/share/doc; grep -l 'Not an official package' {loki,tempo,grafana}/README.sandbox",
      ),
    ).toBe("loki/README.sandbox\ntempo/README.sandbox\ngrafana/README.sandbox");
  });

  test("each runs as a user of its own, on loopback only, at its ports", async () => {
    await untilReady("http://127.0.0.1:3100/ready");
    await untilReady("http://127.0.0.1:3200/ready");
    await untilReady("http://127.0.0.1:3000/api/health");
    const listeners = await onHost(
      "ss -Hltnp | grep -E '\"(loki|tempo|grafana)\"' | awk '{print $4}' | sort",
    );
    expect(listeners.split("\n")).toEqual([
      "127.0.0.1:3000",
      "127.0.0.1:3100",
      "127.0.0.1:3200",
      "127.0.0.1:4320",
      "127.0.0.1:9096",
      "127.0.0.1:9098",
    ]);
    expect(await onHost("ss -Hlunp | grep -cE '\"(loki|tempo|grafana)\"' || :")).toBe("0");
    expect(await onHost("ps -o user= -C loki,tempo,grafana | sort")).toBe("grafana\nloki\ntempo");
  });

  test("Loki takes a line and gives it back", async () => {
    const line = {
      stream: { service_name: "soar-run" },
      values: [[`${Date.now()}000000`, "a line of the test"]],
    };
    await onHost(
      "curl -sSf -H 'Content-Type: application/json' --data-binary @- http://127.0.0.1:3100/loki/api/v1/push",
      JSON.stringify({ streams: [line] }),
    );
    const query = `curl -sSfG http://127.0.0.1:3100/loki/api/v1/query_range --data-urlencode 'query={service_name="soar-run"}'`;
    await expect
      .poll(() => onHost(query), { timeout: 20_000, interval: 500 })
      .toContain("a line of the test");
  });

  test("Tempo takes a span and gives it back, by its id and by its service", async () => {
    await onHost(
      "curl -sSf -H 'Content-Type: application/json' --data-binary @- http://127.0.0.1:4320/v1/traces",
      spanOf("soar-test", "match flight"),
    );
    const trace = await onHost(`curl -sSf http://127.0.0.1:3200/api/traces/${traceId}`);
    expect(trace).toContain('"name":"match flight"');
    expect(trace).toContain('"stringValue":"soar-test"');
    const search = "curl -sSfG http://127.0.0.1:3200/api/search --data-urlencode tags=service.name=soar-test";
    await expect.poll(() => onHost(search), { timeout: 20_000, interval: 500 }).toContain(traceId);
  });

  test("Tempo has the spans of a service, and the trace that its log line names", async () => {
    const service = "/usr/local/bin/soar-service --name soar-spans --port 9999";
    const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4320";
    await onHost(
      `systemd-run --quiet --unit=soar-spans --setenv=${endpoint} --property=DynamicUser=yes ${service}`,
    );
    const logged = async (): Promise<string> =>
      /packets received.* trace_id=(\w+)$/m.exec(await onHost("journalctl -u soar-spans -o cat"))?.[1] ?? "";
    await expect.poll(logged, { timeout: 30_000, interval: 1_000 }).toMatch(/^[0-9a-f]{32}$/);
    const id = await logged();
    const trace = (): Promise<string> => onHost(`curl -s http://127.0.0.1:3200/api/traces/${id}`);
    await expect.poll(trace, { timeout: 20_000, interval: 1_000 }).toContain('"name":"receive packet"');
    expect(await trace()).toContain('"name":"match flight"');
    expect(await trace()).toContain('{"key":"service.name","value":{"stringValue":"soar-spans"}}');
    await onHost("systemctl stop soar-spans");
  });

  test("Grafana answers to its administrator, and to nobody else", async () => {
    expect(JSON.parse(await onHost("curl -sSf http://127.0.0.1:3000/api/health"))).toMatchObject({
      database: "ok",
      version: "10.0.0",
    });
    const ask = (auth: string): Promise<string> =>
      onHost("curl -s -o /dev/null -w '%{http_code}' -K - http://127.0.0.1:3000/api/datasources", auth);
    expect(await ask(`user = "${await grafanaAuthOf(host)}"`)).toBe("200");
    expect(await ask('user = "admin:admin"')).toBe("401");
    expect(await ask("")).toBe("401");
  });

  test("all is there again after a restart of the services", async () => {
    await onHost("systemctl restart loki tempo grafana-server");
    await untilReady("http://127.0.0.1:3200/ready");
    await expect
      .poll(() => onHost(`curl -s http://127.0.0.1:3200/api/traces/${traceId}`), { timeout: 30_000 })
      .toContain("match flight");
  });
});

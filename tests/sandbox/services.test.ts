import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sshHost, startHost, stopHost, type SandboxHost } from "../../sandbox/host/host";
import { services } from "../../sandbox/services/list";

describe("the services to profile", () => {
  let host: SandboxHost;

  const onHost = async (command: string): Promise<string> => {
    const { code, stdout, stderr } = await sshHost(host, command);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    return stdout;
  };

  const download = async (port: number, path: string): Promise<Buffer> => {
    const url = `http://127.0.0.1:${port}/debug/pprof/${path}`;
    return Buffer.from(await onHost(`curl -sSf '${url}' | base64`), "base64");
  };

  const portOf = (name: string): number => services.find((service) => service.name === name)?.port ?? 0;

  beforeAll(async () => {
    host = await startHost("services");
    const ports = services.map(({ port }) => port).join(" ");
    await onHost(`for port in ${ports}; do
      curl -sSf -o /dev/null --retry 20 --retry-delay 1 --retry-connrefused http://127.0.0.1:$port/metrics || exit
    done`);
  });

  afterAll(() => stopHost("services"));

  test("all run, on loopback only", async () => {
    const listeners = await onHost("ss -Hltnp | grep soar-service | awk '{print $4}' | sort");
    expect(listeners.trim().split("\n")).toEqual(services.map(({ port }) => `127.0.0.1:${port}`).sort());
  });

  test("a CPU profile takes the seconds asked for and names the functions", async () => {
    const start = Date.now();
    const profile = await download(portOf("soar-run"), "profile?seconds=10");
    expect(Date.now() - start).toBeGreaterThanOrEqual(10_000);
    expect(profile.includes("soar_service::workload::aprs::parse_aprs_packet")).toBe(true);
    expect(profile.includes("soar_service::workload::flights::FlightTable::match_flight")).toBe(true);
  });

  test("a second CPU profile at the same time is refused", async () => {
    const url = `http://127.0.0.1:${portOf("soar-web")}/debug/pprof/profile`;
    const codes = await onHost(
      `curl -s -o /dev/null '${url}?seconds=3' & sleep 1; curl -s -o /dev/null -w '%{http_code}' '${url}?seconds=1'; wait`,
    );
    expect(codes).toBe("503");
  });

  test("a heap profile names the functions, and is served only where it is declared", async () => {
    for (const { port, profiles } of services) {
      const url = `http://127.0.0.1:${port}/debug/pprof/heap`;
      const code = await onHost(`curl -s -o /dev/null -w '%{http_code}' ${url}`);
      expect(code).toBe(profiles.includes("heap") ? "200" : "404");
    }
    const heap = gunzipSync(await download(portOf("soar-run"), "heap"));
    expect(heap.includes("soar_service::workload::receiver::record_packets")).toBe(true);
  });

  test("log lines reach the journal with their level", async () => {
    const levels = async (): Promise<string[]> =>
      (await onHost("journalctl -u soar-run -o json")).match(/(?<="PRIORITY":")\d/g) ?? [];
    // The services report every ten seconds.
    const expected: unknown = expect.arrayContaining(["4", "6", "7"]);
    await expect.poll(levels, { timeout: 30_000, interval: 1_000 }).toEqual(expected);
  });

  test("log lines name a trace, and that nobody takes the spans is not worth a line", async () => {
    const lines = await onHost("journalctl -u soar-run -o cat");
    expect(lines).toMatch(/^\d+ packets received, \d+ flights in the air trace_id=[0-9a-f]{32}$/m);
    expect(lines).toMatch(/^\d+ packets refused, one of them: no valid .+ trace_id=[0-9a-f]{32}$/m);
    expect(lines.split("\n").filter((line) => /span|export|otlp|4318|error/i.test(line))).toEqual([]);
    // No attempt stays open.
    expect(await onHost("ss -Htan state all '( dport = :4318 )' | grep -vc TIME-WAIT || :")).toBe("0\n");
  });
});

import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeProfile } from "../../operations/verify/decode";
import { sshHost, startHost, stopHost, type SandboxHost } from "../../sandbox/host/host";
import { services } from "../../sandbox/services/list";
import { executable } from "../../sandbox/services/units";

describe("the services to profile", () => {
  let host: SandboxHost;

  const onHost = async (command: string): Promise<string> => {
    const { code, stdout, stderr } = await sshHost(host, command, { shared: true });
    expect(stderr).toBe("");
    expect(code).toBe(0);
    return stdout;
  };

  const download = async (port: number, path: string): Promise<Buffer> => {
    const url = `http://127.0.0.1:${port}/debug/pprof/${path}`;
    return Buffer.from(await onHost(`curl -sSf '${url}' | base64`), "base64");
  };

  const portOf = (name: string): number => services.find((service) => service.name === name)?.port ?? 0;

  const awaitPorts = (...ports: number[]): Promise<string> =>
    onHost(`for port in ${ports.join(" ")}; do
      # Not \`-S\`: curl would tell of each attempt that is refused.
      curl -sf -o /dev/null --retry 20 --retry-delay 1 --retry-connrefused http://127.0.0.1:$port/metrics || exit
    done`);

  beforeAll(async () => {
    host = await startHost("services");
    await awaitPorts(...services.map(({ port }) => port));
  });

  afterAll(() => stopHost("services"));

  test("all run, on loopback only", async () => {
    const listeners = await onHost("ss -Hltnp | grep soar-service | awk '{print $4}' | sort");
    expect(listeners.trim().split("\n")).toEqual(services.map(({ port }) => `127.0.0.1:${port}`).sort());
  });

  test("a CPU profile takes the seconds asked for and names the functions", async () => {
    let missing = ["aprs::parse_aprs_packet", "flights::FlightTable::match_flight"];
    // On a machine that has little time for it, one profile may have too few samples.
    for (let attempt = 0; attempt < 4 && missing.length > 0; attempt++) {
      const start = Date.now();
      const profile = await download(portOf("soar-run"), "profile?seconds=10");
      expect(Date.now() - start).toBeGreaterThanOrEqual(10_000);
      missing = missing.filter((name) => !profile.includes(`soar_service::workload::${name}`));
    }
    expect(missing).toEqual([]);
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

  describe("with all that makes profiles hard", () => {
    const port = 9999;
    const fault = (kind: string): Promise<string> =>
      onHost(`curl -sSf -X POST 'http://127.0.0.1:${port}/fault?kind=${kind}'`);

    beforeAll(async () => {
      const options = "--cap 3 --work 50 --tracing --address 0.0.0.0";
      const unit = "systemd-run --quiet --collect --unit=soar-hard";
      await onHost(`${unit} ${executable} --name soar-hard --port ${port} ${options}`);
      await awaitPorts(port);
    });

    test("caps the seconds, has workers of one name beside named threads, and each works in a function of its name", async () => {
      const start = Date.now();
      const { types, samples } = decodeProfile(await download(port, "profile?seconds=10"));
      expect(Date.now() - start).toBeLessThan(9_000);
      expect(types).toEqual(["samples/count", "cpu/nanoseconds"]);
      const threads = new Set(samples.map(({ labels }) => labels["thread"]));
      const names = ["archiver", "elevation", "flight-tracker", "soar-worker"];
      expect([...threads]).toEqual(expect.arrayContaining(names));
      const strangers = samples.filter(({ labels: { thread = "" }, functions }) => {
        const job = functions.find((name) => /^soar_service::threads::[a-z_]+er$|::elevation$/.test(name));
        return job !== undefined && !job.endsWith(`::${thread.replace("-", "_")}`);
      });
      expect(strangers).toEqual([]);
    });

    test("writes the lines of `tracing`, with colours and all of one priority", async () => {
      const lines = (): Promise<string> => onHost("journalctl -u soar-hard -o cat");
      // The colours of the time, of the level and of the module.

      const warning =
        /^\x1b\[2m\S+Z\x1b\[0m \x1b\[33m WARN\x1b\[0m \x1b\[2msoar_service::\S+ \d+ packets refused/m;
      await expect.poll(lines, { timeout: 30_000, interval: 1_000 }).toMatch(warning);
      const entries = await onHost("journalctl -o json _SYSTEMD_UNIT=soar-hard.service");
      expect(new Set(entries.match(/(?<="PRIORITY":")\d/g))).toEqual(new Set(["6"]));
    });

    test.each([
      ["no-content-type", "200 "],
      ["html", "200 text/html; charset=utf-8"],
      ["svg", "200 image/svg+xml"],
      ["not-found", "404 "],
      ["busy", "503 text/plain; charset=utf-8"],
      ["garbage", "200 application/octet-stream"],
      ["hasty", "200 application/octet-stream"],
      ["none", "200 application/octet-stream"],
    ])("answers with the fault %s: %s", async (kind, expected) => {
      await fault(kind);
      const write = "-s -o /dev/null -w '%{http_code} %{content_type}'";
      expect(await onHost(`curl ${write} 'http://127.0.0.1:${port}/debug/pprof/profile?seconds=1'`)).toBe(
        expected,
      );
    });

    test("can be silent while its metrics go on, and is switched from the host only", async () => {
      await fault("silent");
      const silent = `curl -s --max-time 1 http://127.0.0.1:${port}/debug/pprof/heap || echo $?`;
      expect(await onHost(`${silent}; curl -sf http://127.0.0.1:${port}/metrics | wc -l`)).toBe("28\n21\n");
      const outside = `http://$(hostname -I | cut -d ' ' -f 1):${port}/fault?kind=none`;
      expect(await onHost(`curl -s -o /dev/null -w '%{http_code}' -X POST "${outside}"`)).toBe("403");
    });

    test("makes profiles of 3 and 5 MiB, without names, and with a label for each sample", async () => {
      const asked = async (kind: string): Promise<Buffer> => {
        await fault(kind);
        return download(port, "profile?seconds=1");
      };
      const large = await asked("large");
      expect(large.length / 2 ** 20).toBeCloseTo(3, 1);
      expect(decodeProfile(large).samples.length).toBeLessThan(16_000);
      expect((await asked("oversize")).length / 2 ** 20).toBeCloseTo(5, 1);
      const nameless = decodeProfile(await asked("no-symbols")).samples;
      expect(new Set(nameless.flatMap(({ functions }) => functions))).toEqual(new Set([""]));
      const labelled = decodeProfile(await asked("many-labels")).samples;
      expect(new Set(labelled.map(({ labels }) => labels["request_id"])).size).toBe(labelled.length);
    });

    test("serves CPU data as heap", async () => {
      await fault("cpu-as-heap");
      const { types } = decodeProfile(await download(port, "heap"));
      expect(types).toEqual(["samples/count", "cpu/nanoseconds"]);
    });
  });
});

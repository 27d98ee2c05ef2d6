import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Function, Label, Line, Location, Profile, Sample, StringTable, ValueType } from "pprof-format";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDuration } from "../../config/units";
import { renderPyroscope } from "../../render/pyroscope";
import { ensurePyroscope } from "../../sandbox/tools/toolchain";
import { freePort } from "../../sandbox/free-port";

/** CPU samples over as many threads, each with a stack of its own that is `depth` deep. */
function profile(count: number, depth: number, threads: number): Buffer {
  const strings = new StringTable();
  const text = (value: string): number => strings.dedup(value);
  const type = (name: string, unit: string): ValueType =>
    new ValueType({ type: text(name), unit: text(unit) });
  const ids = Array.from({ length: 256 }, (_, i) => i + 1);
  return Buffer.from(
    new Profile({
      sampleType: [type("samples", "count"), type("cpu", "nanoseconds")],
      function: ids.map((id) => new Function({ id, name: text(`soar::f${id}`) })),
      location: ids.map((id) => new Location({ id, line: [new Line({ functionId: id, line: 1 })] })),
      sample: Array.from({ length: count }, (_, i) => {
        const own = [(i % 256) + 1, (Math.floor(i / 256) % 256) + 1];
        return new Sample({
          locationId: [...own, ...Array<number>(depth).fill(7)],
          value: [1, 1_000],
          label: [new Label({ key: text("thread"), str: text(`worker-${i % threads}`) })],
        });
      }),
      stringTable: strings,
      timeNanos: BigInt(Date.now()) * 1_000_000n,
      periodType: type("cpu", "nanoseconds"),
      period: 1_000,
    }).encode(),
  );
}

describe("Pyroscope with our configuration", () => {
  let directory: string;
  let url: string;
  let end: () => Promise<void>;

  beforeAll(async () => {
    const program = (await ensurePyroscope()).path;
    directory = await mkdtemp(path.join(tmpdir(), "soar-limits-"));
    const [httpPort, grpcPort] = [await freePort(), await freePort()];
    url = `http://127.0.0.1:${httpPort}`;
    const config = path.join(directory, "config.yml");
    const args = { version: "1.21.1-1", httpPort, grpcPort, raftPort: 0, retention: parseDuration("30d") };
    await writeFile(config, renderPyroscope({ ...args, dataDirectory: path.join(directory, "data") }));
    const child = spawn(program, ["-config.file", config], { stdio: "ignore", cwd: directory });
    const ended = once(child, "exit");
    end = async () => {
      child.kill("SIGKILL");
      await ended;
    };
    for (let attempt = 0; !(await isReady()); attempt++) {
      if (attempt === 300) throw new Error("Pyroscope is not ready after a minute");
      await sleep(200);
    }
  }, 3_600_000);

  afterAll(async () => {
    await end();
    await rm(directory, { recursive: true, force: true });
  });

  const isReady = (): Promise<boolean> =>
    fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  const post = (method: string, body: object): Promise<Response> =>
    fetch(`${url}/${method}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  /** As Alloy pushes it, with these labels beside those that are always there. */
  const push = async (bytes: Buffer, name: string, labels: Record<string, string> = {}): Promise<string> => {
    const all = {
      __name__: "process_cpu",
      service_name: name,
      environment: "test",
      job: name,
      instance: "x",
      ...labels,
    };
    const series = {
      labels: Object.entries(all).map(([key, value]) => ({ name: key, value })),
      samples: [{ rawProfile: bytes.toString("base64") }],
    };
    const answer = await post("push.v1.PusherService/Push", { series: [series] });
    return `${answer.status} ${await answer.text()}`;
  };
  const range = { start: Date.now() - 600_000, end: Date.now() + 600_000 };
  const total = async (name: string): Promise<number> => {
    const answer = await post("querier.v1.QuerierService/SelectMergeStacktraces", {
      profileTypeID: "process_cpu:samples:count:cpu:nanoseconds",
      labelSelector: `{service_name="${name}"}`,
      ...range,
    });
    const { flamegraph } = (await answer.json()) as { flamegraph?: { total?: string } };
    return Number(flamegraph?.total ?? 0);
  };

  test("keeps every sample of every thread", async () => {
    expect(await push(profile(100, 3, 3), "threads")).toBe("200 {}");
    await expect.poll(() => total("threads"), { timeout: 20_000 }).toBe(100);
  });

  test("takes several profiles at once that are nearly as large as max_profile_size_bytes", async () => {
    const large = profile(40_000, 84, 3);
    expect(large.length).toBeGreaterThan(4_100_000);
    expect(large.length).toBeLessThan(4 * 1_024 * 1_024);
    const names = ["large-1", "large-2", "large-3"];
    expect(await Promise.all(names.map((name) => push(large, name)))).toEqual(names.map(() => "200 {}"));
    for (const name of names) await expect.poll(() => total(name), { timeout: 20_000 }).toBe(40_000);
  }, 60_000);

  test("stores neither the thread nor what Alloy says of itself, and takes as many labels as are let in for a service", async () => {
    const alloy = {
      "otel.scope.name": "com.grafana.alloy/pyroscope.scrape",
      "otel.scope.version": "v1.18.1",
    };
    const labels = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`label_${i}`, "x"]));
    expect(await push(profile(100, 3, 3), "labels", { ...labels(25), ...alloy })).toBe("200 {}");
    await expect.poll(() => total("labels"), { timeout: 20_000 }).toBe(100);
    const matchers = [`{service_name="labels"}`];
    const answer = await post("querier.v1.QuerierService/LabelNames", { matchers, ...range });
    const { names } = (await answer.json()) as { names: string[] };
    expect(names.filter((name) => !/^(label_\d+|__.*__)$/.test(name)).sort()).toEqual([
      "environment",
      "instance",
      "job",
      "service_name",
    ]);
    // A test of the test: one more is too many.
    expect(await push(profile(100, 3, 3), "labels", labels(26))).toMatch(/^400 .*31 label names; limit 30/);
  });
});

import { describe, expect, test } from "vitest";
import { smallProbe } from "../../operations/verify/probe-profile";
import { sshHost } from "../../sandbox/host/host";
import { filesWith, journal, localFilesWith, sampleCommandLines } from "./harness/leaks";
import { startStorage } from "./harness/object-storage";
import { recordPushes } from "./harness/pushes";
import { TestStack } from "./harness/stack";

const sentinel = "s3ntinelKey";
/** With all that YAML, systemd, curl or a shell may take for its own. */
const secretKey = `${sentinel}'"$\\u0024{x}#`;
const pyroscope = "http://127.0.0.1:4040";
const data = "/var/lib/pyroscope";
/** Of each profile that is pushed, in nanoseconds of CPU time. */
const amount = 1_010_101_000;

describe("Pyroscope with a bucket", async () => {
  const stack = await TestStack.create("object-storage");
  const storage = await startStorage(stack.host.gateway, 4120, secretKey);
  const { url: endpoint, bucket, region, accessKeyId } = storage;
  const onDisk = stack.setting("pyroscope") as object;
  const s3 = { endpoint, bucket, region, prefix: "soar/test", accessKeyId };
  const endSampling = await sampleCommandLines(stack);

  const post = async (path: string, body: object): Promise<string> => {
    const curl = `curl -sSf --max-time 20 -H 'Content-Type: application/json' --data-binary @- ${pyroscope}${path}`;
    const { code, stdout, stderr } = await sshHost(stack.host, curl, {
      input: JSON.stringify(body),
      shared: true,
    });
    if (code !== 0) throw new Error(`${path}: ${stdout}${stderr}`);
    return stdout;
  };
  const push = async (service: string, count: number): Promise<void> => {
    for (let number = 0; number < count; number++) {
      const labels = { __name__: "process_cpu", __delta__: "false", service_name: service };
      const pairs = Object.entries(labels).map(([name, value]) => ({ name, value }));
      const rawProfile = smallProbe("cpu", Date.now()).gzipped.toString("base64");
      await post("/push.v1.PusherService/Push", { series: [{ labels: pairs, samples: [{ rawProfile }] }] });
    }
  };
  /** How many of the profiles that were pushed Pyroscope answers with; none is undefined. */
  const stored = async (service: string): Promise<number | undefined> => {
    const range = { start: Date.now() - 3_600_000, end: Date.now() + 60_000 };
    const profileTypeID = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";
    const query = { profileTypeID, labelSelector: `{service_name="${service}"}`, maxNodes: 16, ...range };
    const answer = await post("/querier.v1.QuerierService/SelectMergeStacktraces", query);
    const { flamegraph } = JSON.parse(answer) as { flamegraph?: { total?: string } };
    return flamegraph?.total === undefined ? undefined : Number(flamegraph.total) / amount;
  };
  const untilReady = (): Promise<string> =>
    stack.operator(
      `curl -sSf -o /dev/null --retry 90 --retry-delay 1 --retry-all-errors --max-time 100 ${pyroscope}/ready 2>/dev/null`,
    );
  const restart = async (between = ":"): Promise<void> => {
    await stack.operator(`systemctl stop pyroscope && ${between} && systemctl start pyroscope`);
    await untilReady();
  };
  /** What is in the bucket is listed each minute, and the list is read each minute. */
  const found = async (service: string, count: number): Promise<void> => {
    await expect.poll(() => stored(service), { timeout: 150_000, interval: 1_000 }).toBe(count);
  };
  /** As on a host that was set up anew. */
  const onEmptyDisk = (): Promise<void> => restart(`find ${data} -mindepth 1 -delete`);

  test("a wrong key and a bucket that is not there are told before anything is changed", async () => {
    await stack.up();
    await push("before", 3);
    const files = ["/etc/pyroscope/config.yml", "/usr/local/lib/soar-profiling/sandbox/lib.sh"];
    const untouched = await stack.fingerprint(files, ["pyroscope.service", "alloy.service"]);
    stack.configure(
      { pyroscope: { ...onDisk, storage: { s3: { ...s3, bucket: "nowhere" } } } },
      { s3SecretKey: secretKey },
    );
    expect(await stack.upFails()).toContain(
      `pyroscope.storage.s3: there is no bucket nowhere at ${endpoint}: make it, or correct pyroscope.storage.s3.bucket`,
    );
    stack.configure({ pyroscope: { ...onDisk, storage: { s3 } } }, { s3SecretKey: `${secretKey}x` });
    const said = await stack.upFails();
    expect(said).toContain("This host is not ready; nothing was changed:");
    expect(said).toContain(
      `pyroscope.storage.s3: ${endpoint} says that the secret key is not that of the access key ID: correct the secret s3SecretKey`,
    );
    expect(said).not.toContain(sentinel);
    expect(await stack.fingerprint(files, ["pyroscope.service", "alloy.service"])).toBe(untouched);
  });

  test("profiles that are on the disk stay there when a bucket is set, which is told", async () => {
    // It is written to the disk at the end only.
    await restart();
    stack.configure({}, { s3SecretKey: secretKey });
    const { text } = await stack.up();
    expect(text).toContain(`note: ${data}/shared has profiles from before the bucket (blocks: 1, 1 MiB)`);
    expect(await stored("before")).toBe(3);
    expect((await stack.up()).changes["update"]).toBeUndefined();
  });

  test("and can be copied into the bucket, as often as one likes", async () => {
    const copy = "/usr/local/lib/soar-profiling/sandbox/pyroscope-to-bucket";
    expect(await stack.operator(copy)).toMatch(/^copied [12] \(0\.\d MiB\), 0 were there already: /m);
    expect(await stack.operator(copy)).toMatch(/^copied 0 \(0\.0 MiB\), [12] were there already: /m);
  });

  test("nothing counts twice that is in the bucket and on the disk", async () => {
    await push("after", 4);
    await restart();
    const metric = /^pyroscope_bucket_store_blocks_loaded\S* (\d+)$/m;
    const loaded = async (): Promise<number> =>
      Number(metric.exec(await stack.operator(`curl -sSf ${pyroscope}/metrics`))?.[1] ?? 0);
    await expect
      .poll(loaded, { timeout: 150_000, interval: 1_000 })
      .toBeGreaterThanOrEqual(await storage.blocks());
    expect(await stored("before")).toBe(3);
    expect(await stored("after")).toBe(4);
  });

  test("on an empty disk Pyroscope answers with all that it had", async () => {
    await onEmptyDisk();
    await found("before", 3);
    await found("after", 4);
    const { report } = await stack.verify();
    expect(report.checks.map(({ name }) => name)).toContain("probe cpu");
    expect(report.checks.filter(({ state }) => state === "broken")).toEqual([]);
  });

  test("with the bucket away profiles are taken, and none is lost, also by a restart", async () => {
    await storage.stop();
    await push("away", 5);
    expect(await stored("away")).toBe(5);
    // It ends without the bucket, and does not come up before that is back.
    await stack.operator("systemctl restart --no-block pyroscope; sleep 8");
    expect(await stack.status(`curl -sf -o /dev/null ${pyroscope}/ready`)).not.toBe(0);
    await storage.start();
    await untilReady();
    expect(await stored("away")).toBe(5);
    // By now it has sent them there.
    await onEmptyDisk();
    for (const [service, count] of Object.entries({ before: 3, after: 4, away: 5 }))
      await found(service, count);
  });

  test("for the time of a move, a second Pyroscope with an authority of its own gets the same profiles", async () => {
    const { gateway } = stack.host;
    // Its own authority, which nobody else knows.
    const pem = await stack.operator(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout - -days 2 -subj /CN=second " +
        `-addext subjectAltName=IP:${gateway} 2>/dev/null`,
    );
    const [cert = ""] = /-----BEGIN CERTIFICATE-----[^]*/.exec(pem) ?? [];
    const second = await recordPushes(gateway, 4121, { key: pem.replace(cert, ""), cert });
    const also = { url: second.url, tenant: "soar", user: "writer", ca: cert };
    const [service] = stack.setting("services") as { name: string }[];
    const services = [{ ...service, interval: "15s" }];
    stack.configure(
      { pyroscope: { ...onDisk, storage: { s3 }, also }, services },
      { pyroscopeAlsoPassword: `${sentinel}2` },
    );
    await stack.up();
    const { path, headers } = await second.next(({ body }) => body.includes(service?.name ?? ""));
    expect(path).toBe("/push.v1.PusherService/Push");
    expect(headers["x-scope-orgid"]).toBe("soar");
    expect(headers.authorization).toBe(`Basic ${Buffer.from(`writer:${sentinel}2`).toString("base64")}`);
    await expect
      .poll(() => stored(service?.name ?? ""), { timeout: 30_000, interval: 1_000 })
      .toBeGreaterThan(0);
    // The host does not trust that authority, by which Pyroscope would have to judge.
    stack.configure({ pyroscope: { ...onDisk, storage: { s3: { ...s3, endpoint: second.url } }, also } });
    expect(await stack.upFails()).toContain(
      `pyroscope.storage.s3: the certificate of ${second.url} is not trusted on this host (`,
    );
  });

  test("the keys are in one file each, which nobody else reads, and nowhere else", async () => {
    expect(await filesWith(stack, [sentinel])).toEqual([
      "640 root:alloy /etc/alloy/secrets/pyroscope-also-password",
      "600 root:root /etc/pyroscope/s3.env",
    ]);
    expect(await filesWith(stack, [sentinel], "nobody")).toEqual([]);
    expect(await filesWith(stack, [sentinel], "pyroscope")).toEqual([]);
    expect(await localFilesWith(stack, sentinel)).toEqual([]);
    expect(await stack.engineLog()).not.toContain(sentinel);
    expect(await journal(stack)).not.toContain(sentinel);
    const lines = await endSampling();
    expect(lines).toContain("--aws-sigv4");
    expect(lines).not.toContain(sentinel);
  });
});

import { beforeAll, describe, expect, test } from "vitest";
import { flameGraph } from "../../operations/pyroscope-api";
import { kinds } from "../../operations/verify/contract";
import { decodeProfile } from "../../operations/verify/decode";
import { amountsOfGraph, amountsOfProfile, type Amounts } from "../../operations/verify/shares";
import { withPyroscope } from "../../sandbox/query";
import { portOf, serveWith, setFault } from "./harness/services";
import { TestStack } from "./harness/stack";

describe("the endpoints of the services", { timeout: 400_000 }, async () => {
  const stack = await TestStack.create("endpoints");
  const declared = stack.setting("services") as { name: string }[];
  const pushPort = 4100;
  stack.configure({ push: { port: pushPort } });
  /** What each thread of the sandbox's programs computes in; the work is 4, 2, 1 and 3 tenths by construction. */
  const jobs = ["flight_tracker", "elevation", "archiver", "soar_worker"];
  const known = [0.4, 0.2, 0.1, 0.3];
  const amountsIn = (program: string, { of }: Amounts): number[] =>
    jobs.map((name) => of.get(`${program}::threads::${name}`) ?? 0);
  const sum = (amounts: number[]): number => amounts.reduce((a, b) => a + b, 0);
  const sharesOf = (amounts: number[]): number[] => amounts.map((amount) => amount / sum(amounts));
  const began = Date.now();

  describe("that answer as is wanted", () => {
    beforeAll(async () => {
      for (const { name } of declared) await serveWith(stack, name, "");
    });

    test("are taken: one that is busy for a while is asked again, and what does not listen yet is named", async () => {
      await stack.operator("systemctl stop soar-web-staging");
      await setFault(stack, "soar-web", "large");
      const url = `http://127.0.0.1:${portOf("soar-ingest-ogn")}/debug/pprof/profile?seconds=20`;
      await stack.operator(`systemd-run --quiet --collect curl -s -o /dev/null '${url}'`);
      // As SOAR does: five seconds, whatever is asked.
      await serveWith(stack, "soar-run", "--cap 5");
      const { text } = await stack.up();
      expect(text).toContain("the host is ready");
      expect(text).toContain(
        "warning: nothing listens yet where these are to be asked: soar-web-staging (127.0.0.1:9193); what they serve was not looked at",
      );
      expect(text).not.toMatch(/soar-(run|web|ingest-ogn|ingest-adsb|run-staging) \(/);
      await stack.operator("systemctl start soar-web-staging");
      const pushing = "systemd-run --quiet --collect --unit=soar-push /usr/local/bin/soar-push soar-push";
      await stack.operator(`${pushing} http://127.0.0.1:${pushPort} 30`);
    });

    test("are not asked again for another interval", async () => {
      stack.configure({ services: declared.map((service) => ({ ...service, interval: "5s" })) });
      expect((await stack.up()).changes["update"]).toBe(1);
    });
  });

  test("of 3 MiB arrives whole", async () => {
    const start = Date.now();
    const profile = { service: "soar-web", environment: "sandbox", type: kinds.cpu.counted };
    await withPyroscope(stack.host, async (query) => {
      const total = async (): Promise<number> =>
        (await flameGraph(query, profile, { start, end: Date.now() })).total;
      // One sample of each of its functions.
      await expect.poll(total, { timeout: 60_000, interval: 2_000 }).toBeGreaterThan(9_000);
    });
    await setFault(stack, "soar-web", "none");
  });

  test("have in Pyroscope the shares of the threads that they have at the endpoint", async () => {
    await serveWith(stack, "soar-run", "--cap 5 --work 60");
    const start = Date.now();
    const type = kinds.cpu.counted;
    const stored = await withPyroscope(stack.host, async (query) => {
      for (;;) {
        const range = { start, end: Date.now() };
        const graph = await flameGraph(query, { service: "soar-run", environment: "sandbox", type }, range);
        if (graph.total > 4_000 || range.end - start > 120_000) return amountsOfGraph(graph);
        await new Promise((resolve) => setTimeout(resolve, 2_000));
      }
    });
    // Alloy takes turns with this.
    await serveWith(stack, "soar-run", "--work 60");
    const url = `http://127.0.0.1:${portOf("soar-run")}/debug/pprof/profile?seconds=90`;
    const body = await stack.operator(`curl -sSf --retry 60 --retry-delay 1 '${url}' | base64`);
    const profile = decodeProfile(Buffer.from(body, "base64"));
    const samplesOf = (amounts: Amounts): number[] => amountsIn("soar_service", amounts);
    const [taken, arrived] = [samplesOf(amountsOfProfile(profile, 0)), samplesOf(stored)];
    const [here, there] = [sharesOf(taken), sharesOf(arrived)];
    console.log(`shares of ${jobs.join(", ")}: ${JSON.stringify({ here, there, taken, arrived })}`);
    expect(new Set(profile.samples.map(({ labels }) => labels["thread"])).size).toBeGreaterThanOrEqual(5);
    here.forEach((share, index) => {
      expect(Math.abs(share - (known[index] ?? 0))).toBeLessThan(0.1);
      // Three standard errors: a machine that has little time for the service takes few samples of it.
      const chance = 3 * Math.sqrt(share * (1 - share) * (1 / sum(taken) + 1 / sum(arrived)));
      expect(Math.abs((there[index] ?? 0) - share)).toBeLessThan(0.1 * share + chance);
    });
  });

  describe("and a program that sends its profiles itself", () => {
    test("has a port on loopback, and nothing else listens", async () => {
      const listeners = await stack.operator(`ss -Hltnp | grep '"alloy"' | awk '{ print $4 }' | sort`);
      // The last is for gRPC, which Alloy cannot do without, and which serves nothing.
      const expected = ["127.0.0.1:12345", `127.0.0.1:${pushPort}`, `127.0.0.2:${pushPort}`];
      expect(listeners.trim().split("\n")).toEqual(expected);
    });

    test("has in Pyroscope the shares of all of its threads, its own labels, and that of the environment", async () => {
      const profile = { service: "soar-push", environment: "sandbox", type: kinds.cpu.shown };
      const range = { start: began, end: began + 3_600_000 };
      await withPyroscope(stack.host, async (query) => {
        const samples = async (): Promise<number[]> => {
          const amounts = amountsOfGraph(await flameGraph(query, profile, range));
          return amountsIn("soar_push", amounts).map((nanoseconds) => Math.round((nanoseconds * 99) / 1e9));
        };
        await expect
          .poll(async () => sum(await samples()), { timeout: 200_000, interval: 5_000 })
          .toBeGreaterThan(1_500);
        const arrived = await samples();
        console.log(`pushed of ${jobs.join(", ")}: ${JSON.stringify(arrived)}`);
        sharesOf(arrived).forEach((share, index) => {
          const expected = known[index] ?? 0;
          const chance = 3 * Math.sqrt((expected * (1 - expected)) / sum(arrived));
          expect(Math.abs(share - expected)).toBeLessThan(0.05 + chance);
        });
        const labels = ["environment", "team", "thread_name"];
        const body = { matchers: ['{service_name="soar-push"}'], labelNames: labels, ...range };
        const { labelsSet } = (await query("/querier.v1.QuerierService/Series", body)) as {
          labelsSet: { labels: { value: string }[] }[];
        };
        const series = labelsSet.map((one) => one.labels.map(({ value }) => value).join(" "));
        for (const thread of ["flight-tracker", "elevation", "archiver", "soar-worker"])
          expect(series).toContain(`sandbox flight ${thread}`);
      });
    });
  });
});

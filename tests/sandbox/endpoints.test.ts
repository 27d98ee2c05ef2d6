import { beforeAll, describe, expect, test } from "vitest";
import { flameGraph } from "../../operations/pyroscope-api";
import { kinds } from "../../operations/verify/contract";
import { decodeProfile } from "../../operations/verify/decode";
import { amountsOfGraph, amountsOfProfile, type Amounts } from "../../operations/verify/shares";
import { withPyroscope } from "../../sandbox/query";
import { portOf, serveWith, setFault } from "./harness/services";
import { TestStack } from "./harness/stack";

describe("the endpoints of the services", { timeout: 400_000 }, async () => {
  const stack = await TestStack.create("endpoints", { host: { quiet: false } });
  const declared = stack.setting("services") as { name: string }[];

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
    const jobs = ["flight_tracker", "elevation", "archiver", "soar_worker"].map(
      (name) => `soar_service::threads::${name}`,
    );
    const shares = ({ of }: Amounts): number[] => {
      const amounts = jobs.map((name) => of.get(name) ?? 0);
      const sum = amounts.reduce((a, b) => a + b, 0);
      return amounts.map((amount) => amount / sum);
    };
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
    const taken = amountsOfProfile(profile, 0);
    const [here, there] = [shares(taken), shares(stored)];
    const count = ({ of }: Amounts): number => jobs.reduce((sum, name) => sum + (of.get(name) ?? 0), 0);
    const [samples, arrived] = [count(taken), count(stored)];
    console.log(`shares of ${jobs.join(", ")}: ${JSON.stringify({ here, there, samples, arrived })}`);
    expect(new Set(profile.samples.map(({ labels }) => labels["thread"])).size).toBeGreaterThanOrEqual(5);
    // The work is 4, 2, 1 and 3 tenths by construction.
    [0.4, 0.2, 0.1, 0.3].forEach((known, index) => {
      const share = here[index] ?? 0;
      expect(Math.abs(share - known)).toBeLessThan(0.1);
      // Three standard errors: a machine that has little time for the service takes few samples of it.
      const chance = 3 * Math.sqrt(share * (1 - share) * (1 / samples + 1 / arrived));
      expect(Math.abs((there[index] ?? 0) - share)).toBeLessThan(0.1 * share + chance);
    });
  });
});

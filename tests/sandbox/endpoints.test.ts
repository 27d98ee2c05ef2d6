import { beforeAll, describe, expect, test } from "vitest";
import { flameGraph } from "../../operations/pyroscope-api";
import { kinds } from "../../operations/verify/contract";
import { decodeProfile } from "../../operations/verify/decode";
import { amountsOfGraph, amountsOfProfile, type Amounts } from "../../operations/verify/shares";
import { withPyroscope } from "../../sandbox/query";
import { portOf, serveWith, setFault } from "./harness/services";
import { TestStack } from "./harness/stack";

const correct = "let it serve pprof there, or correct its port or profiles in services";
const adapt = "let it measure for as long as it is asked, or set its duration in services to what it does";

describe("the endpoints of the services", { timeout: 400_000 }, async () => {
  const stack = await TestStack.create("endpoints");
  const alloy = stack.setting("alloy") as object;
  const declared = stack.setting("services") as { name: string }[];

  /** An `up` that must fail before it changes anything; what was found, a line each. */
  const findings = async (): Promise<string[]> => {
    const text = await stack.upFails();
    expect(text).toContain("This host is not ready; nothing was changed:\n");
    expect(await stack.operator("ls /usr/local/lib /var/lib")).not.toContain("soar-profiling");
    return [...new Set(text.match(/(?<=^ *- )soar-.*$/gm))].sort();
  };
  const cpu = (name: string, seconds = 4): string =>
    `${name}: http://127.0.0.1:${portOf(name)}/debug/pprof/profile?seconds=${seconds}`;
  const heap = (name: string): string => `${name}: http://127.0.0.1:${portOf(name)}/debug/pprof/heap`;

  describe("are asked before anything is changed, and what answers wrongly is refused", () => {
    test("a page, a picture, nothing there, no type, too much, and at once: each in its words", async () => {
      const faults = {
        "soar-run": "html",
        "soar-web": "svg",
        "soar-ingest-ogn": "not-found",
        "soar-ingest-adsb": "no-content-type",
        "soar-run-staging": "oversize",
        "soar-web-staging": "hasty",
      };
      for (const [name, kind] of Object.entries(faults)) await setFault(stack, name, kind);
      // From 1.11 on Alloy looks at the Content-Type.
      stack.configure({ alloy: { ...alloy, version: "1.18.1-1" } });
      const type = "application/octet-stream";
      const page = `answers 200 with text/html; charset=utf-8 (47 bytes), a text or a picture: ${correct}`;
      const untyped = `and ${type} is wanted: let it send Content-Type: ${type}`;
      const noType = expect.stringMatching(/ answers 200 with no Content-Type \(\d+ bytes\), /) as unknown;
      const found = await findings();
      expect(found).toEqual([
        noType,
        noType,
        `${cpu("soar-ingest-ogn")} answers 404 with no Content-Type (0 bytes): ${correct}`,
        `${cpu("soar-run-staging")} answers with more than the 4194304 bytes that are taken: let it send less ` +
          "(a shorter time, fewer or shallower stacks)",
        `${heap("soar-run")} ${page}`,
        `${cpu("soar-run")} ${page}`,
        expect.stringMatching(/^soar-web-staging: .* answers after [01]\.\d s when asked for 4 s: /),
        `${cpu("soar-web")} answers 200 with image/svg+xml (73 bytes), a text or a picture: ${correct}`,
      ]);
      expect(found[0]).toMatch(`${heap("soar-ingest-adsb")} answers`);
      expect(found[1]).toMatch(`${cpu("soar-ingest-adsb")} answers`);
      for (const text of found.slice(0, 2)) expect(text.endsWith(untyped)).toBe(true);
    });

    test("silence, 503 without an end, its own time, and a cap below the duration", async () => {
      stack.configure({
        alloy,
        services: declared.map((service) =>
          service.name === "soar-run" ? { ...service, interval: "12s", duration: "10s" } : service,
        ),
      });
      await serveWith(stack, "soar-run", "--cap 5");
      await setFault(stack, "soar-web", "silent");
      await setFault(stack, "soar-ingest-ogn", "busy");
      // Alloy before 1.11 takes it as it is.
      await setFault(stack, "soar-ingest-adsb", "no-content-type");
      await setFault(stack, "soar-run-staging", "slow");
      await setFault(stack, "soar-web-staging", "none");
      const late = `takes connections and has no whole answer within 12 s when asked for 4 s: if it hangs, restart it, else ${adapt}`;
      expect(await findings()).toEqual([
        expect.stringMatching(
          /^soar-ingest-ogn: \S+ answered 503 \d+ times, in 28 s, as when another one is profiling: find out what keeps asking it, and stop that$/,
        ),
        `${cpu("soar-run-staging")} ${late}`,
        expect.stringMatching(
          /^soar-run: \S+profile\?seconds=10 answers after 5\.\d s when asked for 10 s: /,
        ),
        `${cpu("soar-web")} ${late}`,
      ]);
      stack.configure({ services: declared });
    });
  });

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
      await serveWith(stack, "soar-run", "--cap 5 --work 60");
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
    const start = Date.now();
    const type = kinds.cpu.counted;
    const stored = await withPyroscope(stack.host, async (query) => {
      for (;;) {
        const range = { start, end: Date.now() };
        const graph = await flameGraph(query, { service: "soar-run", environment: "sandbox", type }, range);
        if (graph.total > 4_000 || range.end - start > 120_000) return amountsOfGraph(graph);
        await new Promise((resolve) => setTimeout(resolve, 5_000));
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

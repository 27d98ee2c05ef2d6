import { describe, expect, test } from "vitest";
import { portOf, serveWith, setFault } from "./harness/services";
import { TestStack } from "./harness/stack";

const correct = "let it serve pprof there, or correct its port or profiles in services";
const adapt = "let it measure for as long as it is asked, or set its duration in services to what it does";

describe("the endpoints of the services", { timeout: 400_000 }, async () => {
  const stack = await TestStack.create("refusals");
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
    });
  });
});

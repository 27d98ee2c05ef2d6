import { beforeAll, describe, expect, test } from "vitest";
import { cutPower, startHost } from "../../sandbox/host/host";
import { eventually, killEngine } from "./harness/faults";
import { VersionedFragments } from "./harness/fragments";
import { TestStack } from "./harness/stack";
import { applyByHand, configuration, expectHealthy, killScriptAt, processes } from "./harness/transaction";

const records = "/var/lib/soar-profiling/sandbox/profiles";
const scratch = "/run/soar-profiling/sandbox-profiles";

/** What shows, on the host, how far a transaction has come. */
const points = {
  "while it stages": `${records}/work/stage`,
  "while it validates": `${records}/work/verdict`,
  "just before it keeps the old files": `${records}/manifest.new`,
  "while it swaps": `${records}/undo`,
  "while it activates": `${scratch}/probe`,
  "while it probes": `${scratch}/health`,
};

describe("a transaction of three files that is cut off", async () => {
  const stack = await TestStack.create("killed", {
    host: { limited: { path: "/var/lib/soar-profiling", size: "2M" } },
  });
  const fragments = new VersionedFragments(stack);
  /** Runs a command on the host as soon as a file is there. */
  const at = (file: string, command: string): Promise<number> =>
    stack.status(`timeout 100 sh -c 'until [ -e ${file} ]; do :; done' && ${command}`);
  const expectOldOrNew = (
    seen: Map<string, string>,
    before: Map<string, string>,
    after: Map<string, string>,
  ): void => {
    expect(after).not.toEqual(before);
    for (const [file, digest] of seen) expect([before.get(file), after.get(file)], file).toContain(digest);
    expect([...seen.keys()]).toEqual([...after.keys()]);
  };
  const idle = (): Promise<void> => eventually(stack, "flock -n /run/soar-profiling/lock true");

  beforeAll(async () => {
    fragments.configureNext();
    await stack.up();
  });

  test.each(["while it stages", "while it swaps", "while it probes"] as const)(
    "the engine killed %s: the host finishes alone, the next `up` finds that",
    async (point) => {
      const before = await fragments.digests();
      fragments.configureNext();
      const cut = at(points[point], "true").then(async (code) => [code, await killEngine()] as const);
      const [, [code, killed]] = await Promise.all([stack.upFails(), cut]);
      expect(code).toBe(0);
      expect(killed).toBeGreaterThan(1);
      await expectHealthy(stack);
      await idle();
      const seen = await fragments.digests();
      await fragments.expectVersion(fragments.version);
      await stack.cancel();
      const mark = await processes(stack);
      await stack.up();
      expectOldOrNew(seen, before, await fragments.digests());
      await fragments.expectVersion(fragments.version);
      expect(await processes(stack)).toBe(mark);
    },
  );

  test("the connection cut while it activates: the same", async () => {
    const before = await fragments.digests();
    fragments.configureNext();
    const cut = "systemctl stop ssh; pkill -KILL sshd; sleep 3; systemctl start ssh";
    const [text] = await Promise.all([
      stack.upFails(),
      at(points["while it activates"], `systemd-run --quiet --collect sh -c '${cut}'`),
    ]);
    expect(text).toContain("remote command exited without exit status");
    await eventually(stack, "true");
    await idle();
    const seen = await fragments.digests();
    await fragments.expectVersion(fragments.version);
    await stack.up();
    expectOldOrNew(seen, before, await fragments.digests());
    await fragments.expectVersion(fragments.version);
  });

  describe("the script killed on the host", () => {
    let old: string;
    beforeAll(async () => {
      old = await fragments.declaration();
    });
    const next = (): string => fragments.next(old);

    test.each(Object.keys(points) as (keyof typeof points)[])(
      "with -9 %s: old or new files, and the next run makes them what is declared, old or new",
      async (point) => {
        const before = await fragments.digests();
        for (const wanted of [old, next()]) {
          const [{ code }, killed] = await Promise.all([
            applyByHand(stack, "profiles", next()),
            killScriptAt(stack, points[point]),
          ]);
          // By a signal, which OpenSSH's client shows as 255.
          expect([code, killed]).toEqual([255, 0]);
          const seen = await fragments.digests();
          await expectHealthy(stack);
          expect((await applyByHand(stack, "profiles", wanted)).code).toBe(0);
          await fragments.expectVersion(wanted === old ? fragments.version : fragments.version + 1);
          if (wanted !== old) expectOldOrNew(seen, before, await fragments.digests());
        }
        expect((await applyByHand(stack, "profiles", old)).code).toBe(0);
        expect(await fragments.digests()).toEqual(before);
      },
    );

    test("and then a declaration that is refused: the service runs on the old files all the same", async () => {
      await Promise.all([
        applyByHand(stack, "profiles", next()),
        killScriptAt(stack, points["while it probes"]),
      ]);
      const { code, text } = await applyByHand(stack, "profiles", next().replace("filename", "filenam"));
      expect(code).toBe(1);
      expect(text).toContain('unrecognized attribute name "filenam"');
      await fragments.expectVersion(fragments.version);
    });

    test("with TERM, as at the time limit: it takes the change back itself", async () => {
      const before = await configuration(stack);
      const [{ code, text }] = await Promise.all([
        applyByHand(stack, "profiles", next()),
        killScriptAt(stack, points["while it probes"], "TERM"),
      ]);
      expect(code).toBe(143);
      expect(text).toContain("the old files are back and alloy.service runs on them");
      expect(await configuration(stack)).toBe(before);
      await fragments.expectVersion(fragments.version);
    });

    test("power cut while it swaps and while it activates: it boots healthy, and the next run finishes", async () => {
      for (const point of ["while it swaps", "while it activates"] as const) {
        const before = await fragments.digests();
        const run = applyByHand(stack, "profiles", next());
        await at(points[point], "true");
        await cutPower(stack.host);
        expect((await run).code).toBe(255);
        await startHost(stack.host.name);
        await expectHealthy(stack);
        const seen = await fragments.digests();
        expect((await applyByHand(stack, "profiles", next())).code).toBe(0);
        expectOldOrNew(seen, before, await fragments.digests());
        await fragments.expectVersion(fragments.version + 1);
        expect((await applyByHand(stack, "profiles", old)).code).toBe(0);
      }
    });
  });
});

import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { cutPower, startHost } from "../../sandbox/host/host";
import { eventually, fillDisk, killEngine } from "./harness/faults";
import { VersionedFragments } from "./harness/fragments";
import { TestStack } from "./harness/stack";
import {
  applyByHand,
  configuration,
  expectHealthy,
  killScriptAt,
  processes,
  until,
} from "./harness/transaction";

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
  const at = (file: string, command: string): Promise<number> => stack.status(`${until(file)} && ${command}`);
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

  describe("a whole `up`, of packages, files and services, eight times", () => {
    const [alloy, pyroscope] = [stack.setting("alloy") as object, stack.setting("pyroscope") as object];
    let version = 1;
    const configure = (): void => {
      version = 3 - version;
      fragments.configureNext();
      stack.configure({
        alloy: { ...(stack.setting("alloy") as object), version: `1.10.0-${version}` },
        pyroscope: { ...pyroscope, version: `1.21.1-${version}`, retention: `${2 + version}d` },
        allowDowngrade: true,
      });
    };
    /** Everything of ours by its path or name, with its digest, version or state. */
    const look = async (): Promise<Map<string, string>> => {
      const etc = "/etc/alloy /etc/default/alloy /etc/pyroscope /etc/systemd/system/*.d";
      const records = "/var/lib/soar-profiling/*/*/manifest /var/lib/soar-profiling/*/packages/*";
      const text = await stack.operator(
        `find ${etc} -type f ! -name '.*.soar-*' -exec sha256sum {} +; sha256sum ${records}; ` +
          "dpkg-query -W -f '${Version} ${Package}\\n' alloy pyroscope; " +
          "for u in alloy pyroscope; do echo $(systemctl is-active $u; systemctl is-enabled $u) $u.service; done",
      );
      return new Map(
        text
          .trim()
          .split("\n")
          .map((line) => [line.replace(/^.* /, ""), line.replace(/ [^ ]*$/, "")]),
      );
    };
    /** Each time the host is seen half-way; then everything there must have been the old or the new one. */
    const interrupted = async (
      interrupt: () => Promise<string>,
      check: () => Promise<void>,
    ): Promise<void> => {
      let old = await look();
      let seen: [string, Map<string, string>][] = [];
      configure();
      for (let i = 0; i < 8; i++) {
        const run = stack.up().then(
          () => true,
          () => false,
        );
        const how = await interrupt();
        const isDone = await run;
        await idle();
        await eventually(stack, "! pgrep -x 'apt-get|dpkg'"); // Which a kill of ours does not end.
        await check();
        seen.push([how, await look()]);
        if (!isDone && i < 7) continue;
        if (!isDone) await stack.up();
        const now = await look();
        for (const [when, then] of seen) {
          for (const name of new Set([...old.keys(), ...then.keys(), ...now.keys()])) {
            expect([old.get(name), now.get(name)], `${name} ${when}`).toContain(then.get(name));
          }
        }
        await fragments.expectVersion(fragments.version);
        old = now;
        seen = [];
        configure();
      }
      await stack.up();
    };
    const random = (most: number): number => Math.floor(Math.random() * most);

    beforeAll(async () => {
      stack.configure({ alloy });
      configure();
      await stack.up();
    }, 300_000);

    test("killed on the host at a random moment: all is old or new, and healthy, and the next one finishes", async () => {
      await interrupted(
        async () => {
          const moment = random(12_000);
          await sleep(moment);
          const killed = await stack.status("pkill -KILL -f '^/bin/sh /usr/local/lib/soar-profiling/'");
          return `after ${moment} ms, ${killed === 0 ? "killed" : "nothing to kill"}`;
        },
        () => expectHealthy(stack),
      );
    }, 900_000);

    test("with a disk that is full from a random moment on: the same", async () => {
      let free = (): Promise<void> => Promise.resolve();
      await interrupted(
        async () => {
          const [moment, left] = [random(9_000), random(3) * 16];
          // The first that changes something: what comes before it looks at the host, for as long as that takes.
          await stack.status(until("/run/soar-profiling/sandbox-*"));
          await sleep(moment);
          free = await fillDisk(stack, "/var/lib/soar-profiling", left);
          return `after ${moment} ms, with ${left} KiB left`;
        },
        async () => {
          await expectHealthy(stack);
          await free();
        },
      );
    }, 900_000);
  });
});

import { beforeAll, describe, expect, test } from "vitest";
import { cutPower, startHost } from "../../sandbox/host/host";
import { eventually, fillDisk, killEngine } from "./harness/faults";
import { TestStack } from "./harness/stack";
import {
  applyByHand,
  configuration,
  declarationOf,
  expectHealthy,
  expectSettled,
  killScriptAt,
  processes,
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
  const services = stack.setting("services") as unknown[];
  const alloy = stack.setting("alloy") as object;
  let version = 0;

  /** The next state: both fragments and the targets differ from the one before. */
  const configureNext = (): void => {
    version++;
    const fragment = (name: string): string =>
      `local.file "${name}_v${version}" {\n  filename = "/etc/hostname"\n}\n`;
    stack.configure({
      alloy: { ...alloy, fragments: { one: fragment("one"), two: fragment("two") } },
      services: version % 2 === 0 ? services : services.slice(1),
    });
  };
  const declaration = (): Promise<string> => declarationOf(stack, "soar-profiles-config-files");
  /** Runs a command on the host as soon as a file is there. */
  const at = (file: string, command: string): Promise<number> =>
    stack.status(`timeout 100 sh -c 'until [ -e ${file} ]; do :; done' && ${command}`);
  /** Digests of the three files, by path. */
  const digests = async (): Promise<Map<string, string>> => {
    const text = await stack.operator("sha256sum /etc/alloy/conf.d/sandbox-*.alloy");
    return new Map(
      text
        .trim()
        .split("\n")
        .map((line) => [line.slice(66), line.slice(0, 64)]),
    );
  };
  /** The components that Alloy runs: the version that it has loaded. */
  const loaded = (): Promise<string> =>
    stack.operator(
      "curl -sSf http://127.0.0.1:12345/api/v0/web/components | grep -o 'local.file.[a-z]*_v[0-9]*' | sort -u | tr '\\n' ' '",
    );
  const expectVersion = async (number: number): Promise<void> => {
    expect(
      await stack.operator("grep -ho '[a-z]*_v[0-9]*' /etc/alloy/conf.d/sandbox-*.alloy | tr '\\n' ' '"),
    ).toBe(`one_v${number} two_v${number} `);
    expect(await loaded()).toBe(`local.file.one_v${number} local.file.two_v${number} `);
    await expectSettled(stack);
  };
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
    configureNext();
    await stack.up();
  });

  test.each(["while it stages", "while it swaps", "while it probes"] as const)(
    "the engine killed %s: the host finishes alone, the next `up` finds that",
    async (point) => {
      const before = await digests();
      configureNext();
      const cut = at(points[point], "true").then(async (code) => [code, await killEngine()] as const);
      const [, [code, killed]] = await Promise.all([stack.upFails(), cut]);
      expect(code).toBe(0);
      expect(killed).toBeGreaterThan(1);
      await expectHealthy(stack);
      await idle();
      const seen = await digests();
      await expectVersion(version);
      await stack.cancel();
      const mark = await processes(stack);
      await stack.up();
      expectOldOrNew(seen, before, await digests());
      await expectVersion(version);
      expect(await processes(stack)).toBe(mark);
    },
  );

  test("the connection cut while it activates: the same", async () => {
    const before = await digests();
    configureNext();
    const cut = "systemctl stop ssh; pkill -KILL sshd; sleep 3; systemctl start ssh";
    const [text] = await Promise.all([
      stack.upFails(),
      at(points["while it activates"], `systemd-run --quiet --collect sh -c '${cut}'`),
    ]);
    expect(text).toContain("remote command exited without exit status");
    await eventually(stack, "true");
    await idle();
    const seen = await digests();
    await expectVersion(version);
    await stack.up();
    expectOldOrNew(seen, before, await digests());
    await expectVersion(version);
  });

  describe("the script killed on the host", () => {
    let old: string;
    beforeAll(async () => {
      old = await declaration();
    });
    const next = (): string => old.replaceAll(`_v${version}"`, `_v${version + 1}"`).replace('"6s"', '"20s"');

    test.each(Object.keys(points) as (keyof typeof points)[])(
      "with -9 %s: old or new files, and the next run makes them what is declared, old or new",
      async (point) => {
        const before = await digests();
        for (const wanted of [old, next()]) {
          const [{ code }, killed] = await Promise.all([
            applyByHand(stack, "profiles", next()),
            killScriptAt(stack, points[point]),
          ]);
          // By a signal, which OpenSSH's client shows as 255.
          expect([code, killed]).toEqual([255, 0]);
          const seen = await digests();
          await expectHealthy(stack);
          expect((await applyByHand(stack, "profiles", wanted)).code).toBe(0);
          await expectVersion(wanted === old ? version : version + 1);
          if (wanted !== old) expectOldOrNew(seen, before, await digests());
        }
        expect((await applyByHand(stack, "profiles", old)).code).toBe(0);
        expect(await digests()).toEqual(before);
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
      await expectVersion(version);
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
      await expectVersion(version);
    });

    test("power cut while it swaps and while it activates: it boots healthy, and the next run finishes", async () => {
      for (const point of ["while it swaps", "while it activates"] as const) {
        const before = await digests();
        const run = applyByHand(stack, "profiles", next());
        await at(points[point], "true");
        await cutPower(stack.host);
        expect((await run).code).toBe(255);
        await startHost(stack.host.name);
        await expectHealthy(stack);
        const seen = await digests();
        expect((await applyByHand(stack, "profiles", next())).code).toBe(0);
        expectOldOrNew(seen, before, await digests());
        await expectVersion(version + 1);
        expect((await applyByHand(stack, "profiles", old)).code).toBe(0);
      }
    });

    test("a full disk, whatever space is left: nothing changes, until the space is enough", async () => {
      const before = [await configuration(stack), await processes(stack)];
      let refusals = 0;
      for (let leave = 0; ; leave += 24, refusals++) {
        const free = await fillDisk(stack, "/var/lib/soar-profiling", leave);
        const { code, text } = await applyByHand(stack, "profiles", next());
        await free();
        if (code === 0) break;
        expect(text).toMatch(/No space left on device|I\/O error/);
        expect([await configuration(stack), await processes(stack)]).toEqual(before);
        await expectVersion(version);
      }
      expect(refusals).toBeGreaterThan(2);
      await expectVersion(version + 1);
      expect((await applyByHand(stack, "profiles", old)).code).toBe(0);
    });
  });

  test("a clock that is set forward while it probes takes no good change back", async () => {
    // Ours comes first in the scripts' PATH: each look at it is an hour later.
    const date = "/usr/local/sbin/date";
    const text = `#!/bin/sh\necho >>/run/looks\nexec /usr/bin/date -d "+$(wc -l </run/looks) hours" "$@"\n`;
    await stack.operator(`printf '%s' '${text}' >${date}; chmod 755 ${date}`);
    const late = "health 30 date >/dev/null; [ $(wc -l </run/looks) -ge 4 ]";
    const { code, text: words } = await applyByHand(
      stack,
      "profiles",
      (await declaration()).replaceAll(`_v${version}"`, `_v${version + 1}"`).replace(/^health .*$/m, late),
    );
    expect([words, code]).toEqual([expect.stringContaining("alloy.service reloaded") as unknown, 0]);
    await stack.operator(`rm ${date} /run/looks`);
    expect((await applyByHand(stack, "profiles", await declaration())).code).toBe(0);
    await expectVersion(version);
  });

  test.each(["/etc/alloy/conf.d", "/var/lib/soar-profiling"])(
    "%s fills while the service starts on the new files: the old ones are back all the same",
    async (directory) => {
      const before = await digests();
      if (directory.startsWith("/etc")) {
        await stack.operator(
          `mkdir /run/filling; mount -t tmpfs -o size=200k,mode=0750 tmpfs /run/filling; ` +
            `cp -a ${directory}/. /run/filling; mount --bind /run/filling ${directory}`,
        );
      }
      const fills = `health 1 dd if=/dev/zero of=${directory}/filler bs=1k 2>/dev/null; false`;
      const next = (await declaration()).replaceAll(`_v${version}"`, `_v${version + 1}"`);
      const { code, text } = await applyByHand(stack, "profiles", next.replace(/^health .*$/m, fills));
      expect(text).toContain("the old files are back and alloy.service runs on them");
      expect(code).toBe(1);
      expect(await digests()).toEqual(before);
      expect(await stack.operator(`df --output=avail ${directory} | tail -n 1`)).toMatch(/^ *0\n$/);
      await stack.operator(`rm ${directory}/filler`);
      await expectVersion(version);
      if (directory.startsWith("/etc")) await stack.operator(`umount ${directory} /run/filling`);
      await stack.up();
      await expectVersion(version);
    },
  );

  test("no room for the second of the new files beside the old ones: `up` says so, and nothing changes", async () => {
    const directory = "/etc/alloy/conf.d";
    // Four files of a page each, and one page more.
    await stack.operator(
      `mkdir /run/small; mount -t tmpfs -o size=20k,mode=0750 tmpfs /run/small; cp -a ${directory}/. /run/small; ` +
        `mount --bind /run/small ${directory}`,
    );
    const before = [await configuration(stack), await processes(stack)];
    configureNext();
    expect(await stack.upFails()).toContain("No space left on device");
    expect([await configuration(stack), await processes(stack)]).toEqual(before);
    await expectVersion(version - 1);
    await stack.operator(`umount ${directory} /run/small`);
    await stack.up();
    await expectVersion(version);
  });
});

import { describe, expect, it } from "vitest";
import {
  flameGraph,
  storedProfiles,
  type StoredProfile,
  type TimeRange,
} from "../../operations/pyroscope-api";
import { waitForProfiles } from "../../operations/arrivals";
import { withPyroscope } from "../../sandbox/query";
import { breakVersion, holdLock } from "./harness/faults";
import { TestStack } from "./harness/stack";
import { applyByHand, declarationOf, expectSettled, killScriptAt } from "./harness/transaction";

const units = ["pyroscope.service", "alloy.service"];
const conffiles = ["/etc/pyroscope/config.yml", "/etc/default/alloy", "/etc/alloy/config.alloy"];
const profile: StoredProfile = {
  service: "soar-run",
  environment: "sandbox",
  type: "process_cpu:cpu:nanoseconds:cpu:nanoseconds",
};

describe("packages at another version", async () => {
  const stack = await TestStack.create("upgrade");
  const first: { range: TimeRange; total: number } = { range: { start: 0, end: 0 }, total: 0 };

  /** Sets the Debian revision of both packages. */
  const pin = (revision: number, further: Record<string, unknown> = {}): void => {
    const pyroscope = { ...(stack.setting("pyroscope") as object), version: `1.21.1-${revision}` };
    stack.configure({ pyroscope, alloy: { version: `1.10.0-${revision}` }, ...further });
  };
  const linesOf = async (command: string): Promise<string[]> =>
    (await stack.operator(command)).trim().split("\n");
  const packages = (): Promise<string[]> =>
    linesOf("dpkg-query -W -f '${Package} ${Version}\\n' alloy pyroscope");
  const held = (): Promise<string[]> => linesOf("apt-mark showhold");
  /** How often systemd has started Pyroscope and Alloy since the host booted. */
  const starts = async (): Promise<number[]> => {
    const of = (unit: string): string =>
      `journalctl -q -o cat _PID=1 UNIT=${unit} | grep -c '^Started ${unit} '`;
    return (await linesOf(units.map(of).join("; "))).map(Number);
  };
  const digests = (): Promise<string> => stack.operator(`sha256sum ${conffiles.join(" ")}`);
  /** Everything that a refused change must leave as it is. */
  const picture = async (): Promise<unknown[]> => [
    await packages(),
    await held(),
    await starts(),
    await digests(),
    await stack.fingerprint([...conffiles, "/usr/bin/pyroscope", "/usr/bin/alloy"], units),
    await linesOf("grep -v ' startup ' /var/log/dpkg.log"),
  ];
  /** What was stored of soar-run in its first minute. */
  const firstProfiles = (): Promise<number> =>
    withPyroscope(stack.host, async (query) => (await flameGraph(query, profile, first.range)).total);

  it("that refuse their files at the first `up` are gone again, with all that is known of them", async () => {
    pin(1);
    const mend = await breakVersion(stack, "1.10.0-1", "refuses all files");
    const said = await stack.upFails();
    await mend();
    expect(said).toContain("Error: not with this version");
    expect(said).toContain("alloy is gone again");
    expect(
      await stack.status("dpkg-query -W -f '${db:Status-Status}' alloy 2>/dev/null | grep -v not-installed"),
    ).toBe(1);
    const places = [
      "/etc/alloy",
      "/etc/systemd/system/alloy.service.d",
      "/var/lib/soar-profiling/*/packages/alloy",
    ];
    expect(await stack.operator(`ls -d ${places.join(" ")} 2>/dev/null || :`)).toBe("");
    expect(await held()).toEqual(["pyroscope"]);
  });

  it("are installed at the first revision, held, and started once", async () => {
    const start = Date.now() - 60_000;
    pin(1);
    await stack.up();
    expect(await packages()).toEqual(["alloy 1.10.0-1", "pyroscope 1.21.1-1"]);
    expect(await held()).toEqual(["alloy", "pyroscope"]);
    expect(await starts()).toEqual([1, 1]);
    const declared = [{ name: profile.service, environment: profile.environment, profiles: ["cpu"] }];
    await withPyroscope(stack.host, (query) => waitForProfiles(query, declared, 60));
    first.range = { start, end: Date.now() };
    first.total = await firstProfiles();
    expect(first.total).toBeGreaterThan(0);
  });

  it("a version that no source has is refused with those that they have, and nothing changes", async () => {
    const before = await picture();
    const outputs = await stack.pulumi("stack", "output", "--json");
    pin(9);
    expect(await stack.upFails()).toContain(
      "soar-profiling: pyroscope 1.21.1-9 is not offered by this host's apt sources; they offer: 1.21.1-1 1.21.1-2",
    );
    expect(await picture()).toEqual(before);
    expect(await stack.pulumi("stack", "output", "--json"), "what was wished is no output").toBe(outputs);
  });

  it("an upgrade restarts each service once, keeps data and conffiles, and holds again", async () => {
    await stack.operator("echo '// by hand' >>/etc/alloy/config.alloy");
    const files = await digests();
    pin(2);
    const { text } = await stack.up();
    expect(text).toContain("pyroscope 1.21.1-2 is installed (before: 1.21.1-1)");
    expect(text).toContain("alloy 1.10.0-2 is installed (before: 1.10.0-1)");
    expect(await packages()).toEqual(["alloy 1.10.0-2", "pyroscope 1.21.1-2"]);
    expect(await held()).toEqual(["alloy", "pyroscope"]);
    expect(await starts()).toEqual([2, 2]);
    expect(await digests()).toBe(files);
    expect(await stack.operator("find /etc -name '*.dpkg-*'")).toBe("");
    for (const unit of units) {
      // What runs is what is installed.
      expect(await stack.operator(`readlink /proc/${await stack.pid(unit)}/exe`)).not.toContain("(deleted)");
    }
    expect(await firstProfiles()).toBeGreaterThanOrEqual(first.total);
  });

  it("a further `up` at that version does nothing", async () => {
    const before = await picture();
    const { changes } = await stack.up();
    expect(Object.keys(changes)).toEqual(["same"]);
    expect(await picture()).toEqual(before);
  });

  it("a downgrade that nobody asked for is refused, with the setting that allows it, and nothing changes", async () => {
    const before = await picture();
    pin(1);
    expect(await stack.upFails()).toContain(
      "soar-profiling: pyroscope 1.21.1-2 is installed, which is newer than 1.21.1-1: set allowDowngrade to go back",
    );
    expect(await picture()).toEqual(before);
  });

  it("a downgrade with allowDowngrade waits for dpkg's lock, restarts each once, and holds again", async () => {
    const files = await digests();
    const released = await holdLock(stack, "/var/lib/dpkg/lock-frontend", "service-config", 8);
    pin(1, { allowDowngrade: true });
    const { text } = await stack.up();
    expect(text).toMatch(/waiting for another process: dpkg: error: dpkg frontend lock was locked by .*perl/);
    const unpacked = await stack.operator(
      `date -d "$(grep -F ' upgrade pyroscope' /var/log/dpkg.log | tail -n 1 | cut -c1-19)" +%s`,
    );
    expect(Number(unpacked)).toBeGreaterThanOrEqual(await released());
    expect(await packages()).toEqual(["alloy 1.10.0-1", "pyroscope 1.21.1-1"]);
    expect(await held()).toEqual(["alloy", "pyroscope"]);
    expect(await starts()).toEqual([3, 3]);
    expect(await digests()).toBe(files);
    expect(await firstProfiles()).toBeGreaterThanOrEqual(first.total);
  });

  it("profiles go on arriving", async () => {
    const start = Date.now();
    const stored = (): Promise<StoredProfile[]> =>
      withPyroscope(stack.host, (query) => storedProfiles(query, { start, end: Date.now() + 1000 }));
    await expect.poll(stored, { timeout: 60_000, interval: 2000 }).toContainEqual(profile);
  });

  describe("at another version that does not work:", () => {
    const configureAlloy = (version: string): void => {
      stack.configure({ alloy: { version } });
    };
    const files = "/etc/alloy/conf.d/*.alloy";
    const state = async (): Promise<unknown[]> => [
      await packages(),
      await held(),
      await digests(),
      await stack.operator(`sha256sum ${files}`),
    ];
    const running = async (): Promise<unknown[]> => [await starts(), await stack.pid("alloy.service")];

    it("refused by the new program, the old one is installed again, and what runs is not touched", async () => {
      const before = [await state(), await running()];
      const mend = await breakVersion(stack, "1.10.0-2", "refuses all files");
      configureAlloy("1.10.0-2");
      const said = await stack.upFails();
      await mend();
      expect(said).toContain("Error: not with this version");
      expect(said).toContain("nothing was changed");
      expect(said).toContain("alloy 1.10.0-1 is installed again");
      expect([await state(), await running()]).toEqual(before);
      await expectSettled(stack);
    });

    it("not healthy with the new program, the service runs on the old one and the old files", async () => {
      const before = await state();
      const mend = await breakVersion(stack, "1.10.0-2", "does not run");
      const said = await stack.upFails();
      await mend();
      expect(said).toContain("Error: not with this version");
      expect(said).toContain("alloy 1.10.0-1 is installed again");
      expect(said).toContain("the old files are back and alloy.service runs on them");
      expect(await state()).toEqual(before);
      await expectSettled(stack);
      const exe = await stack.operator(`readlink /proc/${await stack.pid("alloy.service")}/exe`);
      expect(exe).toBe("/usr/bin/alloy\n");
    });

    it("killed on the host at any point, the next run goes back or on", async () => {
      const old = await declarationOf(stack, "soar-platform-alloy-config-files");
      const next = old.replace("package alloy 1.10.0-1", "package alloy 1.10.0-2");
      const records = "/var/lib/soar-profiling/sandbox/alloy";
      const expectVersion = async (version: string, point: string): Promise<void> => {
        expect((await packages())[0], point).toBe(`alloy ${version}`);
        expect(await held(), point).toEqual(["alloy", "pyroscope"]);
        await expectSettled(stack);
      };
      for (const point of ["program", "work/stage", "undo"]) {
        for (const [wanted, version] of [
          [old, "1.10.0-1"],
          [next, "1.10.0-2"],
        ] as const) {
          const [{ code }, killed] = await Promise.all([
            applyByHand(stack, "alloy", next),
            killScriptAt(stack, `${records}/${point}`),
          ]);
          expect([code, killed], point).toEqual([255, 0]);
          expect((await applyByHand(stack, "alloy", wanted)).code, point).toBe(0);
          await expectVersion(version, point);
        }
        expect((await applyByHand(stack, "alloy", old)).code, point).toBe(0);
        await expectVersion("1.10.0-1", point);
      }
    }, 600_000); // Fifteen changes of a package, on a machine that other hosts may share.

    it("where the package's own installation fails, the old one is installed again", async () => {
      const before = [await state(), await running()];
      const usermod = "/usr/sbin/usermod";
      await stack.operator(
        `mv ${usermod} ${usermod}.real; ` +
          `printf '#!/bin/sh\\nmkdir /run/failed && exit 1\\nexec ${usermod}.real "$@"\\n' >${usermod}; chmod 755 ${usermod}`,
      );
      const said = await stack.upFails();
      await stack.operator(`mv ${usermod}.real ${usermod}; rmdir /run/failed`);
      expect(said).toContain("alloy: apt-get cannot install alloy 1.10.0-2 (its words above)");
      expect(said).toContain("alloy 1.10.0-1 is installed again");
      expect([await state(), await running()]).toEqual(before);
      await expectSettled(stack);
    });

    it("where the package's own installation hangs, it is ended, and the old one is installed again", async () => {
      const before = [await state(), await running()];
      const usermod = "/usr/sbin/usermod";
      await stack.operator(
        `mv ${usermod} ${usermod}.real; ` +
          `printf '#!/bin/sh\\nmkdir /run/hung || exec ${usermod}.real "$@"\\ntrap "" TERM\\nwhile :; do sleep 1; done\\n' >${usermod}; chmod 755 ${usermod}`,
      );
      const old = await declarationOf(stack, "soar-platform-alloy-config-files");
      const next = old.replace("package alloy 1.10.0-1", "package alloy 1.10.0-2");
      const { code, text } = await applyByHand(stack, "alloy", next, 75);
      await stack.operator(`mv ${usermod}.real ${usermod}; rmdir /run/hung`);
      expect(text).toMatch(/it did not end within \d+ s, and was ended/);
      expect(text).toContain("alloy: apt-get cannot install alloy 1.10.0-2 (its words above)");
      expect(text).toContain("alloy 1.10.0-1 is installed again");
      expect(code).toBe(1);
      expect(await stack.status("pgrep -x 'dpkg|apt-get|usermod'")).toBe(1);
      expect([await state(), await running()]).toEqual(before);
      await expectSettled(stack);
    });

    it("where apt-get cannot install the old one either, the new one stays, and that is told", async () => {
      const mend = await breakVersion(stack, "1.10.0-2", "refuses all files");
      // Lets apt-get run dpkg once.
      const once = "/etc/apt/apt.conf.d/99once";
      await stack.operator(`echo 'DPkg::Pre-Invoke {"mkdir /run/once";};' >${once}`);
      const before = await running();
      const said = await stack.upFails();
      await mend();
      await stack.operator(`rm ${once}`);
      expect(said).toContain(
        "soar-profiling: alloy 1.10.0-2 stays, because apt-get cannot install 1.10.0-1 again (its words above)",
      );
      expect(await packages()).toEqual(["alloy 1.10.0-2", "pyroscope 1.21.1-1"]);
      expect(await held()).toEqual(["alloy", "pyroscope"]);
      expect(await running()).toEqual(before);
    });

    it("once the fault is mended, the next `up` has the new program and files", async () => {
      await stack.operator(
        "apt-get -q -y install --reinstall --allow-change-held-packages alloy=1.10.0-2 >/dev/null",
      );
      await stack.up();
      expect(await packages()).toEqual(["alloy 1.10.0-2", "pyroscope 1.21.1-1"]);
      await expectSettled(stack);
      const exe = await stack.operator(`readlink /proc/${await stack.pid("alloy.service")}/exe`);
      expect(exe).toBe("/usr/bin/alloy\n");
    });
  });
});

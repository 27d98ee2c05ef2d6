import { describe, expect, it } from "vitest";
import {
  flameGraph,
  storedProfiles,
  type StoredProfile,
  type TimeRange,
} from "../../operations/pyroscope-api";
import { waitForProfiles } from "../../operations/verify";
import { withPyroscope } from "../../sandbox/query";
import { holdLock } from "./harness/faults";
import { TestStack } from "./harness/stack";

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
    const pyroscope = { ...(stack.setting("pyroscope") as object), version: `1.12.0-${revision}` };
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
    ...[await packages(), await held(), await starts(), await digests()],
    await stack.fingerprint([...conffiles, "/usr/bin/pyroscope", "/usr/bin/alloy"], units),
    await linesOf("grep -v ' startup ' /var/log/dpkg.log"),
  ];
  /** What was stored of soar-run in its first minute. */
  const firstProfiles = (): Promise<number> =>
    withPyroscope(stack.host, async (query) => (await flameGraph(query, profile, first.range)).total);

  it("are installed at the first revision, held, and started once", async () => {
    const start = Date.now() - 60_000;
    pin(1);
    await stack.up();
    expect(await packages()).toEqual(["alloy 1.10.0-1", "pyroscope 1.12.0-1"]);
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
    pin(9);
    expect(await stack.upFails()).toContain(
      "soar-profiling: pyroscope 1.12.0-9 is not offered by this host's apt sources; they offer: 1.12.0-1 1.12.0-2",
    );
    expect(await picture()).toEqual(before);
  });

  it("an upgrade restarts each service once, keeps data and conffiles, and holds again", async () => {
    await stack.operator("echo '// by hand' >>/etc/alloy/config.alloy");
    const files = await digests();
    pin(2);
    const { text } = await stack.up();
    expect(text).toContain("pyroscope 1.12.0-2 is installed (before: 1.12.0-1)");
    expect(text).toContain("alloy 1.10.0-2 is installed (before: 1.10.0-1)");
    expect(await packages()).toEqual(["alloy 1.10.0-2", "pyroscope 1.12.0-2"]);
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
      "soar-profiling: pyroscope 1.12.0-2 is installed, which is newer than 1.12.0-1: set allowDowngrade to go back",
    );
    expect(await picture()).toEqual(before);
  });

  it("a downgrade with allowDowngrade waits for dpkg's lock, restarts each once, and holds again", async () => {
    const files = await digests();
    const released = await holdLock(stack, "/var/lib/dpkg/lock-frontend", "apt-package", 8);
    pin(1, { allowDowngrade: true });
    const { text } = await stack.up();
    expect(text).toMatch(/waiting for another process: dpkg: error: dpkg frontend lock was locked by .*perl/);
    const unpacked = await stack.operator(
      `date -d "$(grep -F ' upgrade pyroscope' /var/log/dpkg.log | tail -n 1 | cut -c1-19)" +%s`,
    );
    expect(Number(unpacked)).toBeGreaterThanOrEqual(await released());
    expect(await packages()).toEqual(["alloy 1.10.0-1", "pyroscope 1.12.0-1"]);
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

  it("an upgrade whose configuration is refused says what is installed, and how to go back", async () => {
    const alloy = { version: "1.10.0-2", fragments: { broken: "nonsense {\n" } };
    stack.configure({ alloy, allowDowngrade: false });
    const said = await stack.upFails();
    expect(said).toContain("nothing was changed");
    expect(await packages()).toEqual(["alloy 1.10.0-2", "pyroscope 1.12.0-1"]);
    expect(said).toContain(
      "soar-profiling: alloy 1.10.0-2 is installed all the same (before: 1.10.0-1); to go back, set that version and allowDowngrade",
    );
    pin(1, { allowDowngrade: true });
    await stack.up();
    expect(await packages()).toEqual(["alloy 1.10.0-1", "pyroscope 1.12.0-1"]);
  });
});

import { describe, expect, test } from "vitest";
import { waitForProfiles } from "../../operations/arrivals";
import { storedProfiles } from "../../operations/pyroscope-api";
import { sshHost } from "../../sandbox/host/host";
import { pyroscopeOn } from "../../sandbox/query";
import { heavyProfile } from "./harness/heavy-profile";
import { TestStack } from "./harness/stack";

/*
 * The kernel of the sandbox's hosts gives them no controllers of memory and processors: what systemd was told is looked at here,
 * and what Go keeps to, but not that the kernel ends who takes more.
 */
describe("Pyroscope and Alloy", { timeout: 600_000 }, async () => {
  const stack = await TestStack.create("hardening");
  const units = ["pyroscope.service", "alloy.service"] as const;
  const limitsOf = (unit: string): Promise<string> =>
    stack.operator(`systemctl show -p MemoryMax,CPUQuotaPerSecUSec ${unit} | sort | paste -sd " "`);
  const unlimited = "CPUQuotaPerSecUSec=infinity MemoryMax=infinity\n";
  /** A command as root where the unit's process is: it sees the files that this one sees. */
  const inside = (unit: string, command: string): Promise<number> =>
    stack.status(`nsenter -m -t "$(systemctl show -p MainPID --value ${unit})" sh -c '${command}'`);

  const environmentOf = (unit: string): Promise<string> =>
    stack.operator(`tr "\\0" "\n" <"/proc/$(systemctl show -p MainPID --value ${unit})/environ"`);
  /** The most memory of its own that Pyroscope has while it takes large profiles of sixteen new services, in MiB. */
  const mostUnderLoad = async (): Promise<number> => {
    const kibibytes: number[] = [];
    const input = heavyProfile(7_200, Date.now());
    for (let i = 0; i < 16; i++) {
      const url = `http://127.0.0.1:4040/ingest?format=pprof&name=heavy-${i}`;
      const push = `curl --fail-with-body -sS -H "Content-Type: application/octet-stream" --data-binary @- "${url}"`;
      // No faster than it may come in.
      const command = `${push} && sleep 0.3 && grep RssAnon "/proc/$(systemctl show -p MainPID --value pyroscope)/status"`;
      const { code, stdout, stderr } = await sshHost(stack.host, command, { input, shared: true });
      expect(code, stdout + stderr).toBe(0);
      kibibytes.push(Number(/RssAnon:\s+(\d+) kB/.exec(stdout)?.[1]));
    }
    return Math.max(...kibibytes) / 1024;
  };

  test("run with what they need, and profiles arrive, also where the data is a link to another disk", async () => {
    await stack.operator(
      "mkdir -p /srv/profiles /var/lib && ln -s /srv/profiles /var/lib/pyroscope && " +
        "groupadd --system pyroscope && useradd --system -g pyroscope -d /var/lib/pyroscope pyroscope && " +
        "chown pyroscope:pyroscope /srv/profiles",
    );
    await stack.up();
    await waitForProfiles(pyroscopeOn(stack.host), stack.declared(), 120);
    expect(await stack.operator("find /srv/profiles -type f | head -n 1")).not.toBe("");
    for (const unit of units) {
      const said = await stack.operator(`systemd-analyze security --no-pager ${unit} | tail -n 1`);
      const exposure = Number(/: ([\d.]+) /.exec(said)?.[1]);
      expect(exposure, said).toBeGreaterThan(0);
      expect(exposure, said).toBeLessThanOrEqual(unit === "alloy.service" ? 2.5 : 1.5);
      expect(await limitsOf(unit)).toBe(unlimited);
    }
  });

  test("can write to their own directories, and not where they need not", async () => {
    const states = await Promise.all([
      inside("pyroscope.service", "touch /var/lib/pyroscope/here && rm /var/lib/pyroscope/here"),
      inside("pyroscope.service", "touch /var/lib/here"),
      inside("pyroscope.service", "touch /etc/here"),
      inside("pyroscope.service", "ls /home/deploy"),
      inside("alloy.service", "touch /var/lib/alloy/here && rm /var/lib/alloy/here"),
      inside("alloy.service", "touch /etc/here"),
      inside("alloy.service", "touch /home/deploy/here"),
      inside("alloy.service", "ls /home/deploy"),
    ]);
    expect(states.map((state) => state === 0)).toEqual([true, false, false, false, true, false, false, true]);
    const powers = `for u in ${units.join(" ")}; do grep -E "^(CapBnd|NoNewPrivs)" "/proc/$(systemctl show -p MainPID --value $u)/status"; done`;
    const each = "CapBnd:\t0000000000000000\nNoNewPrivs:\t1\n";
    expect(await stack.operator(powers)).toBe(each + each);
  });

  test("get limits by one restart each, work within them, and lose them again", async () => {
    const pids = await Promise.all(units.map((unit) => stack.pid(unit)));
    const known = { pyroscope: stack.setting("pyroscope"), alloy: stack.setting("alloy") };
    stack.configure({
      pyroscope: { ...(known.pyroscope as object), memory: "128MiB", cpu: 1.5 },
      alloy: { ...(known.alloy as object), memory: "256MiB", cpu: 0.5 },
    });
    await stack.up();
    const limited = await Promise.all(units.map((unit) => stack.pid(unit)));
    expect(limited.filter((pid) => pids.includes(pid))).toEqual([]);
    expect(await limitsOf(units[0])).toBe("CPUQuotaPerSecUSec=1.500000s MemoryMax=134217728\n");
    expect(await limitsOf(units[1])).toBe("CPUQuotaPerSecUSec=500ms MemoryMax=268435456\n");
    for (const [unit, mebibytes] of [
      [units[0], 128],
      [units[1], 256],
    ] as const)
      expect(await environmentOf(unit)).toContain(`GOMEMLIMIT=${Math.floor(mebibytes * 2 ** 20 * 0.9)}\n`);
    const start = Date.now();
    const within = await mostUnderLoad();
    expect(within).toBeGreaterThan(50);
    expect(within).toBeLessThan(128);
    const arrived = async (): Promise<number> => {
      const stored = await storedProfiles(pyroscopeOn(stack.host), { start, end: Date.now() });
      return stored.filter(({ environment }) => environment === "sandbox").length;
    };
    await expect.poll(arrived, { timeout: 60_000, interval: 2_000 }).toBeGreaterThanOrEqual(6);
    stack.configure(known);
    await stack.up();
    expect(await limitsOf(units[0])).toBe(unlimited);
    // The load is one that takes more where nothing keeps it.
    expect(await mostUnderLoad()).toBeGreaterThan(128);
  });
});

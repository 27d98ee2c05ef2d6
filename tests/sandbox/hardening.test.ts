import { describe, expect, test } from "vitest";
import { waitForProfiles } from "../../operations/arrivals";
import { storedProfiles } from "../../operations/pyroscope-api";
import { pyroscopeOn } from "../../sandbox/query";
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
      pyroscope: { ...(known.pyroscope as object), memory: "512MiB", cpu: 1.5 },
      alloy: { ...(known.alloy as object), memory: "256MiB", cpu: 0.5 },
    });
    await stack.up();
    const limited = await Promise.all(units.map((unit) => stack.pid(unit)));
    expect(limited.filter((pid) => pids.includes(pid))).toEqual([]);
    expect(await limitsOf(units[0])).toBe("CPUQuotaPerSecUSec=1.500000s MemoryMax=536870912\n");
    expect(await limitsOf(units[1])).toBe("CPUQuotaPerSecUSec=500ms MemoryMax=268435456\n");
    const told = `tr "\\0" "\n" <"/proc/$(systemctl show -p MainPID --value alloy)/environ" | grep GOMEMLIMIT`;
    expect(await stack.operator(told)).toBe(`GOMEMLIMIT=${Math.floor(256 * 2 ** 20 * 0.9)}\n`);
    const start = Date.now();
    const arrived = async (): Promise<number> =>
      (await storedProfiles(pyroscopeOn(stack.host), { start, end: Date.now() })).length;
    await expect.poll(arrived, { timeout: 60_000, interval: 2_000 }).toBeGreaterThanOrEqual(6);
    stack.configure(known);
    await stack.up();
    expect(await limitsOf(units[0])).toBe(unlimited);
  });
});

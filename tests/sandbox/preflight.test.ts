import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { occupyPort } from "./harness/faults";
import { TestStack } from "./harness/stack";

const mark = "/run/before-preflight";
const sudoers = "/etc/sudoers.d/deploy";

describe("a host that is not ready", async () => {
  const stack = await TestStack.create("preflight");

  /** An `up` that must fail before it changes anything on the host, or keeps anything in the state. */
  const refused = async (): Promise<string> => {
    await stack.operator(`touch ${mark}`);
    const text = await stack.upFails();
    expect(await stack.operator("ls /usr/local/lib /var/lib")).not.toContain("soar-profiling");
    // Prometheus and systemd write their own.
    const places = "/boot /etc /home /opt /root /srv /usr /var/cache /var/lib";
    const theirs = "-path /var/lib/prometheus -o -path /var/lib/systemd";
    expect(
      await stack.operator(
        `find ${places} -xdev \\( ${theirs} \\) -prune -o -newer ${mark} \\( -type f -o -type l \\) -print`,
      ),
    ).toBe("");
    expect(await stack.state()).not.toContain("command:remote:Command");
    return text;
  };

  beforeAll(() => stack.operator("sleep 1")); // What the boot writes is older than the first mark.

  it("because others hold our ports is refused with their names, all at once", async () => {
    const free = [
      await occupyPort(stack, "127.0.0.1", 4040),
      await occupyPort(stack, "0.0.0.0", 12345),
      await occupyPort(stack, "127.0.0.2", 4041), // Not our address: no hindrance.
    ];
    const text = await refused();
    expect(text).toContain("This host is not ready; nothing was changed:\n");
    expect(text).toMatch(
      /- port 4040 on 127\.0\.0\.1, which Pyroscope \(HTTP\) needs, is held by perl \(pid \d+, squatter-4040\.service\): stop it, or set pyroscope\.httpPort\n/,
    );
    expect(text).toMatch(
      /- port 12345 on 0\.0\.0\.0, which Alloy \(HTTP\) needs, is held by perl \(pid \d+, squatter-12345\.service\): stop it, or set alloy\.httpPort\n/,
    );
    expect(text).not.toContain("port 4041 on");
    await Promise.all(free.map((stop) => stop()));
  });

  it("because it runs another system, or has no free disk, is refused with both", async () => {
    await stack.operator(
      "cp -a /etc/os-release /run/ && sed -i 's/^ID=.*/ID=ubuntu/; s/^VERSION_ID=.*/VERSION_ID=\"20.04\"/' /etc/os-release",
    );
    const pyroscope = stack.setting("pyroscope") as object;
    stack.configure({ pyroscope: { ...pyroscope, diskBudget: "900TiB" } });
    const text = await refused();
    expect(text).toContain(
      "- the system is ubuntu 20.04: Debian 12 or 13 is needed, or Ubuntu 22.04 or 24.04, which are untried\n",
    );
    expect(text).toMatch(
      /- the file system of \/var\/lib\/pyroscope has \d+ MiB free and 0 MiB in use by profiles, which is less than 943718400 MiB: make room, or lower pyroscope\.diskBudget\n/,
    );
    stack.configure({ pyroscope });
    await stack.operator("sed -i d /etc/os-release && cat /run/os-release >/etc/os-release");
  });

  it("because its user may not use sudo is refused with the rule that allows it", async () => {
    await stack.operator(`mv ${sudoers} /run/sudoers-deploy`);
    expect(await refused()).toContain(
      '- user deploy may not use sudo without a password: give it "deploy ALL=(ALL) NOPASSWD: ALL" in ' +
        "/etc/sudoers.d, or set host.user to root\n",
    );
    await stack.operator(`mv /run/sudoers-deploy ${sudoers}`);
  });

  describe("because of the packages that it has", () => {
    const have = (version: string): Promise<string> =>
      stack.operator(
        `mkdir -p /run/deb/DEBIAN && printf 'Package: pyroscope\\nVersion: ${version}\\nArchitecture: all\\n` +
          `Maintainer: a <a@b>\\nDescription: a\\n' >/run/deb/DEBIAN/control && ` +
          "dpkg-deb -b /run/deb /run/of-before.deb && dpkg -i /run/of-before.deb 2>&1 && sleep 1",
      );
    afterAll(() => stack.operator("dpkg -P pyroscope; umount /proc/cpuinfo || :; rm -rf /run/deb"));

    it("of which one is newer, it is refused with the setting that allows it", async () => {
      await have("1.22.0-1");
      expect(await refused()).toContain(
        "- pyroscope 1.22.0-1 is installed, which is newer than 1.21.1-1: set pyroscope.version to 1.22.0-1, or " +
          "allowDowngrade to go back\n",
      );
    });

    it("of which one has stored what ours does not find, it is refused whatever is allowed", async () => {
      await have("2.2.1-1");
      stack.configure({ allowDowngrade: true });
      expect(await refused()).toContain(
        "- pyroscope 2.2.1-1 is installed: what 2.x has stored is not found by 1.x, and never deleted. Set " +
          "pyroscope.version to that version, or to a later one\n",
      );
      stack.configure({ allowDowngrade: undefined });
    });

    it("it is told that one which loses profiles is upgraded, and refused for its processor only", async () => {
      await have("1.12.0");
      await stack.operator(
        "sed 's/ popcnt / /; s/ sse4_2 / /' /proc/cpuinfo >/run/cpuinfo && mount --bind /run/cpuinfo /proc/cpuinfo",
      );
      const text = await refused();
      expect(text).toContain(
        "note: pyroscope 1.12.0 is installed and will be upgraded to 1.21.1-1: from 1.17 on a dropped label merges the " +
          "samples of all threads; before, those of all but one were lost without a word\n",
      );
      expect(text).not.toContain("- pyroscope");
      if (process.arch === "x64") {
        expect(text).toContain(
          "- the processor lacks popcnt sse4_2, which pyroscope needs (x86-64-v2): a virtual machine gets it by its " +
            "processor model, such as host\n",
        );
      }
    });
  });

  it("is set up by the next `up` once all causes are gone", async () => {
    const { changes } = await stack.up();
    expect(changes["create"]).toBeGreaterThan(10);
    expect(changes).not.toHaveProperty("update");
    expect(await stack.operator("systemctl is-active pyroscope alloy")).toBe("active\nactive\n");
  });

  it("but only holds its ports itself passes the check", async () => {
    stack.configure({ pyroscope: { ...(stack.setting("pyroscope") as object), diskBudget: "6GiB" } });
    const before = await stack.fingerprint(["/etc/pyroscope/config.yml"], ["pyroscope", "alloy"]);
    const { text, changes } = await stack.up();
    expect(text).toContain("the host is ready");
    expect(changes["update"]).toBe(1);
    expect(await stack.fingerprint(["/etc/pyroscope/config.yml"], ["pyroscope", "alloy"])).toBe(before);
  });
});

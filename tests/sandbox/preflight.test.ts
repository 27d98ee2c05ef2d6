import { beforeAll, describe, expect, it } from "vitest";
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
      "cp -a /etc/os-release /run/ && sed -i 's/^ID=.*/ID=ubuntu/; s/^VERSION_ID=.*/VERSION_ID=\"24.04\"/' /etc/os-release",
    );
    const pyroscope = stack.setting("pyroscope") as object;
    stack.configure({ pyroscope: { ...pyroscope, diskBudget: "900TiB" } });
    const text = await refused();
    expect(text).toContain("- the system is ubuntu 24.04: Debian 12 or 13 is needed\n");
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

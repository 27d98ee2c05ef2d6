import { beforeAll, describe, expect, test } from "vitest";
import { TestStack } from "./harness/stack";

/** Both are links to another disk, as a host may have them; the second leads to a checkout of the operator's. */
const moved = ["/etc/alloy", "/etc/prometheus"];
const mark = "/run/before";

describe("a host whose directories are links", { timeout: 300_000 }, async () => {
  const stack = await TestStack.create("layout");
  const alloy = stack.setting("alloy") as object;

  /** What was written below the links' targets since the mark. */
  const written = (): Promise<string> => stack.operator(`find /srv -newer ${mark} -type f`);
  const files = (): Promise<string> => stack.operator("find /srv ! -name '*.prom' -type f | sort");
  let before = "";

  beforeAll(async () => {
    await stack.operator(
      "systemctl stop prometheus; mkdir /srv/alloy && ln -s /srv/alloy /etc/alloy && " +
        "mv /etc/prometheus /srv/ && ln -s /srv/prometheus /etc/prometheus && " +
        "mkdir /srv/rules && ln -s /srv/rules /etc/prometheus/rules && systemctl start prometheus",
    );
    before = await files();
    stack.configure({
      services: [{ name: "soar-run", port: 9091, interval: "10s", metrics: true }],
      prometheus: { url: "http://127.0.0.1:9090" },
    });
    await stack.up();
  }, 120_000);

  test("has our files where the links lead, and a second `up` touches nothing", async () => {
    expect(await files()).toContain("/srv/alloy/conf.d/sandbox-profiles.alloy\n");
    expect(await files()).toContain("/srv/rules/sandbox-profiling.yml\n");
    expect(await stack.operator(`readlink ${moved.join(" ")} /etc/prometheus/rules`)).toBe(
      "/srv/alloy\n/srv/prometheus\n/srv/rules\n",
    );
    await stack.operator(`touch ${mark}`);
    expect(Object.keys((await stack.up()).changes)).toEqual(["same"]);
    expect(await written()).toBe("");
  });

  test("has nothing of a change that the validator refuses", async () => {
    await stack.operator(`sleep 1; touch ${mark}`);
    stack.configure({ alloy: { ...alloy, fragments: { extra: 'local.file "x" {}\n' } } });
    expect(await stack.upFails()).toContain(
      "/etc/alloy/conf.d/sandbox-extra.alloy:1:1: missing required attribute",
    );
    expect(await written()).toBe("");
    stack.configure({ alloy });
  });

  test("has nothing of ours where a compromised Alloy leads root by a link", async () => {
    const asAlloy = (commands: string): Promise<string> =>
      stack.operator(`runuser -u alloy -- sh -c 'cd /etc/alloy && ${commands}'`);
    const target = (): Promise<string> => stack.operator("stat -c '%a %U:%G %z' /etc/ssh; ls -lA /etc/ssh");
    const untouched = await target();
    await asAlloy("mv conf.d away && ln -s /etc/ssh conf.d");
    stack.configure({ alloy: { ...alloy, fragments: { extra: "// nothing\n" } } });
    expect(await stack.upFails()).toContain(
      "/srv/alloy/conf.d is a link that not only root can have put there (root:alloy 770 may write to /srv/alloy), " +
        "so root does not follow it: remove it, or let only root write to /srv/alloy; nothing was changed",
    );
    expect(await target()).toBe(untouched);
    await asAlloy("rm conf.d && mv away conf.d");
    stack.configure({ alloy });
  });

  test("has none of them after a destroy", async () => {
    await stack.up();
    await stack.destroy();
    expect(await files()).toBe(before);
    expect(await stack.operator("readlink /etc/prometheus /etc/prometheus/rules")).toBe(
      "/srv/prometheus\n/srv/rules\n",
    );
  });
});

describe("an Alloy that answers elsewhere by now", { timeout: 300_000 }, async () => {
  const stack = await TestStack.create("moved");
  const alloy = stack.setting("alloy") as object;
  const traces = { url: "http://127.0.0.1:4320" };

  test("lets go of what was declared for the old port, in the same `up`, and starts once", async () => {
    stack.configure({ traces });
    await stack.up();
    const starts = "journalctl -q -o cat _PID=1 UNIT=alloy.service | grep -c '^Started '";
    const before = Number(await stack.operator(starts));
    stack.configure({ alloy: { ...alloy, httpPort: 12346 }, traces: undefined });
    await stack.up();
    expect(Number(await stack.operator(starts))).toBe(before + 1);
    expect(await stack.status("ls /etc/alloy/conf.d/sandbox-traces.alloy")).toBe(2);
    expect(await stack.operator("curl -fsS http://127.0.0.1:12346/-/ready")).toContain("Alloy is ready");
  });

  test("has one environment of this stack: another name is refused with what to do, and the old one goes on", async () => {
    stack.configure({ environment: "renamed" });
    expect(await stack.upFails()).toContain(
      "soar-profiling: this stack is environment sandbox on this host, not renamed; nothing was changed. " +
        "Set environment to sandbox again; or pulumi destroy first, and then pulumi up with the new name",
    );
    expect(await stack.operator("ls /var/lib/soar-profiling /usr/local/lib/soar-profiling")).not.toContain(
      "renamed",
    );
    await stack.destroy();
    await stack.up();
    expect(await stack.operator("ls /etc/alloy/conf.d")).toBe(
      "destination.alloy\nplatform.alloy\nrenamed-profiles.alloy\n",
    );
  });
});

import { beforeAll, describe, expect, test } from "vitest";
import { occupyPort, stopSshd } from "./harness/faults";
import { TestStack } from "./harness/stack";

const domain = "pyroscope.sandbox.test";
const profiles = "/etc/alloy/conf.d/sandbox-profiles.alloy";
const service = { name: "soar-run", port: 9091, interval: "10s", metrics: true };
/** Of this, the profiles' files differ, and those for Prometheus. */
const changed = { ...service, labels: { team: "ogn" }, metrics: { path: "/metrics/1" } };

/** What a login shell may do: it prints to both streams, and without an end of line, and traces. */
const bashrc = [
  "echo 'record alloy 7'; echo 'caddy-version 1.0.0'; echo a warning >&2",
  "head -c 5000 /dev/zero | tr '\\0' x; printf 'hello\\r\\nno end of line'",
  "set -x",
].join("\n");

/** A preview asks the host of a stack with `detectDrift`, and its users' login shells have something to say. */
describe("a preview on a host with a greeting", { timeout: 300_000 }, async () => {
  const stack = await TestStack.create("trial");
  let resources = 0;

  beforeAll(async () => {
    await stack.operator(
      `cat >/home/deploy/.bashrc <<'EOF'\n${bashrc}\nEOF\n` +
        "echo 'a message of the day' >/etc/motd; echo 'a banner' >/etc/banner; " +
        "echo 'Banner /etc/banner' >/etc/ssh/sshd_config.d/00-banner.conf; systemctl reload ssh",
    );
    stack.configure({
      detectDrift: true,
      services: [service],
      prometheus: { url: "http://127.0.0.1:9090" },
      site: { domain, tls: "internal" },
    });
  });

  /** All that is on the host, with times, and what runs there. */
  const everything = (): Promise<string> =>
    stack.operator(
      "find /etc /var/lib/soar-profiling /usr/local/lib -printf '%p %y %m %u:%g %s %i %T@ %C@\\n' 2>/dev/null | sort; " +
        "find /run/soar-profiling -mindepth 1 ! -name lock ! -name holder 2>/dev/null; " +
        "systemctl show -p Id -p MainPID -p NRestarts alloy pyroscope prometheus caddy",
    );
  const warnings = (text: string): string[] =>
    [...new Set([...text.matchAll(/^ *warning: (.*)$/gm)].map(([, what = ""]) => what.trim()))].sort();
  /** A preview that must fail, and leave no trace; it is one login. */
  const refused = async (): Promise<{ text: string; errors: Record<string, string> }> => {
    const [before, logins] = [await everything(), await stack.logins()];
    const said = await stack.previewFails();
    expect(await everything()).toBe(before);
    expect(await stack.logins()).toBe(logins + 1);
    return said;
  };
  const fragments = (text: string) => ({ alloy: { fragments: { extra: text } } });

  test("before the first `up` is the preflight's, which finds what is in the way", async () => {
    const free = await occupyPort(stack, "127.0.0.1", 4041);
    const { errors } = await refused();
    expect(errors["soar-host-setup"]).toContain(
      "- port 4041 on 127.0.0.1, which Pyroscope (gRPC) needs, is held by perl",
    );
    await free();
    resources = (await stack.preview()).changes["create"] ?? 0;
    expect((await stack.up()).changes).toEqual({ create: resources });
  });

  test("is empty after the first `up`, and is one login", async () => {
    const logins = await stack.logins();
    const { changes, text } = await stack.preview();
    expect([changes, warnings(text)]).toEqual([{ same: resources }, []]);
    expect(await stack.logins()).toBe(logins + 1);
  });

  test("refuses a wrong fragment and a wrong label, each at its service, in the validator's words", async () => {
    const neighbour = "/etc/prometheus/jobs/operator.yml";
    await stack.operator(
      `printf 'scrape_configs:\\n  - job_name: x\\n    static_configs: [{targets: [a:1], labels: {1x: y}}]\\n' >${neighbour}`,
    );
    stack.configure({
      services: [changed],
      ...fragments('pyroscope.write "platform" { }\nno_such_block { }\n'),
    });
    const { errors } = await refused();
    expect(errors["soar-profiles-config-files"]).toContain("/etc/alloy/conf.d/sandbox-extra.alloy:");
    expect(errors["soar-profiles-config-files"]).toContain(
      "soar-profiling: profiles: refused by '/usr/bin/alloy validate /etc/alloy/conf.d' (its words above); nothing was changed",
    );
    expect(errors["soar-prometheus-config-files"]).toContain('"1x" is not a valid label name');
    // As an `up` says it.
    const up = await stack.upFails();
    const verdict = (errors["soar-profiles-config-files"] ?? "").split("\n").map((line) => line.trim());
    for (const line of verdict.filter((line) => line !== "")) {
      expect(up).toContain(line.replace(/^error: /, ""));
    }
    await stack.operator(`rm ${neighbour}`);
  });

  test("refuses a wrong rule file, and of our files with a secret tells positions only", async () => {
    const neighbour = "/etc/prometheus/rules/operator-profiling.yml";
    await stack.operator(
      `printf 'groups:\\n  - name: x\\n    rules: [{alert: A, expr: "sum("}]\\n' >${neighbour}`,
    );
    const told = (await refused()).errors;
    expect(told["soar-prometheus-config-files"]).toContain(neighbour);
    expect(told["soar-prometheus-config-files"]).toContain("unclosed left parenthesis");
    // A label is in the files of both.
    const secret = "do-not-tell-this";
    stack.configure(
      { services: [{ ...changed, labels: { team: "ogn", token: "" } }] },
      { "services[0].labels.token": secret },
    );
    const { errors, text } = await refused();
    const [profiles, prometheus] = [
      errors["soar-profiles-config-files"],
      errors["soar-prometheus-config-files"],
    ];
    expect(profiles).toContain("/etc/alloy/conf.d/sandbox-extra.alloy:");
    expect(profiles).toContain("its words may quote a secret: an up leaves them on the host, for root");
    expect(text).not.toContain("no_such_block");
    // The mistake of somebody else's file is told in full: it was there before, and quotes nothing of ours.
    expect(prometheus).toContain("its words above), which refuses what is on the host now as well");
    expect(prometheus).toContain("unclosed left parenthesis");
    expect(text).not.toContain(secret);
    await stack.operator(`rm ${neighbour}`);
    stack.removeSecret("services[0].labels.token");
  });

  test("accepts what an `up` makes, and shows what was changed by hand", async () => {
    await stack.operator(`echo '# by hand' >>${profiles}`);
    stack.configure({ services: [changed], alloy: undefined });
    const before = await everything();
    const { changes, text } = await stack.preview();
    expect(await everything()).toBe(before);
    expect(changes).toEqual({ same: resources - 2, update: 2 });
    expect(warnings(text)).toEqual([`On the host ${profiles} was edited. An up puts it back.`]);
    expect((await stack.up()).changes).toEqual({ same: resources - 2, update: 2 });
    expect((await stack.preview()).changes).toEqual({ same: resources });
  });

  test("says what it cannot tell: of another version, of an older program's scripts", async () => {
    stack.configure({ alloy: { version: "1.10.0-2" } });
    const { text } = await stack.preview();
    const put = "The host cannot say yet whether an up would refuse this: ";
    expect(warnings(text)).toContain(
      `${put}the host has alloy 1.10.0-1, and only 1.10.0-2 can check them, which comes with an up.`,
    );
    stack.configure({ alloy: undefined, services: [service] });
    // The script, and the copy of it that is kept with the records.
    const scripts = ["/usr/local/lib", "/var/lib"].map((place) => `${place}/soar-profiling/sandbox`);
    const [script, copy] = [`${scripts[0]}/check`, `${scripts[1]}/scripts/sandbox/check`];
    await stack.operator(`mv ${script} ${script}.away; mv ${copy} ${copy}.away`);
    expect(warnings((await stack.preview()).text)).toEqual([
      `${put}it lacks a script of this program, which comes with an up.`,
    ]);
    await stack.operator(`mv ${script}.away ${script}; mv ${copy}.away ${copy}`);
  });

  test("is the old one, with one warning, where the host is away", async () => {
    await stopSshd(stack, 25);
    const { changes, text } = await stack.preview();
    expect(changes).toEqual({ same: resources - 2, update: 2 });
    expect(warnings(text)).toEqual([
      expect.stringContaining(
        "detectDrift: the host could not be asked, so what was changed there by hand is",
      ),
    ]);
    await expect.poll(() => stack.status("true"), { timeout: 40_000, interval: 1000 }).toBe(0);
  });

  test("is followed by a destroy that leaves nothing", async () => {
    await stack.destroy();
    expect(await stack.status("ls -d /var/lib/soar-profiling /usr/local/lib/soar-profiling")).toBe(2);
  });
});

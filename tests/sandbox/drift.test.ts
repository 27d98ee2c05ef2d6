import { beforeAll, describe, expect, test } from "vitest";
import { sshHost, startHost, stopHost } from "../../sandbox/host/host";
import { stopSshd } from "./harness/faults";
import { TestStack } from "./harness/stack";

const domain = "pyroscope.sandbox.test";
const file = {
  pyroscope: "/etc/pyroscope/config.yml",
  profiles: "/etc/alloy/conf.d/sandbox-profiles.alloy",
  job: "/etc/prometheus/jobs/sandbox-soar-run.yml",
  prometheus: "/etc/prometheus/prometheus.yml",
  site: `/etc/soar/caddy/${domain}.conf`,
};

describe("what was changed on the host by hand", { timeout: 300_000 }, async () => {
  const stack = await TestStack.create("drift");
  let resources = 0;

  beforeAll(async () => {
    stack.configure({
      detectDrift: true,
      services: [{ name: "soar-run", port: 9091, interval: "10s", metrics: true }],
      prometheus: { url: "http://127.0.0.1:9090" },
      site: { domain, tls: "internal" },
    });
    resources = (await stack.up()).changes["create"] ?? 0;
  }, 120_000);

  const fingerprint = (): Promise<string> =>
    stack.fingerprint(Object.values(file), ["alloy", "pyroscope", "prometheus", "caddy"]);
  const contents = (): Promise<string> =>
    stack.operator(
      `stat -c '%n %a %U:%G' ${Object.values(file).join(" ")}; cat ${Object.values(file).join(" ")}`,
    );
  const warnings = (text: string): string[] =>
    [...new Set([...text.matchAll(/warning: (On the host .*)/g)].map(([, what = ""]) => what.trim()))].sort();
  /** The last generation of each command that a preview would change. */
  const changed = (text: string): Record<string, string> =>
    Object.fromEntries(
      [
        ...text.matchAll(
          /service-config apply (\S+)(?: --generation \d+)?" => ".*service-config apply \S+ --generation (\d+)"/g,
        ),
      ].map(([, id = "", generation = ""]) => [id, generation]),
    );

  test("is nothing at first: a preview is empty, and an `up` is one connection and touches nothing", async () => {
    const before = await fingerprint();
    expect((await stack.preview()).changes).toEqual({ same: resources });
    const logins = await stack.logins();
    expect((await stack.up()).changes).toEqual({ same: resources });
    // The program's own.
    expect(await stack.logins()).toBe(logins + 1);
    expect(await fingerprint()).toBe(before);
  });

  test("shows in a preview by the file's name, `up` puts it back, and the next preview is empty", async () => {
    const before = await contents();
    await stack.operator(
      `echo '# by hand' >>${file.profiles}; rm ${file.job}; chmod 0666 ${file.pyroscope}; ` +
        `sed -i '/# soar-profiling/d' ${file.prometheus}; echo '# by hand' >>${file.site}`,
    );
    const preview = await stack.preview();
    expect(warnings(preview.text)).toEqual(
      [
        `On the host ${file.profiles} was edited. An up puts it back.`,
        `On the host ${file.job} is missing. An up puts it back.`,
        `On the host ${file.prometheus} was edited. An up puts it back.`,
        `On the host ${file.pyroscope} is 0666 root:pyroscope, not 0640 root:pyroscope. An up puts it back.`,
        `On the host ${file.site} was edited. An up puts it back.`,
      ].sort(),
    );
    expect(preview.changes).toEqual({ same: resources - 4, update: 4 });
    const again = { profiles: "1", prometheus: "1", pyroscope: "1", site: "1" };
    expect(changed(preview.text)).toEqual(again);

    const alloy = await stack.pid("alloy");
    expect((await stack.up()).changes).toEqual({ same: resources - 4, update: 4 });
    expect(await contents()).toBe(before);
    expect(await stack.pid("alloy")).toBe(alloy);
    const after = await stack.preview();
    expect([after.changes, warnings(after.text)]).toEqual([{ same: resources }, []]);
  });

  test("may be a unit that was stopped, and a directory that was removed: they come back, and the second time counts on", async () => {
    await stack.operator(`systemctl stop pyroscope; rm -r /etc/pyroscope; echo '# again' >>${file.profiles}`);
    const preview = await stack.preview();
    expect(warnings(preview.text)).toEqual([
      `On the host ${file.profiles} was edited. An up puts it back.`,
      `On the host ${file.pyroscope} is missing. An up puts it back.`,
      "On the host pyroscope.service does not run. An up puts it back.",
    ]);
    expect(changed(preview.text)).toEqual({ profiles: "2", pyroscope: "2" });
    expect((await stack.up()).changes).toEqual({ same: resources - 2, update: 2 });
    expect(await stack.operator("systemctl is-active pyroscope")).toBe("active\n");
    expect((await stack.preview()).changes).toEqual({ same: resources });
  });

  test("may be anything else that an `up` has put on the host, and tells what was edited, but no secret", async () => {
    const scripts = "/usr/local/lib/soar-profiling/sandbox";
    const etc = "/etc/apt /etc/systemd/system/pyroscope.service.d /etc/systemd/system/alloy.service.d";
    const look = (): Promise<string> =>
      stack.operator(
        `find ${etc} ${scripts} /etc/alloy /etc/soar ! -name '*.gpg~' -exec stat -c '%n %a %U:%G' {} + | sort; ` +
          `find ${etc} ${scripts} -type f ! -path '*/records/*' -exec sha256sum {} + | sort; ` +
          "systemctl is-enabled alloy pyroscope; ls /var/lib/soar-profiling/configured /var/lib/soar-profiling/sandbox",
      );
    const before = await look();
    await stack.operator(
      [
        "rm /etc/apt/keyrings/grafana.asc",
        "sed -i 's/^Suites: .*/Suites: oldstable/' /etc/apt/sources.list.d/grafana.sources",
        "rm /etc/systemd/system/pyroscope.service.d/00-soar-profiling.conf",
        "printf '[Service]\\nUser=root\\n' >/etc/systemd/system/alloy.service.d/00-soar-profiling.conf",
        "systemctl -q disable alloy",
        `echo '# by hand' >>${scripts}/uninstall; rm ${scripts}/lib.sh`,
        "chmod 0777 /etc/alloy/conf.d",
        "rm /var/lib/soar-profiling/configured/pyroscope.service",
        `sed -i '/# soar-profiling/d' ${file.prometheus}`,
        `sed -i '/scrape_interval/s/10s/7s/' ${file.profiles}; echo '// my_password = abcdef' >>${file.profiles}`,
        `echo '# sentinel-by-hand' >>${file.site}`,
      ].join("\n"),
    );
    const preview = await stack.preview();
    expect(warnings(preview.text)).toEqual(
      [
        "/etc/apt/keyrings/grafana.asc is missing",
        "/etc/apt/sources.list.d/grafana.sources was edited",
        "/etc/systemd/system/pyroscope.service.d/00-soar-profiling.conf is missing",
        "/etc/systemd/system/alloy.service.d/00-soar-profiling.conf was edited",
        "alloy.service is disabled, so that it does not start with the host",
        `${scripts}/uninstall was edited`,
        `${scripts}/lib.sh is missing`,
        "/etc/alloy/conf.d is 0777 root:alloy, not 0750 root:alloy",
        "/var/lib/soar-profiling/configured/pyroscope.service is missing, without which pyroscope.service does not start",
        `${file.prometheus} was edited`,
        `${file.profiles} was edited`,
        `${file.site} was edited`,
      ]
        .map((what) => `On the host ${what}. An up puts it back.`)
        .sort(),
    );
    for (const told of ["-Suites: stable", "+Suites: oldstable", "+User=root", "+# by hand"]) {
      expect(preview.text).toContain(told);
    }
    expect(preview.text).toMatch(/^ *-.*scrape_interval.*"10s"\n *\+.*scrape_interval.*"7s"$/m);
    expect(preview.text).toMatch(/^ *-.*\/etc\/prometheus\/jobs\/\*\.yml.*# soar-profiling$/m);
    expect(preview.text).not.toMatch(/my_password|sentinel-by-hand/);
    await stack.up();
    expect(await look()).toBe(before);
    const after = await stack.preview();
    expect([after.changes, warnings(after.text)]).toEqual([{ same: resources }, []]);
  });

  test("may be that all scripts of ours are gone: they come back, and nothing else is said to differ", async () => {
    await stack.operator("rm -r /usr/local/lib/soar-profiling");
    const preview = await stack.preview();
    expect(warnings(preview.text)).toEqual([
      "On the host /usr/local/lib/soar-profiling/sandbox is missing. An up puts it back.",
    ]);
    expect(preview.changes).toEqual({ same: resources - 1, update: 1 });
    await stack.up();
    expect((await stack.preview()).changes).toEqual({ same: resources });
  });

  test("is put back for a package's next version also where nobody asks: the apt source", async () => {
    stack.configure({ detectDrift: undefined });
    await stack.up();
    await stack.operator("rm /etc/apt/sources.list.d/grafana.sources; rm -r /var/lib/apt/lists");
    stack.configure({ alloy: { version: "1.10.0-2" } });
    expect((await stack.up()).text).toContain(
      "apt source grafana was no longer as it was put in place, and is again",
    );
    expect(await stack.operator("dpkg-query -W -f '${Version}\n' alloy")).toBe("1.10.0-2\n");
    expect(await stack.status("test -e /etc/apt/sources.list.d/grafana.sources")).toBe(0);
    stack.configure({ detectDrift: true, alloy: { version: "1.10.0-1" }, allowDowngrade: true });
    await stack.up();
    expect((await stack.preview()).changes).toEqual({ same: resources });
  });

  test("may be a package: its hold is gone, or its version another; `up` keeps it where it was, and restarts what it must", async () => {
    await stack.operator("apt-mark unhold pyroscope");
    const unheld = await stack.preview();
    expect(warnings(unheld.text)).toEqual(["On the host package pyroscope is not held. An up puts it back."]);
    expect(unheld.changes).toEqual({ same: resources - 1, update: 1 });

    await stack.operator(
      "DEBIAN_FRONTEND=noninteractive apt-get -qq install --allow-change-held-packages alloy=1.10.0-2 && systemctl restart alloy",
    );
    stack.configure({ allowDowngrade: true });
    expect(warnings((await stack.preview()).text)).toEqual(
      expect.arrayContaining([
        "On the host alloy.service is of another version of its package. An up puts it back.",
        "On the host package alloy is at 1.10.0-2, not at 1.10.0-1. An up puts it back.",
        "On the host package pyroscope is not held. An up puts it back.",
      ]),
    );
    const pyroscope = await stack.pid("pyroscope");
    await stack.up();
    expect(await stack.operator("apt-mark showhold; dpkg-query -W -f '${Version}\n' alloy")).toBe(
      "alloy\npyroscope\n1.10.0-1\n",
    );
    expect(await stack.operator(`readlink /proc/${await stack.pid("alloy")}/exe`)).toBe("/usr/bin/alloy\n");
    expect(await stack.pid("pyroscope")).toBe(pyroscope);
    expect(Object.keys((await stack.preview()).changes)).toEqual(["same"]);
  });

  test("may be a package that was purged: it comes back, and does not start before its files are there", async () => {
    await stack.operator(
      "systemctl stop pyroscope; apt-get -qq purge -y --allow-change-held-packages pyroscope; date '+%F %T' >/run/purged",
    );
    expect(warnings((await stack.preview()).text)).toContain(
      "On the host package pyroscope is not installed. An up puts it back.",
    );
    await stack.up();
    const since = 'journalctl -q -o cat _PID=1 UNIT=pyroscope.service --since "$(cat /run/purged)"';
    expect(await stack.operator(`${since} | grep -c 'unmet condition check.*ConditionPathExists='`)).not.toBe(
      "0\n",
    );
    expect(await stack.operator(`${since} | grep -c '^Started '`)).toBe("1\n");
    expect(await stack.operator("ss -Hltnp | grep pyroscope | grep -vc 127.0.0.1 || :")).toBe("0\n");
    expect((await stack.preview()).changes).toEqual({ same: resources });
  });

  test("may be what the host knows of a service: its files and its records come back", async () => {
    await stack.operator("/usr/local/lib/soar-profiling/sandbox/service-config remove profiles");
    const preview = await stack.preview();
    expect(warnings(preview.text)).toEqual([
      "On the host nothing is known of profiles: its records were removed. An up puts it back.",
    ]);
    expect(preview.changes).toEqual({ same: resources - 1, update: 1 });
    await stack.up();
    expect(await stack.status(`ls ${file.profiles}`)).toBe(0);
    expect((await stack.preview()).changes).toEqual({ same: resources });
  });

  test("is not shown when the host cannot be asked, after an `up` that failed in part neither", async () => {
    await stack.operator(
      `echo '# by hand' | tee -a ${file.profiles} >>${file.job}; echo 'x: [' >>${file.prometheus}`,
    );
    await stack.upFails();
    expect(await stack.status(`grep 'by hand' ${file.profiles}`)).toBe(1);
    await stack.operator(`sed -i '$d' ${file.prometheus}`);
    await stopSshd(stack, 25);
    const preview = await stack.preview();
    expect(preview.changes).toEqual({ same: resources });
    expect(preview.text).toContain(
      "warning: detectDrift: the host could not be asked, so what was changed there by hand is not shown: no SSH login as deploy at",
    );
    await expect.poll(() => stack.status("true"), { timeout: 40_000, interval: 1000 }).toBe(0);
    await stack.up();
    expect((await stack.preview()).changes).toEqual({ same: resources });
  });

  test("is no matter of the outputs, which tell what was applied: what `--target` leaves out is as it was", async () => {
    await stack.up();
    const outputs = await stack.outputs();
    interface Outputs {
      written: Record<string, string>;
      platform: object;
    }
    const of = (all: typeof outputs): Outputs => ({
      written: all["written"]?.value as Outputs["written"],
      platform: all["platform"]?.value as object,
    });
    const { deployment } = JSON.parse(await stack.state()) as {
      deployment: { resources: { urn: string }[] };
    };
    const target = deployment.resources.filter(({ urn }) => urn.endsWith("::soar-profiles-config-files"));
    const pyroscope = stack.setting("pyroscope") as object;
    stack.configure({
      pyroscope: { ...pyroscope, retention: "10d" },
      services: [{ name: "soar-run", port: 9091, interval: "20s", metrics: true }],
    });
    await stack.up({ target: target.map(({ urn }) => urn) });
    const after = await stack.outputs();
    expect(after["retention"]?.value).not.toBe("10d");
    expect(after["retention"]?.value).toBe(outputs["retention"]?.value);
    expect(of(after).platform).toEqual(of(outputs).platform);
    const others = ({ written }: Outputs): object => ({ ...written, [file.profiles]: "" });
    expect(others(of(after))).toEqual(others(of(outputs)));
    expect(of(after).written).not.toEqual(of(outputs).written);
    stack.configure({ pyroscope });
    await stack.up();
  });

  test("is put back together with a change of the settings, and not without `detectDrift`", async () => {
    await stack.operator(`echo '# by hand' >>${file.job}`);
    stack.configure({ detectDrift: undefined });
    const blind = await stack.preview();
    expect(warnings(blind.text)).toEqual([]);
    stack.configure({
      detectDrift: true,
      services: [{ name: "soar-run", port: 9091, interval: "10s", metrics: true, labels: { team: "ogn" } }],
    });
    const { changes } = await stack.up();
    expect(changes["update"]).toBe(2);
    expect(await stack.status(`grep 'by hand' ${file.job}`)).toBe(1);
    expect((await stack.preview()).changes).toEqual({ same: resources });
  });

  test("is not another host: that is refused, although a copy of a machine has its key", async () => {
    const other = await startHost("moved", { quiet: true });
    const at = (address: string): void => {
      stack.configure({ host: { address, user: "deploy", hostKey: other.hostKey }, detectDrift: undefined });
    };
    try {
      at(other.address);
      expect((await stack.preview()).text).toContain(
        `warning: The host was ${stack.host.address} (ssh-ed25519 `,
      );
      expect(await stack.upFails()).toMatch(
        /host: \S+ .* is not known to be the machine that the last up was on/,
      );
      expect((await sshHost(other, "ls -d /usr/local/lib/soar-profiling")).code).toBe(2);
    } finally {
      at(stack.host.address);
      stack.configure({ detectDrift: true });
      await stopHost("moved");
    }
    expect((await stack.preview()).changes).toEqual({ same: resources });
  });

  test("does not keep the stack from being destroyed", async () => {
    await stack.operator(`echo '# by hand' >>${file.profiles}`);
    await stack.destroy();
    expect(
      await stack.status("ls -d /etc/alloy/conf.d /var/lib/soar-profiling /usr/local/lib/soar-profiling"),
    ).toBe(2);
  });
});

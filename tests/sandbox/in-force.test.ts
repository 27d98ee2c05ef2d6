import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { editFile } from "./harness/faults";
import { TestStack } from "./harness/stack";

const domain = "pyroscope.sandbox.test";
const units = ["pyroscope", "alloy", "prometheus", "caddy"];
const file = {
  pyroscope: "/etc/pyroscope/config.yml",
  defaults: "/etc/default/alloy",
  profiles: "/etc/alloy/conf.d/sandbox-profiles.alloy",
  rules: "/etc/prometheus/rules/sandbox-profiling.yml",
  site: `/etc/soar/caddy/${domain}.conf`,
  caddyfile: "/etc/caddy/Caddyfile",
};
const remedy = "remove that, and say in the stack's settings what it is for";
const dropIn = (unit: string, name: string, text: string): string =>
  `mkdir -p /etc/systemd/system/${unit}.service.d && printf '${text}' >/etc/systemd/system/${unit}.service.d/${name}.conf`;
const override = dropIn(
  "pyroscope",
  "override",
  "[Service]\\nExecStart=\\nExecStart=/usr/bin/pyroscope -config.file /etc/pyroscope/config.yml -compactor.blocks-retention-period=720h\\n",
);
const overridden =
  "/etc/systemd/system/pyroscope.service.d/override.conf sets ExecStart (with -compactor.blocks-retention-period) of pyroscope.service, " +
  `which beats ExecStart in /etc/systemd/system/pyroscope.service: ${remedy}`;
const shadow =
  "sed 's,\\$CONFIG_FILE,/etc/alloy/config.alloy,' /usr/lib/systemd/system/alloy.service >/etc/systemd/system/alloy.service";
const shadowed =
  "/etc/systemd/system/alloy.service shadows /usr/lib/systemd/system/alloy.service of the package alloy " +
  `and sets ExecStart (with /etc/alloy/config.alloy and without $CONFIG_FILE): ${remedy}`;
const remove = (path: string): string => `rm ${path} && systemctl daemon-reload`;

describe("what runs is what was declared", { timeout: 600_000 }, async () => {
  const stack = await TestStack.create("in-force");

  /** What the host itself finds, as a preview and `verify` ask for it. */
  const findings = async (): Promise<string[]> => {
    const lines = await stack.operator("/usr/local/lib/soar-profiling/sandbox/drift");
    return lines.split("\n").filter((line) => /^(differs|foreign) /.test(line));
  };
  const state = (): Promise<string> => stack.fingerprint(Object.values(file), units);
  const ready = async (unit: string, port: number): Promise<void> => {
    await stack.operator(
      `for i in $(seq 100); do curl -fsS 127.0.0.1:${port}/-/ready >/dev/null || curl -fsS 127.0.0.1:${port}/ready && exit 0; sleep 0.3; done; exit 1 # ${unit}`,
    );
  };

  beforeAll(async () => {
    stack.configure({
      detectDrift: true,
      services: [{ name: "soar-run", port: 9091, interval: "10s", metrics: true }],
      prometheus: { url: "http://127.0.0.1:9090" },
      site: { domain, tls: "internal" },
    });
    // A host that is taken over, with files of its operator: two that win over ours, and two that do no harm.
    const url = stack.host.repositoryUrl;
    await stack.operator(
      `curl -fsS ${url}/key.asc >/etc/apt/keyrings/own.asc && echo 'deb [signed-by=/etc/apt/keyrings/own.asc] ${url} stable main' >/etc/apt/sources.list.d/own.list && ` +
        "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install pyroscope=1.21.1-1 alloy=1.10.0-1 >/dev/null && rm /etc/apt/sources.list.d/own.list",
    );
    await stack.operator(
      [
        override,
        shadow,
        dropIn("pyroscope", "zz-limits", "[Service]\\nMemoryMax=8G\\nNice=5\\n"),
        dropIn("alloy", "memory", "[Service]\\nEnvironment=GOMEMLIMIT=4GiB\\nLimitNOFILE=9999\\n"),
        "systemctl daemon-reload",
      ].join(" && "),
    );
  }, 200_000);

  test("a host that is taken over is refused before anything is changed, with each file and the setting that it beats", async () => {
    const said = await stack.upFails();
    expect(said).toContain(`This host is not ready; nothing was changed:\n`);
    for (const line of [overridden, shadowed]) expect(said).toContain(`- ${line}\n`);
    expect(said).not.toMatch(/zz-limits|memory\.conf/);
    expect(await stack.status("ls -d /var/lib/soar-profiling /usr/local/lib/soar-profiling")).toBe(2);
  });

  test("without these it is taken, and what does no harm stays and is no finding", async () => {
    await stack.operator(
      "rm /etc/systemd/system/pyroscope.service.d/override.conf /etc/systemd/system/alloy.service && systemctl daemon-reload",
    );
    await stack.up();
    expect(await findings()).toEqual([]);
    expect(Object.keys((await stack.preview()).changes)).toEqual(["same"]);
    expect(await stack.operator("systemctl show -p Nice --value pyroscope")).toBe("5\n");
  });

  test.each([
    [
      "a drop-in with another command line",
      override,
      "pyroscope.service.d/override.conf",
      "pyroscope",
      overridden,
    ],
    [
      "a drop-in with another environment file",
      `echo CONFIG_FILE=/etc/alloy/config.alloy >/etc/default/mine && ${dropIn("alloy", "mine", "[Service]\\nEnvironmentFile=/etc/default/mine\\n")}`,
      "alloy.service.d/mine.conf",
      "alloy",
      `/etc/systemd/system/alloy.service.d/mine.conf sets EnvironmentFile (CONFIG_FILE) of alloy.service, which beats CONFIG_FILE in ${file.defaults}: ${remedy}`,
    ],
    ["a unit file of the same name", shadow, "alloy.service", "alloy", shadowed],
  ])(
    "%s: a preview names it and refuses what `up` does, which touches nothing, and then all is as it was",
    async (_, add, path, id, what) => {
      const before = await state();
      onTestFinished(async () => {
        await stack.status(`rm -f /etc/systemd/system/${path} && systemctl daemon-reload`);
      });
      await stack.operator(`${add} && systemctl daemon-reload`);
      expect(await findings()).toEqual([`foreign ${id} ${what}`]);
      const preview = await stack.preview().then(() => "none was refused", String);
      expect(preview).toContain(`warning: On the host ${what}. An up fails until then.`);
      expect(preview).toContain(`error: soar-profiling: ${id}: ${what}; nothing was changed`);
      expect(await stack.upFails()).toContain(`soar-profiling: ${id}: ${what}; nothing was changed`);
      expect(await state()).toBe(before);
      await stack.operator(remove(`/etc/systemd/system/${path}`));
      expect(Object.keys((await stack.up()).changes)).toEqual(["same"]);
      expect(await state()).toBe(before);
    },
  );

  test("a change that comes while a foreign file wins is not made", async () => {
    const before = await state();
    await stack.operator(`${override} && systemctl daemon-reload && systemctl restart pyroscope`);
    await ready("pyroscope", 4040);
    const changed = await state();
    const pyroscope = stack.setting("pyroscope") as object;
    stack.configure({ pyroscope: { ...pyroscope, retention: "120h" }, detectDrift: undefined });
    expect(await stack.upFails()).toContain(`soar-profiling: pyroscope: ${overridden}; nothing was changed`);
    expect(await state()).toBe(changed);
    stack.configure({ pyroscope, detectDrift: true });
    await stack.operator(remove("/etc/systemd/system/pyroscope.service.d/override.conf"));
    // It is gone, and still in force.
    expect(await findings()).toEqual([
      expect.stringMatching(
        /^differs pyroscope process \d+ of pyroscope.service was started with -compactor.blocks-retention-period, /,
      ),
      expect.stringMatching(
        /^differs pyroscope Pyroscope runs with limits.compactor_blocks_retention_period 30d, not with /,
      ),
    ]);
    const { changes, text } = await stack.up();
    expect(changes["update"]).toBe(1);
    expect(text).toContain("pyroscope.service restarted, because it did not run on its files");
    expect(await findings()).toEqual([]);
    expect((await state()).replace(/MainPID=\d+/g, "")).toBe(before.replace(/MainPID=\d+/g, ""));
  });

  test.each<[string, string, () => Promise<unknown>, (string | RegExp)[], string[]]>([
    [
      "an edited environment file",
      "alloy",
      () => editFile(stack, file.defaults, "s,^CONFIG_FILE=.*,CONFIG_FILE=/etc/alloy/config.alloy,"),
      [`differs alloy ${file.defaults} was edited`],
      ["alloy"],
    ],
    [
      "a process that was started while that was edited",
      "alloy",
      () =>
        stack.operator(
          `cp -a ${file.defaults} /root/kept; sed -i 's,^CONFIG_FILE=.*,CONFIG_FILE=/etc/alloy/config.alloy,' ${file.defaults}; ` +
            `systemctl restart alloy; mv /root/kept ${file.defaults}; for i in $(seq 100); do curl -fsS 127.0.0.1:12345/-/ready && exit 0; sleep 0.3; done; exit 1`,
        ),
      [
        /^differs alloy process \d+ of alloy.service was started with \/etc\/alloy\/config.alloy and without \/etc\/alloy\/conf.d, other than the unit's files say now$/,
        /^differs alloy the component \S+ of \/etc\/alloy\/conf.d\/\w+.alloy is not among those that Alloy runs$/,
        /^differs profiles the component \S+ of \S+sandbox-profiles.alloy is not among those that Alloy runs$/,
      ],
      ["alloy"],
    ],
    [
      "a file that was edited, loaded, and put back",
      "profiles",
      () =>
        stack.operator(
          `cp -a ${file.profiles} /root/kept; sed -i 's/"10s"/"20s"/' ${file.profiles}; curl -fsS -X POST 127.0.0.1:12345/-/reload; sleep 1.1; mv /root/kept ${file.profiles}`,
        ),
      [`differs profiles Alloy has not loaded ${file.profiles} since it was changed`],
      [],
    ],
    [
      "settings that were edited, taken by a restart, and put back",
      "pyroscope",
      async () => {
        await stack.operator(
          `cp -a ${file.pyroscope} /root/kept; sed -i 's/compactor_blocks_retention_period: .*/compactor_blocks_retention_period: 24h/' ${file.pyroscope}; ` +
            "systemctl restart pyroscope",
        );
        await ready("pyroscope", 4040);
        await stack.operator(`mv /root/kept ${file.pyroscope}`);
      },
      [/^differs pyroscope Pyroscope runs with limits.compactor_blocks_retention_period 1d, not with \w+$/],
      ["pyroscope"],
    ],
    [
      "rules that were edited, loaded, and put back",
      "prometheus",
      () =>
        stack.operator(
          `cp -a ${file.rules} /root/kept; sed -i '0,/alert: .*/s//alert: Mine/' ${file.rules}; systemctl reload prometheus; sleep 2; mv /root/kept ${file.rules}`,
        ),
      [`differs prometheus Prometheus has not loaded ${file.rules} since it was changed`],
      [],
    ],
    [
      "a configuration that Caddy was given by its API",
      "site",
      () =>
        stack.operator(
          `echo ':8899' | curl -fsS -H 'Content-Type: text/caddyfile' --data-binary @- localhost:2019/load`,
        ),
      [`differs site Caddy does not serve ${domain}`],
      [],
    ],
  ])("%s: named, and mended by an `up` that touches no other", async (_, id, change, lines, restarted) => {
    await change();
    const found = await findings();
    const kinds = found.map((line) =>
      lines.findIndex((known) => (typeof known === "string" ? line === known : known.test(line))),
    );
    expect([...new Set(kinds)], found.join("\n")).toEqual([...lines.keys()]);
    const pids = await Promise.all(units.map((unit) => stack.pid(unit)));
    const preview = await stack.preview();
    expect(preview.text).toContain(
      `warning: On the host ${(found[0] ?? "").replace(`differs ${id} `, "")}. An up puts it back.`,
    );
    await stack.up();
    expect(await findings()).toEqual([]);
    const after = await Promise.all(units.map((unit) => stack.pid(unit)));
    expect(units.filter((_, n) => after[n] !== pids[n])).toEqual(restarted);
    expect(Object.keys((await stack.preview()).changes)).toEqual(["same"]);
  });

  test("a Caddy without its admin API is named, `up` fails, and a removal is not stopped by a foreign file", async () => {
    await stack.operator(
      `cp -a ${file.caddyfile} /root/kept; sed -i '1i {\\n\\tadmin off\\n}' ${file.caddyfile}; systemctl restart caddy`,
    );
    expect(await findings()).toEqual([
      `foreign site ${file.caddyfile} has the option \`admin off\`, so Caddy can neither be told of a change nor tell what it serves: ` +
        "take it out and restart Caddy, or leave out site",
    ]);
    expect(await stack.upFails()).toContain("has the option `admin off`");
    await stack.operator(`mv /root/kept ${file.caddyfile}; systemctl restart caddy`);
    expect(Object.keys((await stack.up()).changes)).toEqual(["same"]);
    await stack.operator(`${override} && systemctl daemon-reload`);
    await stack.destroy();
    expect(await stack.status("ls -d /var/lib/soar-profiling")).toBe(2);
  });
});

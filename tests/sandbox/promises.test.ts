import { beforeAll, describe, expect, test } from "vitest";
import type { StackConfig } from "../../sandbox/stack";
import { backendNames } from "../../sandbox/tools/backends";
import { fillDisk, killScript } from "./harness/faults";
import { TestStack } from "./harness/stack";

/** A service of a stack, as the promises are tried on it. */
interface Row {
  /** Its name among the records on the host. */
  id: string;
  unit: string;
  file: string;
  /** A change of the settings that only this one has to do with; every number makes another. */
  change: (n: number) => StackConfig;
  /** A file beside ours, and a mistake that its operator makes in it. */
  neighbour: { file: string; text: string };
  /** Its file holds a secret, so that nothing of the transaction is logged. */
  isSecret?: true;
}

const service = { name: "soar-run", port: 9091, unit: "soar-run.service", interval: "10s", metrics: true };
const url = { prometheus: "http://127.0.0.1:9090", loki: "http://127.0.0.1:3100" };
const tempo = "http://127.0.0.1:4320";
const domain = "pyroscope.sandbox.test";

const inAlloy = { file: "/etc/alloy/conf.d/zz-operator.alloy", text: "logging {\n" };
const rows: Row[] = [
  {
    id: "profiles",
    unit: "alloy",
    file: "/etc/alloy/conf.d/sandbox-profiles.alloy",
    change: (n) => ({ services: [{ ...service, labels: { n: `${n}` } }] }),
    neighbour: inAlloy,
  },
  {
    id: "logs",
    unit: "alloy",
    file: "/etc/alloy/conf.d/sandbox-logs.alloy",
    change: (n) => ({ logs: { url: url.loki, tenant: `t${n}` } }),
    neighbour: inAlloy,
  },
  {
    id: "traces",
    unit: "alloy",
    file: "/etc/alloy/conf.d/sandbox-traces.alloy",
    change: (n) => ({ traces: { url: tempo, tenant: `t${n}` } }),
    neighbour: inAlloy,
  },
  {
    id: "prometheus",
    unit: "prometheus",
    file: "/etc/prometheus/jobs/sandbox-soar-run.yml",
    // With the label that the first row has left.
    change: (n) => ({ services: [{ ...service, labels: { n: "4" }, metrics: { path: `/metrics/${n}` } }] }),
    neighbour: { file: "/etc/prometheus/jobs/operator.yml", text: "scrape_configs:\n  - job: x\n" },
  },
  {
    isSecret: true,
    id: "site",
    unit: "caddy",
    file: `/etc/soar/caddy/${domain}.conf`,
    change: (n) => ({ site: { domain, tls: "internal", allowPush: n % 2 === 1 } }),
    neighbour: { file: "/etc/soar/caddy/operator.conf", text: "x.test {\n\tno_such_thing\n}\n" },
  },
];

describe("the promises, of every service of a stack", { timeout: 300_000 }, async () => {
  // With a Loki and a Tempo: while these are away, a change of what sends there is Alloy's to finish first.
  const stack = await TestStack.create("promises", {
    host: { backends: backendNames, limited: { path: "/var/lib/soar-profiling", size: "2M" } },
  });
  const files = rows.map(({ file }) => file);
  const units = ["alloy", "prometheus", "caddy", "pyroscope"];
  let resources = 0;

  beforeAll(async () => {
    stack.configure({ prometheus: { url: url.prometheus }, services: [service] });
    for (const row of rows.slice(1, 3).concat(rows.slice(4))) stack.configure(row.change(0));
    resources = (await stack.up()).changes["create"] ?? 0;
  });

  const without = (file: string): string[] => files.filter((other) => other !== file);

  test("unchanged, nothing is touched, and no preview differs", async () => {
    const [before, logins] = [await stack.fingerprint(files, units), await stack.logins()];
    expect((await stack.up()).changes).toEqual({ same: resources });
    for (let i = 0; i < 2; i++) expect((await stack.preview()).changes).toEqual({ same: resources });
    expect(await stack.logins()).toBe(logins);
    expect(await stack.fingerprint(files, units)).toBe(before);
  });

  describe.each(rows)("$id", ({ id, unit, file, change, neighbour, isSecret }) => {
    const pids = (): Promise<string> => stack.operator(`systemctl show -p Id -p MainPID ${units.join(" ")}`);

    test("preview shows the change, and `up` makes it by a reload, putting back a hand edit", async () => {
      stack.configure(change(1));
      const { changes, text } = await stack.preview();
      expect(changes).toEqual({ same: resources - 1, update: 1 });
      expect(/^ *[-+] /m.test(text)).toBe(isSecret === undefined);

      await stack.operator(`printf '\\n# by hand\\n' >>${file}`);
      const [others, running] = [await stack.fingerprint(without(file), []), await pids()];
      const up = await stack.up();
      const done = `${id}: ${unit}.service reloaded, files changed: ${file}`;
      expect(up.text.includes(done)).toBe(isSecret === undefined);
      expect(await stack.operator(`grep -c 'by hand' ${file} || :`)).toBe("0\n");
      expect(await stack.fingerprint(without(file), [])).toBe(others);
      expect(await pids()).toBe(running);
    });

    test("an operator's mistake in a neighbouring file is named, and nothing is changed", async () => {
      await stack.operator(`printf '%s' '${neighbour.text}' >${neighbour.file}`);
      const before = await stack.fingerprint(files, units);
      stack.configure(change(2));
      const said = await stack.upFails();
      expect(said).toContain(neighbour.file);
      expect(said).toContain("nothing was changed");
      expect(await stack.fingerprint(files, units)).toBe(before);
      await stack.operator(`rm ${neighbour.file}`);
      expect((await stack.up()).changes).toEqual({ same: resources - 1, update: 1 });
    });

    test("on a full disk, it is the old one, and with room again the new one", async () => {
      const free = await fillDisk(stack, "/var/lib/soar-profiling");
      const before = await stack.fingerprint(files, units);
      const old = await stack.operator(`sha256sum ${file}`);
      stack.configure(change(3));
      const said = await stack.upFails();
      if (!isSecret) expect(said).toMatch(/(No space left on device|I\/O error)[^]*nothing was changed/);
      expect(await stack.fingerprint(files, units)).toBe(before);
      await free();
      expect((await stack.up()).changes).toEqual({ same: resources - 1, update: 1 });
      expect(await stack.fingerprint([file], [])).not.toContain(old);
    });

    test("killed on its way, it is the old or the new one, and then the new one", async () => {
      const running = await pids();
      const old = await stack.operator(`sha256sum ${file}`);
      stack.configure(change(4));
      const failure = stack.upFails();
      const deadline = Date.now() + 60_000;
      while (!(await killScript(stack, "service-config"))) {
        if (Date.now() > deadline) throw new Error("service-config did not run within a minute");
      }
      await failure;
      const left = await stack.operator(`sha256sum ${file}`);
      expect((await stack.up()).changes).toEqual({ same: resources - 1, update: 1 });
      const now = await stack.operator(`sha256sum ${file}`);
      expect(now).not.toBe(old);
      expect([old, now]).toContain(left);
      expect(await pids()).toBe(running);
      expect(await stack.status(`systemctl is-active ${units.join(" ")}`)).toBe(0);
    });
  });

  test("after a destroy no file of any of them is left, and what was the host's runs on", async () => {
    const hosts = (): Promise<string> => stack.operator("systemctl show -p MainPID prometheus caddy");
    const before = await hosts();
    await stack.destroy();
    expect(await stack.operator(`ls ${files.join(" ")} 2>/dev/null || :`)).toBe("");
    expect(await hosts()).toBe(before);
  });
});

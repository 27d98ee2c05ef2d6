import { describe, expect, test } from "vitest";
import { findProfiles, type DeclaredService } from "../../operations/arrivals";
import { pyroscopeOn } from "../../sandbox/query";
import { occupyPort } from "./harness/faults";
import { TestStack } from "./harness/stack";

/** What an operator put beside ours. */
const foreign = ["/etc/alloy/conf.d/operator.alloy", "/etc/pyroscope/notes.txt"];

/** A state that does not know of the profiles, as after an \`up\` that was killed before it could save their creation. */
function withoutProfiles(state: string): string {
  interface Resource {
    urn: string;
    dependencies?: string[];
  }
  const isOf = (urn: string): boolean => /::soar-profiles(-config(-files)?)?$/.test(urn);
  const parsed = JSON.parse(state) as { deployment: { resources: Resource[] } };
  parsed.deployment.resources = parsed.deployment.resources
    .filter(({ urn }) => !isOf(urn))
    .map((of) => ({ ...of, dependencies: (of.dependencies ?? []).filter((urn) => !isOf(urn)) }));
  return JSON.stringify(parsed);
}

describe("destroy", { timeout: 400_000 }, async () => {
  const stack = await TestStack.create("destroy");
  const query = pyroscopeOn(stack.host);
  const service: DeclaredService = { name: "soar-run", environment: "sandbox", profiles: ["cpu"] };
  const samples = async (minutes: number): Promise<number> =>
    (await findProfiles(query, [service], minutes))[0]?.amount ?? 0;

  /** All paths of the host but data, logs, and what runs by itself. */
  const paths = async (): Promise<string[]> =>
    (
      await stack.operator(
        "find / -xdev '(' -path /proc -o -path /run -o -path /tmp -o -path /var/log -o -path '/var/cache/apt/*.bin' -o -path /var/lib/pyroscope" +
          " -o -path /var/lib/alloy -o -path /var/lib/systemd -o -path /var/cache/debconf -o -path /var/lib/apt/lists/auxfiles ')' -prune -o -print | sort",
      )
    )
      .trim()
      .split("\n");
  const units = (): Promise<string> =>
    stack.operator("systemctl list-unit-files --no-legend | grep -v transient | sort");
  const look = async (): Promise<{ paths: string[]; units: string; packages: string }> => ({
    paths: await paths(),
    units: await units(),
    packages: await stack.operator(
      "dpkg-query -W -f '${Package} ${Version} ${Status}\\n'; apt-mark showhold",
    ),
  });
  let state = "";
  const bare = await look();

  /** An operator's own package, which stands in a relation to one of ours. */
  const installOperators = (relation: string): Promise<string> => {
    const control = `Package: operators\nVersion: 1\nArchitecture: all\nMaintainer: o <o@example.org>\nDescription: o\n${relation}\n`;
    return stack.operator(
      `d=$(mktemp -d) && mkdir $d/DEBIAN && printf '${control.replaceAll("\n", "\\n")}' >$d/DEBIAN/control && ` +
        "chmod 755 $d && dpkg-deb -b $d /tmp/operators.deb >/dev/null && dpkg -i /tmp/operators.deb && rm -r $d /tmp/operators.deb",
    );
  };

  test("no package of an operator is taken along, by an installation or by a removal", async () => {
    await installOperators("Conflicts: pyroscope");
    const refused = await stack.upFails();
    expect(refused).toMatch(/The following packages will be REMOVED:\s+operators/);
    expect(refused).toContain("soar-profiling: apt-get cannot install pyroscope ");
    await stack.operator("dpkg --purge operators");
    await stack.up();
    await installOperators("Depends: alloy");
    expect(await stack.destroyFails()).toContain(
      "soar-profiling: with alloy apt would also remove what depends on it: operators. Nothing was removed. " +
        "Remove it by hand if it is no longer needed (apt-get remove operators), then go on",
    );
    expect(await stack.operator("dpkg-query -W -f '${db:Status-Status}\n' alloy operators")).toBe(
      "installed\ninstalled\n",
    );
    await stack.operator("dpkg --purge operators");
  });

  test("removes packages, files, repository, hold, units and its own records, and leaves what is not its own", async () => {
    await stack.up();
    await expect.poll(() => samples(5), { timeout: 90_000, interval: 2000 }).toBeGreaterThan(0);
    for (const file of foreign) await stack.operator(`echo '// an operator wrote this' >${file}`);
    expect(await stack.operator("apt-mark showhold")).toBe("alloy\npyroscope\n");

    await stack.destroy();
    const after = await look();
    expect(after.packages).toBe(bare.packages);
    expect(after.units).toBe(bare.units);
    const known = new Set(bare.paths);
    const added = ["/etc/alloy", "/etc/alloy/conf.d", "/etc/pyroscope", ...foreign];
    expect(after.paths.filter((path) => !known.has(path)).sort()).toEqual(added.sort());
    const left = new Set(after.paths);
    expect(bare.paths.filter((path) => !left.has(path))).toEqual([]);
    for (const file of foreign) {
      expect(await stack.operator(`cat ${file}`)).toBe("// an operator wrote this\n");
    }
  });

  test("keeps the profiles, and `up` works again and finds them", async () => {
    const kept = Number(await stack.operator("find /var/lib/pyroscope -type f -size +0 | wc -l"));
    expect(kept).toBeGreaterThan(0);
    const destroyed = Number(await stack.operator("date +%s%3N"));
    await stack.up();
    const start = destroyed - 10 * 60_000;
    const old = await findProfiles(
      (path, body) => query(path, { ...body, start, end: destroyed }),
      [service],
    );
    expect(old[0]?.amount).toBeGreaterThan(0);
    expect(await stack.operator(`cat ${foreign[0]}`)).toBe("// an operator wrote this\n");
    await expect.poll(() => samples(1), { timeout: 90_000, interval: 2000 }).toBeGreaterThan(0);
  });

  test("removes the data too when told by purgeData, also behind a link to another disk, which stays", async () => {
    const [pyroscope, alloy] = await Promise.all([stack.pid("pyroscope"), stack.pid("alloy")]);
    stack.configure({ purgeData: true });
    await stack.up();
    expect(await Promise.all([stack.pid("pyroscope"), stack.pid("alloy")])).toEqual([pyroscope, alloy]);

    const move = "mv /var/lib/pyroscope /srv/profiles && ln -s /srv/profiles /var/lib/pyroscope";
    await stack.operator(`systemctl stop pyroscope && ${move} && systemctl start pyroscope`);
    state = await stack.state();
    await stack.destroy();
    expect(await stack.operator("find /srv/profiles /var/lib/pyroscope")).toBe(
      "/srv/profiles\n/var/lib/pyroscope\n",
    );
    expect(await stack.status("test -e /var/lib/alloy")).toBe(1);
    await stack.operator("rm /var/lib/pyroscope && rmdir /srv/profiles");
  });

  test("ends well where all is gone already: its outcome was lost, or the host is a new one", async () => {
    const before = await look();
    await stack.restore(state);
    await stack.destroy();
    expect(await look()).toEqual(before);
  });

  test("is refused where Pulumi does not know of all that is in place, and removes all where the records on the host are lost", async () => {
    const records = "/var/lib/soar-profiling/sandbox";
    await stack.up();
    await stack.operator(`rm -r ${records}/profiles`);
    stack.configure({
      purgeData: true,
      services: [{ name: "soar-run", port: 9091, unit: "soar-run.service", interval: "20s" }],
    });
    const { text } = await stack.up();
    expect(text).toContain(`the record ${records}/profiles was gone: it is back, from /usr/local/lib/`);
    state = await stack.state();
    await stack.restore(withoutProfiles(state));
    expect(await stack.destroyFails()).toMatch(
      /soar-profiling: \S+ cannot be removed: configuration profiles of environment sandbox is still on this host\. Pulumi did not/,
    );
    await stack.restore(state);
    await stack.operator(`rm -r ${records}`);
    await stack.destroy();
    const after = await look();
    const kept = ["/etc/alloy", "/etc/alloy/conf.d", "/etc/pyroscope", ...foreign];
    expect({ ...after, paths: after.paths.filter((path) => !kept.includes(path)) }).toEqual(bare);
  });

  test("ends well where an operator has broken the services", async () => {
    await stack.operator("rm -rf /etc/alloy /etc/pyroscope");
    await stack.operator("install -d -m 711 -o nobody -g nogroup /etc/alloy/conf.d");
    await stack.up();
    expect(await stack.operator("stat -c '%a %U:%G' /etc/alloy/conf.d")).toBe("750 root:alloy\n");
    await stack.operator("systemctl stop alloy; apt-get purge -qq -y --allow-change-held-packages pyroscope");
    // The package has no script that ends the service.
    expect(await stack.status("pgrep -x pyroscope")).toBe(0);
    await occupyPort(stack, "127.0.0.1", 12345);
    await stack.destroy();
    const after = await look();
    expect(after.units).toBe(bare.units);
    expect(await stack.operator("stat -c '%a %U:%G' /etc/alloy/conf.d")).toBe("711 nobody:nogroup\n");
    await stack.operator("rmdir /etc/alloy/conf.d /etc/alloy");
    expect((await look()).paths).toEqual(bare.paths);
    expect(await stack.status("pgrep -x pyroscope")).toBe(1);
  });
});

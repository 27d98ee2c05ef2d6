import { beforeAll, describe, expect, test } from "vitest";
import { waitForProfiles } from "../../operations/arrivals";
import { pyroscopeOn } from "../../sandbox/query";
import { programOf } from "./harness/earlier";
import { editFile } from "./harness/faults";
import { TestStack } from "./harness/stack";
import {
  applyByHand,
  declarationOf,
  expectHealthy,
  expectSettled,
  killScriptAt,
} from "./harness/transaction";

const commit = "93fb0d0f8b1224c4975cddd598cdb0f3ad30ae2a";
const records = "/var/lib/soar-profiling";

/** Two environments that the program of an earlier commit has brought up: their records, files and states are its. */
describe("a host that commit 93fb0d0 has made", { timeout: 400_000 }, async () => {
  const earlier = await programOf(commit);
  if (earlier === undefined) {
    test.skip(`this clone has no commit ${commit} to make it with`);
    return;
  }
  const owner = await TestStack.create("taken-over", {
    config: {
      prometheus: { url: "http://127.0.0.1:9090" },
      site: { domain: "x.test", tls: "internal" },
      detectDrift: true,
    },
  });
  const services = owner.setting("services") as { name: string }[];
  owner.configure({ services: services.filter(({ name }) => !name.endsWith("-staging")) });
  const staging = await TestStack.on(
    owner.host,
    {
      environment: "staging",
      platform: { stack: "organization/soar-profiling/sandbox" },
      services: services.filter(({ name }) => name.endsWith("-staging")),
    },
    "staging",
  );
  staging.configure({ repository: undefined, pyroscope: undefined, alloy: undefined });
  const both = [owner, staging];
  // Today's project file declares it for both programs, and the earlier one does not know it.
  for (const stack of both) stack.configure({ push: "", hosts: "" });

  /** What an operator has there, and what is gone at the end. */
  const look = async (): Promise<string> =>
    (await owner.operator("find /etc/prometheus /etc/caddy -type f -exec sha256sum {} + | sort")) +
    (await owner.operator("dpkg-query -W -f '${Package} ${Version} ${Status}\\n'; apt-mark showhold")) +
    (await owner.operator("ls /etc/apt/sources.list.d /etc/apt/keyrings /etc/systemd/system /etc/default"));
  const arrive = async (stack: TestStack): Promise<void> => {
    const findings = await waitForProfiles(pyroscopeOn(stack.host), stack.declared(), 120);
    expect(findings.filter(({ amount }) => amount === 0)).toEqual([]);
  };
  let bare = "";

  beforeAll(async () => {
    bare = await look();
    for (const stack of both) {
      stack.program = earlier;
      await stack.up();
    }
    const profiles = await declarationOf(owner, "soar-profiles-config-files");
    const [, killed] = await Promise.all([
      applyByHand(owner, "profiles", profiles.replaceAll(":9091", ":9099")),
      killScriptAt(owner, `${records}/sandbox/profiles/undo`),
    ]);
    expect(killed).toBe(0);
    expect(await owner.status(`ls ${records}/*/*/undo/format; grep -r ^format ${records}`)).not.toBe(0);
    for (const stack of both) stack.program = undefined;
  }, 400_000);

  test("tells what differs on it, before any script of today's is there", async () => {
    await editFile(owner, "/etc/pyroscope/config.yml", "$a # by hand");
    const { text } = await owner.preview();
    expect(text).toContain("On the host /etc/pyroscope/config.yml was edited. An up puts it back.");
    expect(text).toContain("On the host a change was cut off. An up puts it back.");
    expect(text).not.toContain("could not be asked");
  });

  test("lets no other stack on its platform before that is of this version, with what to do", async () => {
    expect(await staging.upFails()).toContain(
      "platform.stack: the stack organization/soar-profiling/sandbox was last brought up by an earlier version of this program: pulumi up that one first",
    );
  });

  test("is taken over by the next `up`: the cut-off change back, all in today's format, all profiles there", async () => {
    await owner.up();
    await arrive(owner);
    await expectSettled(owner);
    expect(await owner.operator("cat /etc/alloy/conf.d/sandbox-*.alloy")).not.toContain(":9099");
    expect(await owner.operator(`head -qn 1 ${records}/sandbox/*/manifest | sort -u`)).toBe("format 3\n");
    // The other environment's files are still the earlier program's.
    expect(await owner.operator(`head -qn 1 ${records}/staging/*/manifest | sort -u`)).not.toContain(
      "format",
    );
    await staging.up();
    await arrive(staging);
    await expectHealthy(staging);
    for (const stack of both) {
      expect(Object.keys((await stack.up()).changes)).toEqual(["same"]);
    }
    expect((await owner.preview()).text).not.toContain("On the host");
  });

  test("refuses what a newer program has written, and is left as it is", async () => {
    const manifest = `${records}/staging/profiles/manifest`;
    await owner.operator(`sed -i '1s/.*/format 4/' ${manifest}`);
    const words = `${manifest} is of format 4, which a newer version of soar-profiling has written; this one reads formats up to 3`;
    owner.configure({ services: services.slice(0, 1) });
    expect(await owner.upFails()).toContain(words);
    expect((await owner.preview()).text).toContain(words);
    await owner.operator(`sed -i '1s/.*/format 3/' ${manifest}`);
  });

  test("is given back by a destroy, as it was before all", async () => {
    await staging.destroy();
    await owner.destroy();
    expect(await look()).toBe(bare);
    expect(await owner.status(`ls -d ${records} /usr/local/lib/soar-profiling`)).toBe(2);
  });

  test("is given back likewise where only the scripts are of today, and the state is the earlier program's", async () => {
    for (const stack of both) {
      stack.program = earlier;
      await stack.up();
      stack.program = undefined;
    }
    // An `up` of today that ends behind the scripts: the key of the package repository is another one.
    const source = owner.setting("repository") as Record<string, string>;
    owner.configure({ repository: { ...source, fingerprint: "0".repeat(40) } });
    expect(await owner.upFails()).toContain("is not the pinned one");
    expect(await owner.status("ls /usr/local/lib/soar-profiling/sandbox/formats.sh")).toBe(0);
    await staging.destroy();
    await owner.destroy();
    expect(await look()).toBe(bare);
    expect(await owner.status(`ls -d ${records} /usr/local/lib/soar-profiling`)).toBe(2);
  });
});

import { execFile, spawnSync } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import { describe, test } from "vitest";
import { scripts } from "./scratch";

const inNamespace = ["--mount", "--propagation", "private"];
const isPossible =
  spawnSync("unshare", [...inNamespace, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0 &&
  spawnSync("apt-get", ["--version"]).status === 0;

const namespace = async (...words: string[]): Promise<string> =>
  (await promisify(execFile)("unshare", [...inNamespace, ...words], { encoding: "utf8" })).stdout;

// Where nobody is root the directories in memory cannot be made; tests/sandbox has some of it on a real host.
describe.skipIf(!isPossible)("sources of others that make way for ours", { timeout: 120_000 }, () => {
  describe("with a run that is cut off at any step, or has a full disk from there on", () => {
    const ways = {
      "that is killed": "kill",
      "with the disk of apt's sources full": "/etc/apt",
      "with the disk of the records full": "/var/lib/soar-profiling",
    };
    test.concurrent.for(Object.entries(ways))(
      "%s: apt reads its sources at each moment, and all is there or gone",
      { timeout: 300_000 },
      async ([, how], { expect }) => {
        const driver = path.join(__dirname, "taking-source.sh");
        const parts = (await namespace("sh", driver, scripts, how, "23")).split(/^(?=\S)/m);
        const seen = new Set<string>();
        for (const part of parts) {
          const [, what = "", status = "", ours = "", theirs = "", apt = "", left = ""] =
            /^(\w+) (\d+) (\w+) (\w+) (\w+) (\d+)/.exec(part) ?? [];
          expect(apt, part).toBe("reads");
          if (what === "again")
            expect([status, ours, theirs, left], part).toEqual(["0", "there", "gone", "0"]);
          if (what === "removed")
            expect([status, ours, theirs, left], part).toEqual(["0", "absent", "there", "0"]);
          if (what === "add" && how !== "kill") {
            const expected = status === "0" ? ["there", "gone", "0"] : ["absent", "there", "0"];
            expect([ours, theirs, left], part).toEqual(expected);
          }
          seen.add(`${what} ${status === "0" ? "done" : "cut off"}`);
        }
        expect([...seen]).toEqual(
          expect.arrayContaining(["add cut off", "add done", "again done", "removed done"]),
        );
      },
    );
  });

  /** Runs commands on a host where they have made way, and prints what these print. */
  const onHost = (
    commands: string,
    before = "our_source http://x.example | apt_repository add >/dev/null",
  ): Promise<string> =>
    namespace(
      "sh",
      "-c",
      `set -eu; scripts=${scripts}; . ${__dirname}/apt-host.sh; mkdir -p /var/lib/soar-profiling/test; theirs; ${before}\n${commands}`,
    );
  const entry = "[arch=amd64 signed-by=/etc/apt/keyrings/x.gpg] http://x.example stable main";

  test.concurrent("are offered by ours, as far as it does not by itself", async ({ expect }) => {
    expect(await onHost("cat $parts/x.sources; cat /etc/apt/sources.list; ls $parts $keys")).toBe(
      `# Managed by soar-profiling
Types: deb
URIs: http://x.example
Suites: stable
Components: main
Signed-By: /etc/apt/keyrings/x.asc

# As the source offered that was here before.
Types: deb
URIs: http://x.example
Suites: stable
Components: extra
Signed-By: /etc/apt/keyrings/x.asc

# As the source offered that was here before.
Types: deb-src
URIs: http://x.example
Suites: stable
Components: main
Signed-By: /etc/apt/keyrings/x.asc
deb http://other.example stable main
# the end
/etc/apt/keyrings:
x.asc
x.gpg

/etc/apt/sources.list.d:
x.sources
`,
    );
  });

  test.concurrent(
    "have those beside them in a file of our name go on in ours, and come back whole",
    async ({ expect }) => {
      const theirs = "theirs; rm $parts/x.list; : >/etc/apt/sources.list; cp /run/theirs $parts/x.sources";
      const told = await onHost(
        `cat $parts/x.sources; apt_repository remove >/dev/null; cmp /run/theirs $parts/x.sources`,
        `printf 'Types: deb\\nURIs: http://x.example/\\nSuites: stable\\nComponents: main extra\\nSigned-By: /x.gpg\\n
# Another.\\nTypes: deb\\nURIs: http://other.example\\nSuites: stable\\nComponents: main\\n' >/run/theirs; ${theirs}
      our_source http://x.example | apt_repository add >/dev/null; our_source http://x.example | apt_repository add >/dev/null`,
      );
      expect(told).toMatch(
        /^# Managed by .*\nTypes: deb\nURIs: http:\/\/x\.example\nSuites: stable\nComponents: main\nSigned-By: .*\n\n# As .*\n/,
      );
      expect(told.match(/^(URIs|Components|# Another).*/gm)).toEqual([
        "URIs: http://x.example",
        "Components: main",
        "URIs: http://x.example",
        "Components: extra",
        "# Another.",
        "URIs: http://other.example",
        "Components: main",
      ]);
    },
  );

  test.concurrent("are never beside ours, between any two commands of a run", async ({ expect }) => {
    const told = await onHost(
      `for name in mv rm; do
        printf '#!/bin/sh\\n/usr/bin/apt-get indextargets >/dev/null 2>&1 || echo "$0 $*" >>/run/refused\\nexec /usr/bin/%s "$@"\\n' \
          $name >/usr/local/sbin/$name
        chmod 755 /usr/local/sbin/$name
      done
      our_source http://x.example | apt_repository add | tail -n 1; apt_repository remove | tail -n 1; cat /run/refused 2>&1 || :`,
      "",
    );
    expect(told).toBe(
      "apt source x is in place, signed by PINNED\napt source x is gone\ncat: /run/refused: No such file or directory\n",
    );
  });

  test.concurrent("come back at the end of a file that an operator has edited since", async ({ expect }) => {
    const told = await onHost(
      "sed -i s/other/another/ /etc/apt/sources.list; chmod 600 /etc/apt/sources.list; echo '# new' >$parts/x.list\n" +
        "apt_repository remove; stat -c %a /etc/apt/sources.list; cat /etc/apt/sources.list $parts/x.list",
    );
    expect(told).toBe(
      "/etc/apt/sources.list has its source http://x.example stable again\n" +
        "/etc/apt/sources.list.d/x.list has its source http://x.example stable again\napt source x is gone\n600\n" +
        `deb http://another.example stable main\n# the end\n\ndeb-src ${entry}\n# new\n\ndeb ${entry} extra\n`,
    );
  });

  test.concurrent(
    "do not come back where an operator has another of the place by then",
    async ({ expect }) => {
      const told = await onHost(
        "echo 'deb http://x.example stable main' >$parts/a.list; apt_repository remove; ls $parts; cat /etc/apt/sources.list",
      );
      const not = "does not get its source http://x.example stable back, because another one is there by now";
      expect(told).toBe(
        `/etc/apt/sources.list ${not}\n/etc/apt/sources.list.d/x.list ${not}\napt source x is gone\na.list\n` +
          "deb http://other.example stable main\n# the end\n",
      );
    },
  );

  test.concurrent(
    "come back with a key that is gone, and leave one that is another by now",
    async ({ expect }) => {
      const key = "/etc/apt/keyrings/x.gpg";
      expect(
        await onHost(
          `rm ${key}; apt_repository remove >/dev/null; stat -c '%a %y' ${key}; cat ${key}; echo
        our_source http://x.example | apt_repository add >/dev/null; echo new >${key}; apt_repository remove >/dev/null; cat ${key}`,
        ),
      ).toMatch(/^644 2020-01-01 .*\ntheirs\nnew\n$/);
    },
  );

  test.concurrent(
    "that were put back beside ours make way again, and come back as they were last",
    async ({ expect }) => {
      const told = await onHost(
        `echo "deb [signed-by=$keys/x.gpg] http://x.example stable main" >$parts/x.list; chmod 600 $parts/x.list
      apt-get indextargets >/dev/null 2>&1 || echo refuses
      our_source http://x.example | apt_repository add >/dev/null; apt-get indextargets >/dev/null; grep -c extra $parts/x.sources || :
      apt_repository remove >/dev/null; stat -c %a $parts/x.list; cat $parts/x.list`,
      );
      expect(told).toBe(
        "refuses\n0\n600\ndeb [signed-by=/etc/apt/keyrings/x.gpg] http://x.example stable main\n",
      );
    },
  );

  test.concurrent("come back at once where ours moves to another place", async ({ expect }) => {
    const told = await onHost(
      "our_source http://mirror.example | apt_repository add; grep -c . $parts/x.sources; grep -c deb-src /etc/apt/sources.list; " +
        "apt-get indextargets >/dev/null; ls $parts; ls /var/lib/soar-profiling/test/apt-x/taken; apt_repository remove",
    );
    expect(told).toBe(
      "/etc/apt/sources.list has its source http://x.example stable again\n" +
        "/etc/apt/sources.list.d/x.list has its source http://x.example stable again\n" +
        "apt source x is in place, signed by PINNED\n6\n1\nx.list\nx.sources\napt source x is gone\n",
    );
  });

  test.concurrent("come back where the records are gone, from their copies", async ({ expect }) => {
    expect(
      await onHost(
        "rm -r /var/lib/soar-profiling/test/*; apt_repository remove | tail -n 1; ls $parts; stat -c '%a %U %y' $parts/x.list",
      ),
    ).toMatch(/^apt source x is gone\nx\.list\n640 daemon 2020-01-01 /);
  });

  test.concurrent("do not come back where they went by hand, after ours was refused", async ({ expect }) => {
    const told = await onHost(
      `our_source http://x.example | apt_repository add 2>&1 || :; ls $parts
      printf '#!/bin/sh\nexit 0\n' >/usr/local/sbin/apt-cache
      rm $parts/x.list; sed -i d /etc/apt/sources.list
      our_source http://x.example | apt_repository add; apt_repository remove; ls $parts; cat /etc/apt/sources.list`,
      "printf '#!/bin/sh\nexit 1\n' >/usr/local/sbin/apt-cache",
    );
    expect(told).toContain(
      "soar-profiling: apt refuses the source x (its words above); the old state is back\nx.list\n",
    );
    expect(told).toMatch(/apt source x is in place, signed by PINNED\napt source x is gone\n$/);
  });
});

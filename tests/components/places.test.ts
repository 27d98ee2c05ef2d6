import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchDirectory, scripts, userIsRoot } from "./scratch";

describe("where a service may write, root", () => {
  const file = scratchDirectory();
  const mode = (name: string): string => (statSync(file(name)).mode & 0o777).toString(8);
  const run = (commands: string): { said: string; status: number | null } => {
    const text = `set -eu; cd ${file("")}; name=alloy; place=${file("")}/place
      die() { echo "$*"; exit 1; }
      ${userIsRoot}
      owner=$(id -un):$(id -gn)
      . ${scripts}/places.sh; . ${scripts}/beside.sh; . ${scripts}/transaction.sh; ${commands}`;
    const { stdout, stderr, status } = spawnSync("sh", ["-c", text], { encoding: "utf8" });
    expect(stderr).toBe("");
    return { said: stdout, status };
  };

  beforeEach(() => {
    for (const name of ["alloy", "elsewhere"]) mkdirSync(file(name), { mode: 0o755 });
    chmodSync(file("alloy"), 0o777);
    chmodSync(file("elsewhere"), 0o711);
    writeFileSync(file("elsewhere/passwd"), "theirs\n");
  });

  const make = (name: string): ReturnType<typeof run> =>
    run(`make_plain_directory ${file(name)} 0750 "$owner"`);

  test("makes a directory, and gives one that is there its mode", () => {
    expect(make("alloy/new/conf.d").status).toBe(0);
    expect([mode("alloy/new"), mode("alloy/new/conf.d")]).toEqual(["755", "750"]);
    chmodSync(file("alloy/new/conf.d"), 0o777);
    expect(make("alloy/new/conf.d").status).toBe(0);
    expect(mode("alloy/new/conf.d")).toBe("750");
  });

  test.each(["alloy/conf.d", "alloy/conf.d/below"])("follows no link to set a mode: %s", (name) => {
    symlinkSync(file("elsewhere"), file("alloy/conf.d"));
    mkdirSync(file("elsewhere/below"), { mode: 0o700 });
    const { said, status } = make(name);
    expect(status).toBe(1);
    expect(said).toMatch(`alloy: ${file("alloy/conf.d")} is a link that not only root can have put there (`);
    expect(said).toContain(`777 may write to ${file("alloy")}), so root does not follow it: remove it`);
    expect([mode("elsewhere"), mode("elsewhere/below")]).toEqual(["711", "700"]);
  });

  test("does not when the link comes after the look at it, either", () => {
    symlinkSync(file("elsewhere"), file("alloy/conf.d"));
    const look = "real_way() { real=$1; }";
    const { said, status } = run(`${look}; make_plain_directory ${file("alloy/conf.d")} 0750 "$owner"`);
    expect([status, said]).toEqual([
      1,
      expect.stringContaining("is not the directory that it was") as unknown,
    ]);
    expect(mode("elsewhere")).toBe("711");
  });

  test("goes on to follow root's own links in directories of root's", () => {
    mkdirSync(file("etc"));
    symlinkSync("../alloy/../elsewhere", file("etc/alloy"));
    symlinkSync("alloy/./", file("etc/again"));
    mkdirSync(file("elsewhere/conf.d"), { mode: 0o777 });
    expect(make("etc/again/conf.d").status).toBe(0);
    expect(mode("elsewhere/conf.d")).toBe("750");
    expect(run(`real_way ${file("etc/again/not/there")}; echo "$real"`).said).toBe(
      `${file("elsewhere/not/there")}\n`,
    );
    symlinkSync("loop", file("etc/loop"));
    expect(run(`real_way ${file("etc/loop")} || echo "$planted"`).said).toBe(`${file("etc/loop")}\n`);
  });

  test.each([
    ["elsewhere/passwd", "a file"],
    ["elsewhere", "a directory"],
    ["elsewhere/none", "nothing"],
  ])("writes through no name that is there: a link to %s, %s", (target) => {
    writeFileSync(file("ours"), "ours\n", { mode: 0o640 });
    symlinkSync(file(target), file("alloy/.a.alloy.soar-new"));
    expect(run(`put_beside ours ${file("alloy/a.alloy")}`).status).toBe(0);
    expect(lstatSync(file("alloy/.a.alloy.soar-new")).isFile()).toBe(true);
    expect(readFileSync(file("alloy/.a.alloy.soar-new"), "utf8")).toBe("ours\n");
    expect(readFileSync(file("elsewhere/passwd"), "utf8")).toBe("theirs\n");
    expect(existsSync(file("elsewhere/ours"))).toBe(false);
    expect(existsSync(file("elsewhere/none"))).toBe(false);
  });

  test("puts no old file back through a link", () => {
    symlinkSync(file("elsewhere"), file("alloy/conf.d"));
    mkdirSync(file("place"));
    writeFileSync(file("elsewhere/.passwd.soar-old"), "old\n");
    const { said, status } = run(`put_file_back ${file("alloy/conf.d/passwd")} 2>&1 || exit 3`);
    expect([status, said]).toEqual([3, expect.stringContaining("root does not follow it") as unknown]);
    expect(readFileSync(file("elsewhere/passwd"), "utf8")).toBe("theirs\n");
  });
});

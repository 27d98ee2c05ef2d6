import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import * as path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchDirectory, scripts, userIsRoot } from "./scratch";

describe("the stage", () => {
  const file = scratchDirectory();
  const tree = (): string => file("etc");
  const staged = (name: string): string => path.join(file("work/stage"), file(name));
  const lines = (name: string): string[] => readFileSync(file(name), "utf8").split("\n").slice(0, -1);
  const run = (commands: string): string =>
    execFileSync(
      "sh",
      [
        "-c",
        `set -eu; cd ${file("")}; work=${file("")}/work place=${file("")}/place spec=${file("")}/spec host_unit=yes
        state_root=${file("")}/state; value() { sed -n "s/^$1 //p" "$spec"; }; is_ours() { false; }
        die() { echo "$*"; exit 1; }; name=prometheus refused=; ${userIsRoot}
        . ${scripts}/places.sh; is_open() { false; }; . ${scripts}/staging.sh; . ${scripts}/edits.sh; . ${scripts}/beside.sh; . ${scripts}/transaction.sh; ${commands}`,
        path.join(scripts, "service-config"),
      ],
      { encoding: "utf8" },
    );
  /** What is declared: a file, and a line of ours in prometheus.yml. */
  const declare = (path = "rules/ours.yml"): void => {
    const owner = run("stat -c %U:%G .").trim();
    writeFileSync(
      file("spec"),
      `tree ${tree()}\nentry ${file("etc/prometheus.yml")} rule_files "${tree()}/rules/*.yml"\n`,
    );
    writeFileSync(file("work/files"), `1 0640 ${owner} reload ${file(`etc/${path}`)}\n`);
    writeFileSync(file("work/declared"), `${file(`etc/${path}`)}\n`);
    writeFileSync(file("work/gone"), "");
    mkdirSync(file("work/content"));
    writeFileSync(file("work/content/1"), "ours\n");
  };

  beforeEach(() => {
    for (const name of ["etc", "etc/rules", "work", "place"]) mkdirSync(file(name));
    writeFileSync(file("spec"), "");
    writeFileSync(file("etc/prometheus.yml"), "global: {}\n");
    writeFileSync(file("etc/rules/theirs.yml"), "theirs\n");
  });

  test("has the live tree with the change in it", () => {
    declare();
    run("compare_edits; stage");
    expect(readFileSync(staged("etc/rules/theirs.yml"), "utf8")).toBe("theirs\n");
    expect(readFileSync(staged("etc/rules/ours.yml"), "utf8")).toBe("ours\n");
    expect(readFileSync(staged("etc/prometheus.yml"), "utf8")).toContain("# soar-profiling");
    expect(lines("work/large")).toEqual([]);
  });

  test("has no copy of what is large below a tree, unless it is on the way to a file of ours", () => {
    declare();
    mkdirSync(file("etc/data dir"), { mode: 0o750 });
    for (const name of ["data dir/block", "rules/big.db"])
      writeFileSync(file(`etc/${name}`), Buffer.alloc(34 * 1024 * 1024, 1));
    chmodSync(file("etc/rules"), 0o710);
    symlinkSync("data dir", file("etc/linked"));
    run("compare_edits; stage");
    expect(lines("work/large").sort()).toEqual([file("etc/data dir"), file("etc/rules/big.db")]);
    expect(existsSync(staged("etc/data dir/block"))).toBe(false);
    expect(statSync(staged("etc/data dir")).mode & 0o777).toBe(0o750);
    expect(statSync(staged("etc/rules")).mode & 0o777).toBe(0o710);
    expect(statSync(staged("etc/rules/big.db")).size).toBe(0);
    expect(readlinkSync(staged("etc/linked"))).toBe("data dir");
    expect(readFileSync(staged("etc/rules/theirs.yml"), "utf8")).toBe("theirs\n");
    expect(readFileSync(staged("etc/rules/ours.yml"), "utf8")).toBe("ours\n");
  });

  test("of our file is not written through a link that stands at its name", () => {
    declare();
    mkdirSync(file("elsewhere"));
    symlinkSync(file("elsewhere"), file("etc/rules/ours.yml"));
    run("compare_edits; stage");
    expect(readFileSync(staged("etc/rules/ours.yml"), "utf8")).toBe("ours\n");
    expect(readdirSync(file("elsewhere"))).toEqual([]);
  });

  describe("where an operator's pattern takes in our file", () => {
    const line = '"rules/o*.yml"';
    const yml = (): string => readFileSync(file("work/edited/1"), "utf8");
    beforeEach(() => {
      writeFileSync(file("etc/prometheus.yml"), `rule_files: [${line}]\n`);
      declare();
    });

    test("there is no line of ours", () => {
      run("compare_edits");
      expect(yml()).toBe(`rule_files: [${line}]\n`);
    });

    test("but not that of another environment, there is one, and what they have in common is told at a refusal", () => {
      mkdirSync(file("state/staging/prometheus"), { recursive: true });
      writeFileSync(
        file("state/staging/prometheus/manifest"),
        `unit prometheus.service\nfile 0 0640 root:root reload ${tree()}/rules/staging.yml\n`,
      );
      const words = run(
        "within() { [ ! -e again ] || return 0; : >again; echo no; return 1; }; echo 'validate x' >>spec; compare_edits; stage; (validate) 2>&1 || :",
      );
      expect(yml()).toBe(`rule_files: ["${tree()}/rules/*.yml", ${line}] # soar-profiling\n`);
      expect(words).toContain(
        `${tree()}/prometheus.yml:1: rules/o*.yml takes in 1 of the files of ${tree()}/rules/*.yml, but not ${tree()}/rules/staging.yml: `,
      );
      expect(words).toContain("prometheus: refused by 'x'");
    });
  });

  describe("where a file of ours holds a secret, and the files in place are refused as well", () => {
    const ours = (): string => file("etc/rules/ours.yml");
    const refused = (words: string): string =>
      run(
        `within() { echo '${words}'; return 1; }; echo 'secret yes' >>spec; echo 'validate x' >>spec; compare_edits; stage; (validate) 2>&1 || :`,
      );
    const already = "which refuses what is on the host now as well, without any change of this stack";
    beforeEach(() => {
      declare();
      writeFileSync(ours(), 'password: "s3ntinel-of-ours"\n');
      mkdirSync(file("state/test/prometheus"), { recursive: true });
      writeFileSync(
        file("state/test/prometheus/manifest"),
        `unit prometheus.service\nsecret yes\nfile 0 0640 root:root reload ${ours()}\n`,
      );
    });

    test("their words are shown", () => {
      const words = `Checking ${ours()}; ${file("etc/theirs.yml")}:3: no such password`;
      expect(refused(words)).toBe(
        `${words}\nprometheus: refused by 'x' (its words above), ${already}: correct that first; nothing was changed\n`,
      );
    });

    test.each([
      ["has a word of ours", "cannot take s3ntinel-of-ours"],
      ["names a place in ours", "SITE/rules/ours.yml:1: cannot take x"],
    ])("but not where one %s", (_, text) => {
      const words = text.replace("SITE", file("etc"));
      const told = refused(words);
      expect(told).not.toContain("cannot take");
      expect(told).toContain(`(its words may quote a secret: `);
      expect(told).toContain(already);
    });
  });

  describe("of a file with a line of ours that is a link to a path with spaces and other signs", () => {
    const target = "srv/a b [c] .*$&,d.yml";
    beforeEach(() => {
      mkdirSync(file("srv"));
      writeFileSync(file(target), "global: {}\n", { mode: 0o600 });
      rmSync(file("etc/prometheus.yml"));
      symlinkSync(file(target), file("etc/prometheus.yml"));
      declare();
    });

    test("it is staged, and replaced, and seen to be an operator's since, under its own name", () => {
      run(
        "compare_edits; stage; prepare_edits; swap_edits; mkdir place/undo; edit_digests >place/undo/edits",
      );
      expect(readFileSync(staged(target), "utf8")).toContain("# soar-profiling");
      expect(readFileSync(file(target), "utf8")).toContain("# soar-profiling");
      expect(statSync(file(target)).mode & 0o777).toBe(0o600);
      expect(readlinkSync(file("etc/prometheus.yml"))).toBe(file(target));
      const isEdited = `was_edited_since '${file(target)}' && echo yes || echo no`;
      expect(run(isEdited)).toBe("no\n");
      writeFileSync(file(target), "# an operator's\n");
      expect(run(isEdited)).toBe("yes\n");
    });

    test("which ends with a space, or goes over two lines, is refused by its name", () => {
      for (const name of ["srv/x ", "srv/x\ny", "srv/x\n"]) {
        writeFileSync(file(name), "global: {}\n");
        rmSync(file("etc/prometheus.yml"));
        symlinkSync(file(name), file("etc/prometheus.yml"));
        rmSync(file("work/edited"), { recursive: true, force: true });
        expect(run("(compare_edits) || :")).toMatch(
          /etc\/prometheus\.yml leads to a file whose name ends with a space or has a line break: rename it; nothing was changed\n$/,
        );
      }
    });
  });
});

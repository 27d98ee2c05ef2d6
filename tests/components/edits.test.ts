import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { edited, file, job, jobs, ourFiles, rules, run, runWith, sites } from "./edit-lines";

const debian = [
  "# Sample config for Prometheus.",
  "",
  "global:",
  "  scrape_interval:     15s # Set",
  "",
  "# Load rules once",
  "rule_files:",
  '  # - "first_rules.yml"',
  '  # - "second_rules.yml"',
  "",
  "scrape_configs:",
  "  # The job name",
  "  - job_name: 'prometheus'",
  "    static_configs:",
  "      - targets: ['localhost:9090']",
  "",
].join("\n");

const item = '- "/etc/prometheus/rules/*-profiling.yml" # soar-profiling';
const value = '"/etc/prometheus/rules/*-profiling.yml"';

describe("an entry is added", () => {
  it.each([
    [
      "as a key before the first one, where the key is missing",
      "# top\n\nglobal:\n  a: 1\n",
      `# top\n\nrule_files: [${value}] # soar-profiling\nglobal:\n  a: 1\n`,
    ],
    [
      "below the marker of a document",
      "%YAML 1.2\n--- # one\nglobal: {}\n",
      `%YAML 1.2\n--- # one\nrule_files: [${value}] # soar-profiling\nglobal: {}\n`,
    ],
    [
      "to a list of items, with their indentation",
      "rule_files:\n    - a\n",
      `rule_files:\n    ${item}\n    - a\n`,
    ],
    ["to one without indentation", "rule_files:\n- a\nx: 1\n", `rule_files:\n${item}\n- a\nx: 1\n`],
    [
      "before comments, with the indentation of the items after them",
      "rule_files: # mine\n  # - x\n\n   - a\n",
      `rule_files: # mine\n   ${item}\n  # - x\n\n   - a\n`,
    ],
    ["to a key without a value", "rule_files:\nx: 1\n", `rule_files:\n  ${item}\nx: 1\n`],
    ["to a last key without a newline", "a: 1\nrule_files:", `a: 1\nrule_files:\n  ${item}`],
    ["to a quoted key", '"rule_files" :\n  - a\n', `"rule_files" :\n  ${item}\n  - a\n`],
    ["to a flow list", "rule_files: [a, 'b']\n", `rule_files: [${value}, a, 'b'] # soar-profiling\n`],
    ["to an empty flow list", "rule_files: []\n", `rule_files: [${value}, ] # soar-profiling\n`],
    [
      "to a flow list before its comment",
      "rule_files: [ 'x]#,' ]  # of mine\n",
      `rule_files: [${value},  'x]#,' ] # soar-profiling  # of mine\n`,
    ],
    ["to an empty file", "", `rule_files: [${value}] # soar-profiling\n`],
    ["to a file of comments", "# a\n# b", `# a\n# b\nrule_files: [${value}] # soar-profiling`],
    ["to an empty document that ends", "---\n...\n", `---\nrule_files: [${value}] # soar-profiling\n...\n`],
    [
      "to the first of two documents",
      "global: {}\n---\nrule_files: [a]\n",
      `rule_files: [${value}] # soar-profiling\nglobal: {}\n---\nrule_files: [a]\n`,
    ],
    ["with carriage returns", "a: 1\r\nrule_files:\r\n- b\r\n", `a: 1\r\nrule_files:\r\n${item}\r\n- b\r\n`],
    [
      "to a flow list with carriage returns",
      "a: 1\r\nrule_files: [b]\r\n",
      `a: 1\r\nrule_files: [${value}, b] # soar-profiling\r\n`,
    ],
    [
      "after a byte order mark",
      "\xEF\xBB\xBFglobal: {}\n",
      `\xEF\xBB\xBFrule_files: [${value}] # soar-profiling\nglobal: {}\n`,
    ],
    [
      "beside a list of another's under the same name deeper in",
      "a:\n  rule_files:\n    - x\n",
      `rule_files: [${value}] # soar-profiling\na:\n  rule_files:\n    - x\n`,
    ],
  ])("%s, and taken out again to the byte", (_, before, after) => {
    expect(edited(before, `add ${rules}`)).toBe(after);
    expect(edited(after, `add ${rules}`), "twice is once").toBe(after);
    expect(edited(after, `remove ${rules}`)).toBe(before);
    expect(edited(before, `remove ${rules}`), "what is not there").toBe(before);
    expect(
      (parse(after.replace(/^\xEF\xBB\xBF/, "").split("\n---\nrule")[0] ?? "") as { rule_files: string[] })
        .rule_files[0],
    ).toBe("/etc/prometheus/rules/*-profiling.yml");
  });

  it("to Debian's own file, in three places at once", () => {
    const after = edited(debian, `add ${jobs}`, `add ${rules}`, `add ${job}`);
    expect(after).toBe(
      debian
        .replace("global:", 'scrape_config_files: ["/etc/prometheus/jobs/*.yml"] # soar-profiling\nglobal:')
        .replace("rule_files:", `rule_files:\n  ${item}`)
        .replace(
          "scrape_configs:",
          `scrape_configs:\n  - ${job.split(" ").slice(3).join(" ")} # soar-profiling`,
        ),
    );
    expect(edited(after, `remove ${job}`, `remove ${jobs}`, `remove ${rules}`)).toBe(debian);
    expect(edited(edited(after, `remove ${rules}`), `add ${rules}`)).toBe(after);
  });

  it("beside another one of the same list, and both go again", () => {
    const own = `entry ${file} rule_files "/etc/prometheus/soar-profiling-rules/*.yml"`;
    for (const before of [debian, "global: {}\n", "rule_files: []\n", "rule_files:\n  - first.yml\n"]) {
      const after = edited(before, `add ${rules}`, `add ${own}`);
      expect((parse(after) as { rule_files: string[] }).rule_files).toEqual(
        expect.arrayContaining([
          "/etc/prometheus/rules/*-profiling.yml",
          "/etc/prometheus/soar-profiling-rules/*.yml",
        ]),
      );
      expect(edited(after, `remove ${own}`)).toBe(edited(before, `add ${rules}`));
      expect(edited(after, `remove ${rules}`, `remove ${own}`)).toBe(before);
    }
  });

  it("only where it is for this file", () => {
    expect(edited(debian, "add entry /etc/other.yml rule_files x", "add line /etc/other.yml y")).toBe(debian);
  });
});

describe("what an operator has already", () => {
  it.each([
    ["the same", "rule_files: ['/etc/prometheus/rules/*-profiling.yml']\n"],
    ["the same, relative", "rule_files:\n  - rules/*-profiling.yml # mine\n"],
    ["the same, relative in another way", "rule_files:\n  - ./rules/*-profiling.yml\n"],
    ["a wider pattern", 'rule_files:\n- "/etc/prometheus/rules/*.yml"\n'],
    ["a wider relative pattern", "rule_files: [rules/*]\n"],
    ["a flow list over several lines", "rule_files: [\n  a, # b\n  rules/*.yml,\n]\n"],
  ])("and covers ours is left alone, then and at the end: %s", (_, text) => {
    expect(edited(text, `add ${rules}`)).toBe(text);
    expect(edited(text, `remove ${rules}`)).toBe(text);
  });

  it.each([
    ["another directory", "rule_files:\n- /etc/prometheus/*.yml\n"],
    ["another ending", "rule_files:\n- rules/*.yaml\n"],
    ["another beginning", "rule_files:\n- rules/soar-*.yml\n"],
    ["one of the files only", "rule_files:\n- rules/production-profiling.yml\n"],
    ["a comment", "rule_files:\n- a\n# - rules/*.yml\n"],
    ["another key", "x:\n- rules/*.yml\nrule_files:\n- a\n"],
  ])("and does not cover ours does not stand for it: %s", (_, text) => {
    expect(edited(text, `add ${rules}`)).toContain(`\n${item}\n`);
  });

  it("stays after edits around ours", () => {
    const after = edited(debian, `add ${rules}`, `add ${jobs}`);
    const operators = after
      .replace("15s # Set", "30s # Mine")
      .replace('  # - "first_rules.yml"', '  - "first_rules.yml"')
      .replace('jobs/*.yml"]', 'jobs/*.yml", mine.yml]');
    expect(edited(operators, `remove ${rules}`, `remove ${jobs}`)).toBe(
      debian
        .replace("15s # Set", "30s # Mine")
        .replace('  # - "first_rules.yml"', '  - "first_rules.yml"')
        .replace("global:", "scrape_config_files: [mine.yml]\nglobal:"),
    );
  });

  it("goes with the whole line only when nothing else is in it", () => {
    const ours = `rule_files: [${value}] # soar-profiling\n`;
    expect(edited(`rule_files: [mine, ${value}] # soar-profiling # x\n`, `remove ${rules}`)).toBe(
      "rule_files: [mine] # x\n",
    );
    expect(edited(ours.replace(" # soar-profiling", ""), `remove ${rules}`), "no longer marked").toBe(
      ours.replace(" # soar-profiling", ""),
    );
    expect(
      edited(
        `rule_files:\n      -   '/etc/prometheus/rules/*-profiling.yml'   # soar-profiling\n`,
        `remove ${rules}`,
      ),
    ).toBe("rule_files:\n");
  });
});

describe("an operator's pattern is asked with the names of our files", () => {
  const covered = (item: string, names: readonly string[] = ourFiles): boolean => {
    const text = `rule_files:\n  - ${item}\n`;
    return runWith(names, text, `add ${rules}`).text === text;
  };
  const production = ourFiles.filter((name) => name.includes("production"));

  it.each([
    "rules/*.yml",
    '"rules/*-profiling.yml" # "mine"',
    "'rules/*profiling.yml'",
    "rules/[ps]*.yml",
    "/etc/prometheus/rules/[^a-o]*",
    "rules/?*-profiling.y[l-m]l",
    "./rules//../rules/**.yml",
    "&name rules/*.yml",
    "!!str rules/*.yml",
    "rules/*\\-profiling.yml",
  ])("which takes in all: %s", (item) => {
    expect(covered(item)).toBe(true);
  });

  it.each([
    ["which has another beginning", "rules/soar-*.yml"],
    ["which is of another directory", "rules/*/*.yml"],
    ["which is of one environment", "rules/production*.yml"],
    ["with braces, which are letters", "rules/{production,staging}-profiling.yml"],
    ["with letters that ours do not have", "rules/[^ps]*.yml"],
    ["that does not end", "rules/[ps*.yml"],
    ["whose star is a letter", "rules/\\*.yml"],
    ["which is an alias", "*rules"],
    ["which is a block scalar", "|\n    rules/*.yml"],
    ["which goes on below", "rules/*.yml\n    more"],
    ["which is an item of a list in the list", "- rules/*.yml"],
  ])("%s: it does not stand for ours", (_, item) => {
    expect(covered(item)).toBe(false);
    const text = `rule_files:\n  - ${item}\n`;
    expect(edited(edited(text, `add ${rules}`), `remove ${rules}`)).toBe(text);
  });

  it("as long as it takes in those of all environments, and no longer", () => {
    expect(covered("rules/production*.yml", production)).toBe(true);
    expect(covered("rules/production*.yml")).toBe(false);
    expect(covered("rules/production-profiling.yml", production)).toBe(true);
  });

  it("and where there are none, only the same pattern stands for ours", () => {
    expect(covered("rules/*.yml", [])).toBe(false);
    expect(covered("rules/*-profiling.yml", [])).toBe(true);
  });

  it("and what it has in common with ours is told, because it may be what the program refuses", () => {
    const { text, notes } = runWith(
      ourFiles,
      "scrape_config_files:\n- x.yml\n- jobs/production-*.yml\n",
      `add ${jobs}`,
    );
    expect(text).toContain('- "/etc/prometheus/jobs/*.yml" # soar-profiling\n');
    expect(notes).toBe(
      `${file}:3: jobs/production-*.yml takes in 2 of the files of /etc/prometheus/jobs/*.yml, but not ` +
        "/etc/prometheus/jobs/staging-soar-run.yml: if a file may not be read twice, write /etc/prometheus/jobs/*.yml instead\n",
    );
  });

  it("also where the directory has another name by a link", () => {
    const place = mkdtempSync(path.join(tmpdir(), "links-"));
    try {
      mkdirSync(path.join(place, "real"));
      symlinkSync("real", path.join(place, "linked"));
      const text = `rule_files: [${place}/real/*.yml]\n`;
      const add = `add entry ${file} rule_files "${place}/linked/*-profiling.yml"`;
      expect(runWith([`${place}/linked/production-profiling.yml`], text, add).text).toBe(text);
    } finally {
      rmSync(place, { recursive: true });
    }
  });
});

describe("an entry is refused with file, line and what to do", () => {
  const byHand = `add the item ${value} to it by hand (it then stays yours), or write it with an item a line\n`;
  it.each([
    [
      "a flow list over several lines",
      "a: 1\nrule_files: [\n  x,\n]\n",
      `2: the list rule_files goes over several lines: ${byHand}`,
    ],
    ["one that does not end", "rule_files: [a\n", `1: the list rule_files does not end: ${byHand}`],
    ["no list", "# x\nrule_files: a\n", `2: rule_files is not a plain list: ${byHand}`],
    ["an anchor", "rule_files: &x\n- a\n", `1: rule_files is not a plain list: ${byHand}`],
    ["a map", "rule_files:\n  a: 1\n", `1: rule_files is not a list that can be added to: ${byHand}`],
    [
      "a list that begins on the next line",
      "rule_files:\n  [a]\n",
      `1: rule_files is not a list that can be added to: ${byHand}`,
    ],
    ["more after the list", "rule_files: [a] b\n", `1: something follows the list rule_files: ${byHand}`],
    [
      "a file that is one flow map",
      "# x\n{global: {}}\n",
      `2: no top-level key begins a line here: write the file with a key a line, or add rule_files: [${value}]\n`,
    ],
  ])("%s", (_, text, refusal) => {
    expect(run(text, `add ${rules}`).refusal).toBe(`${file}:${refusal}`);
    expect(edited(text, `remove ${rules}`), "which a removal is not").toBe(text);
  });
});

describe("a line is added", () => {
  const added = "import /etc/prometheus/sites/*.conf # soar-profiling";
  it.each([
    ["at the end", ":80 {\n\trespond hi\n}\n", `:80 {\n\trespond hi\n}\n${added}\n`],
    ["at the end without a newline", "a", `a\n${added}`],
    ["to an empty file", "", `${added}\n`],
    ["with a carriage return", "a\r\nb\r\n", `a\r\nb\r\n${added}\r\n`],
    [
      "where one like it is part of a block",
      "x {\n\timport sites/*.conf\n}\n",
      `x {\n\timport sites/*.conf\n}\n${added}\n`,
    ],
    [
      "where one like it is in a block without being indented",
      "x {\nimport sites/*.conf\n}\n",
      `x {\nimport sites/*.conf\n}\n${added}\n`,
    ],
    ["where one like it has other files", "import sites/soar*.conf\n", `import sites/soar*.conf\n${added}\n`],
    ["where one like it is a comment", "# import sites/*.conf\n", `# import sites/*.conf\n${added}\n`],
  ])("%s, and taken out again to the byte", (_, before, after) => {
    expect(edited(before, `add ${sites}`)).toBe(after);
    expect(edited(after, `add ${sites}`), "twice is once").toBe(after);
    expect(edited(after, `remove ${sites}`)).toBe(before);
    expect(edited(before, `remove ${sites}`)).toBe(before);
  });

  it.each([
    "import /etc/prometheus/sites/*.conf\n",
    "import sites/* # mine\nx\n",
    "import   sites/*.conf",
    "x {\n\ty\n}\n\timport sites/*example.conf\n",
    'import "sites/*"',
  ])("not where an operator has it: %j", (text) => {
    expect(edited(text, `add ${sites}`)).toBe(text);
    expect(edited(text, `remove ${sites}`)).toBe(text);
  });
});

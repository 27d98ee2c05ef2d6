import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderDeclaration, type ServiceDeclaration } from "../../components/host/declaration";

const minimal: ServiceDeclaration = {
  unit: "x.service",
  user: "x",
  package: { name: "x", version: "1-1" },
  trees: ["/etc/x"],
  validate: ["x --check /etc/x/x.conf"],
  reload: "x reload",
  health: [{ seconds: 30, command: "x ping" }],
  faults: "x faults",
  inForce: "x-in-force http://127.0.0.1",
  directories: [{ path: "/etc/x/d", mode: "0750", owner: "root:x" }],
  files: [],
};

const file = (content: string): ServiceDeclaration["files"][number] => ({
  path: "/etc/x/x.conf",
  mode: "0640",
  owner: "root:x",
  activation: "reload",
  content,
});

describe("the declaration of a service", () => {
  it("says what the package's own scripts shall find while it is replaced", () => {
    const replacing = { path: "/etc/default/x", line: "RESTART_ON_UPGRADE=false" };
    expect(renderDeclaration({ ...minimal, replacing })).toContain(
      "\npackage x 1-1\nreplacing /etc/default/x RESTART_ON_UPGRADE=false\ntree /etc/x\n",
    );
  });

  it("is one readable text", () => {
    expect(renderDeclaration({ ...minimal, files: [file("a = 1\n\n  b = 2\nend\n")] })).toBe(
      [
        "unit x.service",
        "user x",
        "package x 1-1",
        "tree /etc/x",
        "validate x --check /etc/x/x.conf",
        "reload x reload",
        "health 30 x ping",
        "faults x faults",
        "inforce x-in-force http://127.0.0.1",
        "directory /etc/x/d 0750 root:x",
        "file 0640 root:x reload /etc/x/x.conf",
        "  a = 1",
        "",
        "    b = 2",
        "  end",
        "end",
        "",
      ].join("\n"),
    );
  });

  it.each([
    ["a path with white space", { ...file("a\n"), path: "/etc/x y" }, /white space/],
    ["a relative path", { ...file("a\n"), path: "etc/x" }, /absolute/],
    ["a mode that is none", { ...file("a\n"), mode: "640" }, /octal/],
    ["a text without a last newline", file("a"), /newline/],
    ["a NUL character", file("a\0\n"), /NUL/],
  ])("refuses %s", (_, bad, message) => {
    expect(() => renderDeclaration({ ...minimal, files: [bad] })).toThrow(message);
  });

  it("says that the unit is the host's own, and what is in files that are not ours", () => {
    const declared = { ...minimal, isHostUnit: true, package: { name: "x" } };
    const edits = [
      { path: "/etc/x/x.yml", key: "rule_files", value: '"/etc/x/r/*.yml"' },
      { path: "/etc/x/X", line: "import /etc/x/sites/*" },
    ];
    expect(renderDeclaration({ ...declared, edits })).toBe(
      [
        "unit x.service",
        "user x",
        "host-unit yes",
        "package x",
        "tree /etc/x",
        "validate x --check /etc/x/x.conf",
        "reload x reload",
        "health 30 x ping",
        "faults x faults",
        "inforce x-in-force http://127.0.0.1",
        "directory /etc/x/d 0750 root:x",
        'entry /etc/x/x.yml rule_files "/etc/x/r/*.yml"',
        "line /etc/x/X import /etc/x/sites/*",
        "end",
        "",
      ].join("\n"),
    );
  });

  it.each([
    [
      "a unit of the host's own that is to be restarted",
      { isHostUnit: true, files: [{ ...file("a\n"), activation: "restart" as const }] },
      /which is the host's own/,
    ],
    ["a file twice", { files: [file("a\n"), file("b\n")] }, /declared twice/],
    ["a package without a version", { package: { name: "x" } }, /no package version/],
    ["an edit of two lines", { edits: [{ path: "/x", line: "a\nend" }] }, /newline/],
    ["an edit of a path that is none", { edits: [{ path: "x", line: "a" }] }, /absolute/],
    ["a key that is none", { edits: [{ path: "/x", key: "a b", value: "c" }] }, /key/],
  ])("refuses %s", (_, changes, message) => {
    expect(() => renderDeclaration({ ...minimal, ...changes })).toThrow(message);
  });

  it("refuses a command of two lines", () => {
    expect(() => renderDeclaration({ ...minimal, reload: "a\nend" })).toThrow(/newline/);
  });

  it("brings any content to the host byte for byte, as the host's own script reads it", () => {
    const script = readFileSync(path.join(__dirname, "../../components/host/scripts/compare.sh"), "utf8");
    const reader = /^read_declaration\(\) \{\n(?:.*\n)*?\}\n/m.exec(script)?.[0];
    expect(reader).toBeDefined();
    const line = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("end", "file 0640 a:b none /x", "  a", ""),
    );
    const content = fc
      .array(
        line.map((text) => text.replaceAll("\0", "")),
        { maxLength: 6 },
      )
      .map((lines) => `${lines.join("\n")}\n`);
    fc.assert(
      fc.property(fc.array(content, { minLength: 1, maxLength: 3 }), (contents) => {
        const work = mkdtempSync(path.join(tmpdir(), "declaration-"));
        try {
          const files = contents.map((text, index) => ({ ...file(text), path: `/etc/x/${index}` }));
          const input = renderDeclaration({ ...minimal, files });
          execFileSync(
            "sh",
            [
              "-eu",
              "-c",
              `work=$1 spec=$1/spec name=x\ndie() { exit 9; }\n${reader}\nread_declaration`,
              "sh",
              work,
            ],
            {
              input,
            },
          );
          const read = contents.map((_, index) =>
            readFileSync(path.join(work, "content", String(index + 1)), "utf8"),
          );
          expect(read).toEqual(contents);
        } finally {
          rmSync(work, { recursive: true });
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});

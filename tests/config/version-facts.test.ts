import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { versionChange } from "../../config/version-changes";
import { type VersionFact, type VersionFactName, versionFacts } from "../../config/version-facts";
import { alloyVersionProblem, holds, isBefore, pyroscopeVersionProblem } from "../../config/versions";
import { renderAlloyDefaults } from "../../render/alloy/defaults";
import { renderPyroscope } from "../../render/pyroscope";
import { parseDuration } from "../../config/units";
import { accepted } from "./sample";

const rows = Object.entries(versionFacts) as [VersionFactName, VersionFact][];
const root = path.join(__dirname, "../..");

describe("each row of the table", () => {
  test.each(rows)("%s has a version, a fact, an answer and a source", (_, row) => {
    for (const version of [row.since, row.until ?? row.since]) expect(version).toMatch(/^\d+\.\d+(\.\d+)?$/);
    if (row.until !== undefined) expect(isBefore(row.since, row.until)).toBe(true);
    // Read after "from 1.17 on", and as a sentence of its own before its advice.
    expect(row.fact).toMatch(/^[a-z`].*[^.]$/);
    for (const text of [row.answer, row.source]) expect(text).toMatch(/^\S.{5,}[^.]$/);
  });

  test.each(rows)("%s is true from its version on, whatever the Debian revision", (name, { since }) => {
    const [major = 0, minor = 0, patch = 0] = since.split(".").map(Number);
    const first = `${major}.${minor}.${patch}`;
    const before =
      patch > 0
        ? `${major}.${minor}.${patch - 1}`
        : minor > 0
          ? `${major}.${minor - 1}.99`
          : `${major - 1}.99.99`;
    for (const revision of ["", "-1", "+b2", "~rc1-1"]) {
      expect(holds(name, first + revision)).toBe(true);
      expect(holds(name, before + revision)).toBe(false);
    }
  });
});

/** The sources of what may ask for a version. */
function sources(): string[] {
  return ["components", "config", "operations", "render"].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => path.join(folder, file)),
  );
}

test("nothing but the table and what reads it looks into a version", () => {
  // A comparison, or a part of it.
  const asking =
    /[vV]ersion\w*\)?\s*(?:[<>]=? [^{]|\.(?:split|startsWith|match|slice|localeCompare)\b)|\.exec\(\w*[vV]ersion|parse\w*\(\w*[vV]ersion/;
  const found = sources().filter((file) => asking.test(readFileSync(path.join(root, file), "utf8")));
  expect(found).toEqual(["config/versions.ts"]);
});

const minors = fc.record({ minor: fc.integer({ min: 0, max: 40 }), patch: fc.integer({ min: 0, max: 3 }) });
const versionOf = (major: number) => minors.map(({ minor, patch }) => `${major}.${minor}.${patch}-1`);

describe("of any two versions", () => {
  test("one is older, or both have the same numbers", () => {
    fc.assert(
      fc.property(versionOf(1), versionOf(1), versionOf(2), (a, b, later) => {
        expect(isBefore(a, b) && isBefore(b, a)).toBe(false);
        if (!isBefore(a, b) && !isBefore(b, a)) expect(a).toBe(b);
        expect(isBefore(a, later)).toBe(true);
      }),
    );
  });

  test("of Alloy, the text differs only where a row says so", () => {
    const supported = versionOf(1).filter((version) => alloyVersionProblem(version) === undefined);
    fc.assert(
      fc.property(supported, supported, (a, b) => {
        const [first, second] = [a, b].map((version) => renderAlloyDefaults({ version, httpPort: 12345 }));
        expect(first === second).toBe(holds("shutdownDeadline", a) === holds("shutdownDeadline", b));
      }),
    );
  });

  test("of Pyroscope, the text differs only where a row says so", () => {
    const ports = { httpPort: 4040, grpcPort: 4041, raftPort: 9099, retention: parseDuration("30d") };
    const supported = fc
      .oneof(versionOf(1), versionOf(2))
      .filter((version) => pyroscopeVersionProblem(version) === undefined);
    fc.assert(
      fc.property(supported, supported, (a, b) => {
        const [first, second] = [a, b].map((version) => renderPyroscope({ ...ports, version }));
        expect(first === second).toBe(holds("ownStorage", a) === holds("ownStorage", b));
      }),
    );
  });

  test("the change is nothing, a warning a row that lies between, or refused", () => {
    const settings = accepted({ services: [{ name: "soar-run", port: 9091 }] });
    const any = fc.oneof(versionOf(1), versionOf(2));
    fc.assert(
      fc.property(any, any, fc.constantFrom("Pyroscope" as const, "Alloy" as const), (from, to, program) => {
        const { warnings, refusal } = versionChange(program, from, to, settings);
        const between = rows.filter(
          ([name, row]) => row.program === program && holds(name, from) !== holds(name, to),
        );
        expect(warnings.length).toBeLessThanOrEqual(between.length);
        for (const warning of warnings) expect(warning).toContain(`${program} ${from} -> ${to}: `);
        expect(refusal !== undefined).toBe(
          program === "Pyroscope" && holds("ownStorage", from) && !holds("ownStorage", to),
        );
      }),
    );
  });
});

describe("a change of version tells", () => {
  const services = ["soar-run", "soar-web", "soar-pull", "soar-a", "soar-b", "soar-c", "soar-d"].map(
    (name, i) => ({
      name,
      port: 9091 + i,
      unit: `${name}.service`,
    }),
  );
  const everything = {
    services: services.slice(0, 2),
    logs: { url: "http://127.0.0.1:3100" },
    alloy: { fragments: { extra: "logging {}\n" } },
  };

  test("what concerns a stack with profiles, logs and a fragment", () => {
    const change = versionChange("Alloy", "1.10.0-1", "1.18.1-1", accepted(everything));
    expect(change).toEqual({
      warnings: [
        "Alloy 1.10.0-1 -> 1.18.1-1: from 1.11 on pyroscope.scrape refuses a profile whose Content-Type is not " +
          "application/octet-stream. Look at what these send: soar-run, soar-web.",
        "Alloy 1.10.0-1 -> 1.18.1-1: from 1.12 on `alloy validate` checks references, functions and arguments, and refuses " +
          "a file whose references are in another one. What it accepted of extra so far, it may refuse; then nothing is changed.",
        "Alloy 1.10.0-1 -> 1.18.1-1: from 1.13 on lines of the journal wait for Loki in memory (10 MiB), no longer in the " +
          "journal. A restart of Alloy while Loki is away loses what waits.",
        "Alloy 1.10.0-1 -> 1.18.1-1: from 1.14 on `alloy validate` checks types, and needs the --stability.level of `alloy " +
          "run`. What it accepted of extra so far, it may refuse; then nothing is changed.",
      ],
      refusal: undefined,
    });
  });

  test("only what lies between, and of a remote Pyroscope what it does not drop", () => {
    const remote = { services, pyroscope: { remote: { url: "https://profiles.example" } } };
    expect(versionChange("Alloy", "1.14.0-1", "1.18.1-1", accepted(remote)).warnings).toEqual([
      "Alloy 1.14.0-1 -> 1.18.1-1: from 1.18 on every profile is labelled with Alloy's own version (otel.scope.name, " +
        "otel.scope.version). Drop the two in the remote Pyroscope: each upgrade makes new series, and a series has room " +
        "for 30 labels.",
    ]);
  });

  test("five services by name, and how many more", () => {
    expect(versionChange("Alloy", "1.10.0-1", "1.11.0-1", accepted({ services })).warnings[0]).toContain(
      "Look at what these send: soar-run, soar-web, soar-pull, soar-a, soar-b, 2 more.",
    );
  });

  test.each([
    ["nothing where no row lies between", "1.10.0-1", "1.10.3-2"],
    ["nothing where it concerns nobody", "1.10.0-1", "1.18.1-1"],
  ])("%s", (_, from, to) => {
    expect(versionChange("Alloy", from, to, accepted())).toEqual({ warnings: [], refusal: undefined });
  });

  test("what a version before 1.17 has lost", () => {
    expect(versionChange("Pyroscope", "1.12.0", "1.21.1-1", accepted())).toEqual({
      warnings: [
        "Pyroscope 1.12.0 -> 1.21.1-1: from 1.17 on a dropped label merges the samples of all threads; before, those of " +
          "all but one were lost without a word. What is stored already lacks them for good.",
      ],
      refusal: undefined,
    });
  });

  test("the storage of 2.x, and the version that one would rather not take", () => {
    expect(versionChange("Pyroscope", "1.21.1-1", "2.3.0-1", accepted()).warnings).toEqual([
      "Pyroscope 1.21.1-1 -> 2.3.0-1: from 2.0 on profiles are stored in a form of its own, by a metastore with a port of " +
        "its own (raft). What 1.x has stored is still found until it is too old. The port 9099 is needed, and there is no " +
        "way back.",
      "Pyroscope 1.21.1-1 -> 2.3.0-1: from 2.3 on trees refer to symbols in a form that was taken back in 2.4. Rather set " +
        "2.4.0 or later.",
    ]);
    expect(versionChange("Pyroscope", "2.2.1-1", "2.4.0-1", accepted()).warnings).toEqual([]);
    expect(versionChange("Pyroscope", "2.3.0-1", "2.4.0-1", accepted()).warnings).toEqual([]);
  });

  test("what goes back", () => {
    expect(
      versionChange("Alloy", "1.13.0-1", "1.12.0-1", accepted({ services, logs: everything.logs })).warnings,
    ).toEqual([
      "Alloy 1.13.0-1 -> 1.12.0-1: it goes back before 1.13, from which on lines of the journal wait for Loki in memory " +
        "(10 MiB), no longer in the journal.",
    ]);
  });

  test("why a way back that loses profiles is refused", () => {
    expect(versionChange("Pyroscope", "2.2.1-1", "1.21.1-1", accepted())).toEqual({
      warnings: [],
      refusal:
        "Pyroscope 2.2.1-1 -> 1.21.1-1 is refused: what 2.x has stored is not found by 1.x, and never deleted. Stay with " +
        "2.2.1-1, or destroy this stack first",
    });
  });
});

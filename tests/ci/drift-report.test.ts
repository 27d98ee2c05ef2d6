import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { describe, expect, it } from "vitest";
import { driftMarker, readDrift, renderDrift, tells, unseenWords } from "../../ci/drift-report";
import { projectRoot } from "../../sandbox/paths";

const run = "https://github.com/o/r/actions/runs/1";
const urn = (name: string): string => `urn:pulumi:prod::soar-profiling::command:remote:Command::${name}`;

function says(severity: string, message: string): EngineEvent {
  return { sequence: 1, timestamp: 1, diagnosticEvent: { severity, message, color: "never" } } as EngineEvent;
}

function changes(op: string, name: string): EngineEvent {
  return { sequence: 1, timestamp: 1, resourcePreEvent: { metadata: { op, urn: urn(name) } } } as EngineEvent;
}

const edited = says(
  "warning",
  "<{%reset%}>On the host /etc/a was edited. An up puts it back.\n  - secret?<{%reset%}>\n",
);
const again = changes("update", "soar-alloy-config-files");

describe("readDrift", () => {
  it("is the same where nothing changes and nothing differs", () => {
    const other = says("warning", "Alloy 1.10: something else");
    expect(readDrift("prod", [changes("same", "a"), changes("read", "b"), other])).toEqual({
      stack: "prod",
      state: "same",
      lines: [],
    });
  });

  it("tells what differs once and in one order, without the lines of a file", () => {
    const lines = [
      "On the host /etc/a was edited. An up puts it back.",
      "An up would create soar-b.",
      "An up would update soar-alloy-config-files.",
    ];
    const found = [again, edited, changes("create", "soar-b"), edited];
    expect(readDrift("prod", found)).toEqual({ stack: "prod", state: "drift", lines });
    expect(readDrift("prod", found.reverse())).toEqual({ stack: "prod", state: "drift", lines });
  });

  it("does not say that nothing differs where the host was not asked, by the words of the program", () => {
    const words = `${unseenWords}, so what was changed there by hand is not shown: no SSH login`;
    // Of one of several hosts it begins with the host's name.
    for (const said of [words, `ogn: ${words}`])
      expect(readDrift("prod", [says("warning", said)])).toEqual({
        stack: "prod",
        state: "unseen",
        lines: [said],
      });
    const source = readFileSync(path.join(projectRoot, "components/host/drift.ts"), "utf8");
    expect(source).toContain(`\`\${prefix}${unseenWords}, `);
  });

  it("tells why there was no preview: the errors of the engine, or what was said without one", () => {
    expect(readDrift("prod", [says("error", "refused")], "all that was printed").lines).toEqual(["refused"]);
    expect(readDrift("prod", [], "There is no stack\n")).toEqual({
      stack: "prod",
      state: "unseen",
      lines: ["There is no stack"],
    });
  });
});

describe("renderDrift", () => {
  const report = readDrift("prod", [edited, again]);

  it("says what differs, and where the lines are", () => {
    const { title = "", body = "" } = renderDrift(report, run) ?? {};
    expect(title).toBe("Drift: prod is not as it was deployed");
    expect(body).toMatch(/^<!-- soar-profiling: drift of prod [0-9a-f]{64} -->\n/);
    expect(body).toContain(`[the run](${run})`);
    expect(body).toContain("```text\nOn the host /etc/a was edited. An up puts it back.\nAn up would update");
  });

  it("is the same issue for the same findings of another run, and another text for others", () => {
    const { body = "" } = renderDrift(report, run) ?? {};
    expect(tells(body, readDrift("prod", [again, edited]))).toBe(true);
    expect(tells(body, readDrift("prod", [edited]))).toBe(false);
    expect(tells(body, { ...report, state: "unseen" })).toBe(false);
    expect(body.startsWith(driftMarker("prod"))).toBe(true);
    expect(body.startsWith(driftMarker("pro"))).toBe(false);
  });

  it("is nothing where nothing differs, and says so where nobody knows", () => {
    expect(renderDrift({ stack: "prod", state: "same", lines: [] }, run)).toBeUndefined();
    const { title, body } =
      renderDrift({ stack: "prod", state: "unseen", lines: ["no SSH login"] }, run) ?? {};
    expect(title).toBe("Drift: prod cannot be looked at");
    expect(body).toContain("So it is not known whether it is as it was deployed.");
  });

  it("keeps to the length that GitHub takes", () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `On the host /etc/file-${i} was edited.`);
    expect(
      (renderDrift({ stack: "prod", state: "drift", lines }, run)?.body ?? "").length,
    ).toBeLessThanOrEqual(65_536);
  });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderRules, type RulesArgs } from "../../render/prometheus/rules";
import { ensureImage } from "../../sandbox/host/image";
import { run } from "../../sandbox/log";
import { promtoolTest } from "./harness/promtool";
import { logCases } from "./rules/log-cases";
import { pipelineCases } from "./rules/pipeline-cases";
import { profileCases } from "./rules/profile-cases";
import { owner, type Case } from "./rules/series";
import { storageCases } from "./rules/storage-cases";

let promtool: string;
let directory: string;

beforeAll(async () => {
  promtool = path.join((await ensureImage()).rootfs, "usr/bin/promtool");
  directory = await mkdtemp(path.join(tmpdir(), "soar-rules-"));
}, 600_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

const cases: Case[] = [...pipelineCases, ...profileCases, ...logCases, ...storageCases];

describe("promtool sees the alert", () => {
  test.each(cases)("%s: %s", async (alert, _, at, series, firing, args) => {
    expect(await promtoolTest(promtool, directory, alert, at, series, firing, args ?? owner)).toBe(
      "as expected",
    );
  });

  test("every one of them in both states", () => {
    const rules = renderRules(owner) ?? "";
    const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name]) => name);
    const seen = (fires: boolean): (string | undefined)[] =>
      alerts.filter((name) =>
        cases.some(([alert, , , , firing]) => alert === name && fires === firing.length > 0),
      );
    expect(alerts.length).toBe(15);
    expect(seen(true)).toEqual(alerts);
    expect(seen(false)).toEqual(alerts);
  });

  test("and says where an expectation is wrong, so that these tests can fail", async () => {
    const firing = [{ summary: "x", description: "y" }];
    expect(await promtoolTest(promtool, directory, "ProfilingTargetDown", "7m", [], firing, owner)).toContain(
      "FAILED",
    );
  });
});

describe("promtool accepts the rules", () => {
  test.each<[string, RulesArgs]>([
    ["of the platform's owner", owner],
    ["of one on another's platform", { ...owner, environment: "staging", pyroscope: undefined }],
    ["of one with a remote Pyroscope", { ...owner, pyroscope: undefined }],
    ["of one service only", { ...owner, services: owner.services.slice(0, 1) }],
    ["about Pyroscope 2.x", { ...owner, services: [], pyroscope: { major: 2, dataDirectory: "/srv" } }],
  ])("%s", async (_, args) => {
    await writeFile(path.join(directory, "check.yml"), renderRules(args) ?? "");
    const checked = await run(promtool, ["check", "rules", "--lint-fatal", "check.yml"], {
      allowFailure: true,
      cwd: directory,
    });
    expect(checked).toMatchObject({ code: 0 });
  });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  renderScrapeJob,
  renderTargetFile,
  scrapeTargets,
  targetFilesJob,
} from "../../render/prometheus/jobs";
import { renderRules, type RulesArgs } from "../../render/prometheus/rules";
import { ensureImage } from "../../sandbox/host/image";
import { run } from "../../sandbox/log";
import { accepted } from "../config/sample";
import { promtoolTest } from "./harness/promtool";
import { intermittent, intermittentCases } from "./rules/intermittent-cases";
import { logCases } from "./rules/log-cases";
import { pipelineCases } from "./rules/pipeline-cases";
import { profileCases } from "./rules/profile-cases";
import { owner, second, type Case } from "./rules/series";
import { storageCases } from "./rules/storage-cases";

let promtool: string;
let directory: string;

beforeAll(async () => {
  promtool = path.join((await ensureImage()).rootfs, "usr/bin/promtool");
  directory = await mkdtemp(path.join(tmpdir(), "soar-rules-"));
}, 600_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

const cases: Case[] = [...pipelineCases, ...profileCases, ...intermittentCases, ...logCases, ...storageCases];

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
    expect(alerts.length).toBe(16);
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
    ["of an intermittent one", intermittent],
    ["about Pyroscope 2.x", { ...second, services: [] }],
  ])("%s", async (_, args) => {
    await writeFile(path.join(directory, "check.yml"), renderRules(args) ?? "");
    const checked = await run(promtool, ["check", "rules", "--lint-fatal", "check.yml"], {
      allowFailure: true,
      cwd: directory,
    });
    expect(checked).toMatchObject({ code: 0 });
  });
});

describe("promtool accepts the jobs", () => {
  const { services } = accepted({
    services: [
      { name: "a", port: 9091, metrics: { interval: "1s", labels: { team: "web" } } },
      { name: "b", profiles: [], metrics: { port: 9092, path: "/m", interval: "2m", timeout: "1m30s" } },
    ],
  });
  const targets = scrapeTargets(services, { alloyUrl: "http://127.0.0.1:12345" });

  const checked = async (config: string): Promise<string> => {
    await writeFile(path.join(directory, "prometheus.yml"), config);
    const args = ["check", "config", "prometheus.yml"];
    const { code, stdout, stderr } = await run(promtool, args, { allowFailure: true, cwd: directory });
    return code === 0 ? "as expected" : stdout + stderr;
  };

  test("each in a file of its own, and refuses one with a longer time limit", async () => {
    const write = async (change: (text: string) => string): Promise<void> => {
      for (const target of targets) {
        const text = change(renderScrapeJob("production", target));
        await writeFile(path.join(directory, `job-${target.name}.yml`), text);
      }
    };
    await write((text) => text);
    expect(await checked('scrape_config_files: ["job-*.yml"]\n')).toBe("as expected");
    await write((text) => text.replace("1m30s", "3m"));
    expect(await checked('scrape_config_files: ["job-*.yml"]\n')).toContain("scrape timeout greater than");
  });

  test("all as targets of one job", async () => {
    for (const target of targets)
      await writeFile(path.join(directory, `t-${target.name}.yml`), renderTargetFile("production", target));
    const job = targetFilesJob(path.join(directory, "t-*.yml"));
    expect(await checked(`scrape_configs:\n  - ${job}\n`)).toBe("as expected");
  });
});

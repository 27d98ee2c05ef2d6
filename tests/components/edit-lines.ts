import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, expect } from "vitest";

const script = path.join(__dirname, "../../components/host/scripts/edit-lines.pl");
const directory = mkdtempSync(path.join(tmpdir(), "edits-"));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

export const file = "/etc/prometheus/prometheus.yml";
export const jobs = `entry ${file} scrape_config_files "/etc/prometheus/jobs/*.yml"`;
export const rules = `entry ${file} rule_files "/etc/prometheus/rules/*-profiling.yml"`;
export const job = `entry ${file} scrape_configs {job_name: soar-profiling, scrape_interval: 15s, file_sd_configs: [{files: ["/etc/p/*.yml"]}]}`;
export const sites = `line ${file} import /etc/prometheus/sites/*.conf`;

/** Runs the host's own script on a text, as bytes. */
export function run(text: string, ...edits: string[]): { text: string; refusal: string } {
  const list = path.join(directory, "edits");
  writeFileSync(list, edits.map((edit) => `${edit}\n`).join(""));
  const { status, stdout, stderr } = spawnSync("perl", [script, file, list], {
    input: Buffer.from(text, "latin1"),
  });
  expect(status).toBe(stderr.length === 0 ? 0 : 1);
  return { text: stdout.toString("latin1"), refusal: stderr.toString() };
}

export function edited(text: string, ...edits: string[]): string {
  const result = run(text, ...edits);
  expect(result.refusal).toBe("");
  return result.text;
}

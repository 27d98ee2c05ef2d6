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

/** Those of two environments. */
export const ourFiles = [
  ...["production-alloy", "production-soar-run", "staging-soar-run"].map(
    (name) => `/etc/prometheus/jobs/${name}.yml`,
  ),
  ...["production", "staging"].map((name) => `/etc/prometheus/rules/${name}-profiling.yml`),
  ...["production", "staging"].map((name) => `/etc/prometheus/sites/${name}.example.conf`),
];

/** Runs the host's own script on a text, as bytes, with the names of our files. */
export function runWith(
  names: readonly string[],
  text: string,
  ...edits: string[]
): { text: string; refusal: string; notes: string } {
  const [list, files] = [path.join(directory, "edits"), path.join(directory, "names")];
  writeFileSync(list, edits.map((edit) => `${edit}\n`).join(""));
  writeFileSync(files, names.map((name) => `${name}\n`).join(""));
  const { status, stdout, stderr } = spawnSync("perl", [script, file, list, files], {
    input: Buffer.from(text, "latin1"),
  });
  expect([0, 1]).toContain(status);
  const said = stderr.toString();
  return {
    text: stdout.toString("latin1"),
    ...(status === 0 ? { refusal: "", notes: said } : { refusal: said, notes: "" }),
  };
}

export function run(text: string, ...edits: string[]): { text: string; refusal: string } {
  return runWith(ourFiles, text, ...edits);
}

export function edited(text: string, ...edits: string[]): string {
  const result = run(text, ...edits);
  expect(result.refusal).toBe("");
  return result.text;
}

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { run, UserError } from "../../sandbox/log";
import { grafana } from "../../sandbox/tools/backends";
import { goArch } from "../../sandbox/tools/recipe";
import { pulumi } from "../../sandbox/tools/recipes";
import { getRelease, type Download } from "../../sandbox/tools/release";

let folder: string;
let target: string;
let archive: Buffer;
const archiveName = pulumi.release?.archives[goArch()] ?? "";

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "release-test-"));
  target = path.join(folder, "target");
  await mkdir(target);
  await mkdir(path.join(folder, "pulumi"));
  await writeFile(path.join(folder, "pulumi", "pulumi"), "cli", { mode: 0o755 });
  await writeFile(path.join(folder, "pulumi", "pulumi-language-nodejs"), "host", { mode: 0o755 });
  await run("tar", ["-czf", path.join(folder, "a.tar.gz"), "-C", folder, "pulumi"]);
  archive = await readFile(path.join(folder, "a.tar.gz"));
});
afterEach(() => rm(folder, { recursive: true }));

const sumOf = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

/** Serves the archive and this list of sums. */
const serve =
  (sums: string, asked: string[] = []): Download =>
  async (url, file) => {
    asked.push(url);
    await writeFile(file, url.endsWith(archiveName) ? archive : sums);
    return { done: undefined };
  };

describe("getRelease", () => {
  it("puts the program and the language hosts into bin", async () => {
    const asked: string[] = [];
    const sums = `${"0".repeat(64)}  another.tar.gz\n${sumOf(archive)}  ${archiveName}\n`;
    expect(await getRelease(pulumi, target, serve(sums, asked))).toEqual({ done: undefined });
    expect(await readdir(target)).toEqual(["bin"]);
    expect((await readdir(path.join(target, "bin"))).sort()).toEqual(["pulumi", "pulumi-language-nodejs"]);
    const base = "https://github.com/pulumi/pulumi/releases/download/v3.259.0";
    expect(asked).toEqual([`${base}/pulumi-3.259.0-checksums.txt`, `${base}/${archiveName}`]);
  });

  it("is not looked for where the recipe has none", async () => {
    const attempt = await getRelease(grafana, target, () => Promise.reject(new Error("asked")));
    expect(attempt).toEqual({ refused: "no official release is used" });
  });

  it("says why it cannot be had, after one question", async () => {
    let questions = 0;
    const closed: Download = () => {
      questions += 1;
      return Promise.resolve({ refused: "Could not resolve host" });
    };
    const refused = "official release not reachable: Could not resolve host";
    expect(await getRelease(pulumi, target, closed)).toEqual({ refused });
    expect(questions).toBe(1);
    expect(await readdir(target)).toEqual([]);
  });

  it.each([
    ["does not match", `${"0".repeat(64)}  ${archiveName}\n`],
    ["is not in", `${"0".repeat(64)}  another.tar.gz\n`],
  ])("refuses a file that %s the published sums", async (problem, sums) => {
    const refusal = getRelease(pulumi, target, serve(sums));
    await expect(refusal).rejects.toBeInstanceOf(UserError);
    await expect(refusal).rejects.toThrow(`the downloaded ${archiveName} ${problem} the published`);
    expect(existsSync(path.join(target, "bin"))).toBe(false);
  });
});

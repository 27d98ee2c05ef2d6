import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchDirectory } from "./scratch";

const script = path.join(__dirname, "../../components/scripts/pyroscope-stored");
const id = (n: number): string => `01KB${String(n).padStart(22, "0")}`;

describe("profiles that another configuration has stored", () => {
  const place = scratchDirectory();
  const run = (action: string): { status: number | null; said: string } => {
    const args = [script, place("lib"), place("config.yml"), action, place("carried"), place("original")];
    const { status, stdout, stderr } = spawnSync("perl", args, { encoding: "utf8" });
    return { status, said: stdout + stderr };
  };
  const succeeds = (action: string, said = ""): void => {
    expect(run(action)).toEqual({ status: 0, said });
  };
  const taken = (count: number, from = "lib"): string => `profiles of ${place(from)} (blocks: ${count})\n`;
  /** A block whose last profile is some hours old. */
  const block = (directory: string, n: number, { hours = 1, level = 1, sources = [n] } = {}): void => {
    mkdirSync(place(`${directory}/${id(n)}`), { recursive: true });
    const compaction = { level, sources: sources.map(id) };
    const meta = { ulid: id(n), maxTime: Date.now() / 1000 - hours * 3600, compaction };
    writeFileSync(place(`${directory}/${id(n)}/meta.json`), JSON.stringify(meta));
    writeFileSync(place(`${directory}/${id(n)}/profiles.parquet`), `profiles ${n}`);
  };
  const blocks = (directory: string): number[] =>
    existsSync(place(directory))
      ? readdirSync(place(directory))
          .sort()
          .map((name) => Number(name.slice(4)))
      : [];
  const original = (text: string): void => {
    mkdirSync(place("original"));
    writeFileSync(place(`original/${place("config.yml").replaceAll("/", "%")}`), text);
  };
  beforeEach(() => {
    mkdirSync(place("lib"));
  });

  test("come to where ours are read, old and new, and go back with what was stored since", () => {
    block("lib/anonymous/local", 1, { hours: 5 });
    block("lib/anonymous/local", 2);
    mkdirSync(place("lib/anonymous/head"));
    succeeds("look", `profiles of ${place("lib")}\n`);
    succeeds("take", taken(2));
    expect(blocks("lib/anonymous/local")).toEqual([]);
    expect(blocks("lib/data/anonymous/local")).toEqual([2]);
    expect(blocks("lib/shared/anonymous/phlaredb")).toEqual([1]);
    // What Pyroscope has not written yet is there once it is stopped.
    mkdirSync(place(`lib/anonymous/head/${id(3)}`));
    succeeds("look", `profiles of ${place("lib")}\n`);
    succeeds("take");

    // Ours has made one more, and one of all three, of which the first is gone by now.
    block("lib/data/anonymous/local", 3);
    block("lib/shared/anonymous/phlaredb", 2);
    block("lib/shared/anonymous/phlaredb", 4, { level: 2, sources: [1, 2, 3] });
    block("lib/shared/anonymous/phlaredb", 5);
    succeeds("return");
    expect(blocks("lib/anonymous/local")).toEqual([4, 5]);
    expect(readFileSync(place(`lib/anonymous/local/${id(4)}/profiles.parquet`), "utf8")).toBe("profiles 4");
    expect(readdirSync(place("lib"))).toEqual(["anonymous"]);
    expect(readdirSync(place("lib/anonymous")).sort()).toEqual(["head", "local"]);
    expect(existsSync(place("carried"))).toBe(false);
    succeeds("return");
  });

  test("go back to both places that the other configuration had, which it may say in either form of YAML", () => {
    original(
      `storage: {backend: filesystem, filesystem: {dir: ${place("bucket")}}}\n` +
        `pyroscopedb:\n  data_path: "${place("local")}" # mine\n`,
    );
    block("local/anonymous/local", 1);
    block("bucket/anonymous/phlaredb", 2);
    succeeds("look", `profiles of ${place("local")}\nprofiles of ${place("bucket")}\n`);
    succeeds("take", taken(1, "local") + taken(1, "bucket"));
    expect(blocks("lib/data/anonymous/local")).toEqual([1]);
    expect(blocks("lib/shared/anonymous/phlaredb")).toEqual([2]);
    block("lib/data/anonymous/local", 3);
    succeeds("return");
    expect(blocks("local/anonymous/local")).toEqual([1, 3]);
    expect(blocks("bucket/anonymous/phlaredb")).toEqual([2]);
  });

  test("are moved by who goes on after a kill, and what is there is left alone", () => {
    block("lib/anonymous/local", 1);
    block("lib/anonymous/local", 2);
    block("lib/data/anonymous/local", 9);
    writeFileSync(place("lib/data/anonymous/local/shipper.json"), "{}");
    succeeds("take", taken(2));
    // The first had gone back, the second not.
    block("lib/anonymous/local", 1);
    spawnSync("rm", ["-r", place(`lib/data/anonymous/local/${id(1)}`)]);
    succeeds("return");
    expect(blocks("lib/anonymous/local")).toEqual([1, 2, 9]);
    expect(readdirSync(place("lib/data/anonymous/local"))).toEqual([]);
  });

  test("of other tenants, and those that Pyroscope is about to delete, stay", () => {
    block("lib/other/local", 1);
    block("lib/anonymous/local", 2);
    writeFileSync(place(`lib/anonymous/local/${id(2)}/deletion-mark.json`), "{}");
    mkdirSync(place("lib/anonymous/local/01A"));
    succeeds("look");
    succeeds("take");
    expect(existsSync(place("carried"))).toBe(false);
  });

  test("stay with what 2.x has stored beside them", () => {
    block("lib/anonymous/local", 1);
    succeeds("take", taken(1));
    mkdirSync(place("lib/metastore"));
    mkdirSync(place("lib/shared/segments"), { recursive: true });
    succeeds("return");
    expect(existsSync(place("lib/shared/segments"))).toBe(true);
  });

  test("stay where the files that read them there are ours", () => {
    block("lib/anonymous/local", 1);
    succeeds("take", taken(1));
    writeFileSync(place("config.yml"), "# Managed by soar-profiling (environment prod)\n");
    succeeds("return");
    expect(blocks("lib/data/anonymous/local")).toEqual([1]);
    expect(existsSync(place("carried"))).toBe(true);
  });

  test("that cannot be moved are named", () => {
    block("lib/anonymous/local", 1);
    writeFileSync(place("lib/data"), "in the way");
    const { status, said } = run("take");
    expect(status).not.toBe(0);
    expect(said).toContain(place("lib/data"));
    expect(blocks("lib/anonymous/local")).toEqual([1]);
  });
});

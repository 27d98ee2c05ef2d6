import { execFile, spawnSync } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import { describe, test } from "vitest";
import { scripts } from "./scratch";

const inNamespace = ["--mount", "--propagation", "private"];
const isPossible =
  spawnSync("unshare", [...inNamespace, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

/** What a driver has printed of each change: its first line, and the indented words below that. */
async function driven(driver: string, ...args: string[]): Promise<string[]> {
  const script = path.join(__dirname, driver);
  const { stdout } = await promisify(execFile)("unshare", [...inNamespace, "sh", script, scripts, ...args]);
  return stdout.split(/^(?=\S)/m);
}

/** A change on a disk that was full from some command of it on, or the one after it, once there was room again. */
interface Change {
  status: number;
  files: string;
  running: string;
  left: number;
  /** The command at which it filled, or none. */
  command: string;
  words: string;
}

async function changes(kind: "works" | "fails", directory: string, every: number): Promise<Change[]> {
  const parts = await driven("filling.sh", kind, directory, String(every));
  return parts.map((part) => {
    const [, status, files = "", running = "", left, command = "", words = ""] =
      /^\S+ (\d+) (\w+) (\w+) (\d+) ?(.*)\n([^]*)$/.exec(part) ?? [];
    return { status: Number(status), files, running, left: Number(left), command, words };
  });
}

// Where nobody is root the directories in memory cannot be made; tests/sandbox has some of it on a real host.
describe.skipIf(!isPossible)("a file system that fills at any step of a change", () => {
  const places = { "of the service's files": "/mnt/etc", "of the records": "/var/lib/soar-profiling" };

  test.concurrent.for(Object.entries(places))(
    "%s leaves the old files or the new ones, and the service runs on them",
    { timeout: 300_000 },
    async ([, directory], { expect }) => {
      const all = await changes("works", directory, 15);
      const [full, next] = [all.filter(({ command }) => command), all.filter(({ command }) => !command)];
      expect(full.length).toBeGreaterThan(4);
      for (const { status, files, running, left, command, words } of full) {
        const expected = status === 0 ? "after" : "before";
        expect([files, running, left], command).toEqual([expected, expected, 0]);
        if (status !== 0) expect(words, command).toMatch(/No space left on device|I\/O error/);
        if (status !== 0)
          expect(words, command).toMatch(/nothing was changed|the old files are back|is installed again/);
      }
      // Both were seen.
      expect(new Set(full.map(({ files }) => files))).toEqual(new Set(["before", "after"]));
      for (const change of next) {
        expect(change).toMatchObject({ status: 0, files: "after", running: "after", left: 0 });
      }
    },
  );

  test.concurrent.for(Object.entries(places))(
    "%s does not keep a change that does not work from being taken back",
    { timeout: 300_000 },
    async ([, directory], { expect }) => {
      const all = await changes("fails", directory, 15);
      expect(all.length).toBeGreaterThan(9);
      for (const { status, files, running, left, command, words } of all) {
        expect([status > 0, files, running, left], command).toEqual([true, "before", "before", 0]);
        expect(words, command).toMatch(
          /nothing was changed|is installed again|the old files are back and x\.service runs on them/,
        );
      }
      const taken = all.filter(({ command, words }) => command && words.includes("the old files are back"));
      expect(taken.length).toBeGreaterThan(2);
    },
  );

  const etc = { "of apt's sources": "/etc/apt", "of the records": "/var/lib/soar-profiling" };

  test.concurrent.for(Object.entries(etc))(
    "%s leaves the old source with the old key or the new one with the new key, and what is an operator's comes back",
    { timeout: 300_000 },
    async ([, directory], { expect }) => {
      const parts = await driven("filling-source.sh", directory);
      expect(parts.pop()).toBe("theirs 0 back 0\n");
      const seen = new Set<string>();
      for (const part of parts) {
        const [line = "", ...words] = part.split("\n");
        const [, what, status, files, left] = /^(\w+) (\d+) (\w+) (\d+)/.exec(line) ?? [];
        expect([files, left], part).toEqual([status === "0" ? "after" : "before", "0"]);
        if (what === "next") expect(status, part).toBe("0");
        if (status !== "0")
          expect(words.join("\n"), part).toMatch(/No space left on device|the old state is back/);
        seen.add(`${what ?? ""} ${files ?? ""}`);
      }
      expect([...seen].sort()).toEqual(["next after", "run after", "run before"]);
    },
  );
});

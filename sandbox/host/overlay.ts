import { mkdir, readFile } from "node:fs/promises";
import * as path from "node:path";
import { run } from "../log";

/** The parts of a host's disk below its directory: a copy on write of the image. */
export function diskOf(directory: string): { upper: string; work: string; root: string } {
  return {
    upper: path.join(directory, "upper"),
    work: path.join(directory, "work"),
    root: path.join(directory, "root"),
  };
}

/** Mounts a host's disk; `layers` are the read-only trees below it, the topmost first. */
export async function mountDisk(directory: string, layers: readonly string[]): Promise<string> {
  const { upper, work, root } = diskOf(directory);
  for (const part of [upper, work, root]) await mkdir(part, { recursive: true });
  const options = `lowerdir=${layers.join(":")},upperdir=${upper},workdir=${work}`;
  await run("mount", ["-t", "overlay", "-o", options, "overlay", root]);
  return root;
}

export async function unmount(mountPoint: string): Promise<void> {
  await run("umount", [mountPoint]);
}

/** The mount points below a directory, in the order in which they were mounted. */
export async function mountsBelow(directory: string): Promise<string[]> {
  const mounts = await readFile("/proc/self/mounts", "utf8");
  return mounts
    .split("\n")
    .map((line) => unescapeMount(line.split(" ")[1] ?? ""))
    .filter((mountPoint) => mountPoint.startsWith(`${directory}/`));
}

/** The kernel writes a space in a path as \040, and other separators likewise. */
function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

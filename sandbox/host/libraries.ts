import * as path from "node:path";
import { run } from "../log";
import { ensureServices } from "../services/build";
import { ensureAlloy } from "../tools/toolchain";
import { ensureImage, type DebianRelease } from "./image";

/**
 * What the programs that were linked on this machine lack on a host of a Debian release: one with a newer C library links
 * them with functions that an older one does not have. Empty where they run; Pyroscope needs no library at all.
 */
export async function missingLibraries(release: DebianRelease): Promise<string> {
  const { rootfs } = await ensureImage(release);
  const programs = [(await ensureAlloy()).path, ...(await ensureServices())];
  const found = await Promise.all(programs.map((program) => ask(rootfs, program)));
  return found.filter((line) => line !== "").join("; ");
}

/** The loader of the release itself is asked, which runs nothing of the program. */
async function ask(rootfs: string, program: string): Promise<string> {
  const { stdout, stderr } = await run(
    "unshare",
    [
      "--mount",
      "sh",
      "-c",
      'mount --bind "$1" "$2/opt" && chroot "$2" ldd "/opt/$3"',
      "sh",
      path.dirname(program),
      rootfs,
      path.basename(program),
    ],
    { allowFailure: true },
  );
  const missing = (stdout + stderr).split("\n").filter((line) => line.includes("not found"));
  return missing.length === 0 ? "" : `${path.basename(program)}: ${missing.join(", ").trim()}`;
}

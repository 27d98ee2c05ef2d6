import { chmod, copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";

import { run } from "../log";

/** What a file is made of: the path of a file on this machine that it is a copy of, or its text. */
export type Source = string | { text: string };

/** A file that a package puts on the host. It belongs to root there. */
export interface PackageFile {
  /** Where it goes on the host, absolute. */
  target: string;
  source: Source;
  /** Default: 0644. */
  executable?: true;
  /** dpkg keeps the administrator's version of it over an upgrade. Default: overwritten. */
  conffile?: true;
}

/** The fields of `DEBIAN/control` that are the same in every revision, in their order. */
export interface ControlFields {
  Package: string;
  Section: string;
  Priority: string;
  Maintainer: string;
  Homepage: string;
  /** One line. */
  Description: string;
}

/** What a package is made of, in all of its revisions. */
export interface PackageLayout {
  control: ControlFields;
  /** How the README says where it comes from. Default: from the official packaging files. */
  origin?: string;
  files: PackageFile[];
  /** Folders with all that is in them: where on the host, and what they are copies of. */
  folders?: { target: string; source: string }[];
  /** The maintainer scripts, put into the package as they are. */
  scripts: { postinst?: Source; prerm?: Source };
}

/** The text of `DEBIAN/control`. `installedSize` is in KiB. */
export function controlText(
  fields: ControlFields,
  revision: { version: string; architecture: string; installedSize: number },
): string {
  const { Package, Description, ...rest } = fields;
  const all = {
    Package,
    Version: revision.version,
    Architecture: revision.architecture,
    "Installed-Size": String(revision.installedSize),
    ...rest,
    Description,
  };
  return Object.entries(all)
    .map(([name, value]) => {
      if (/[\r\n]/.test(value)) throw new Error(`control field ${name} must be one line`);
      return `${name}: ${value}\n`;
    })
    .join("");
}

/** The text of `DEBIAN/conffiles`: one path a line. */
export function conffilesText(files: readonly PackageFile[]): string {
  return files
    .filter((file) => file.conffile === true)
    .map((file) => `${file.target}\n`)
    .join("");
}

/** The one file in which two revisions of a package differ on the host. */
export function readmeTarget(name: string): string {
  return `/usr/share/doc/${name}/README.sandbox`;
}

/** The text of that file. */
export function readmeText(
  name: string,
  version: string,
  origin = "from the official packaging files",
): string {
  return `${name} ${version}\n\nMade by the sandbox of soar-profiling ${origin}. Not an official package.\n`;
}

/**
 * Builds a `.deb` of each version into `output`, named `<name>_<version>_<architecture>.deb`. The tree is laid out once
 * in `work`, which is removed afterwards: Alloy's program alone is hundreds of MB.
 */
export async function buildDebs(
  layout: PackageLayout,
  versions: readonly string[],
  architecture: string,
  directories: { work: string; output: string },
): Promise<void> {
  const { work, output } = directories;
  const name = layout.control.Package;
  await layOut(layout, work);
  await mkdir(output, { recursive: true });
  for (const version of versions) {
    const readme = path.join(work, readmeTarget(name));
    await mkdir(path.dirname(readme), { recursive: true });
    await writeFile(readme, readmeText(name, version, layout.origin));
    const installedSize = await sizeInKiB(work);
    const control = controlText(layout.control, { version, architecture, installedSize });
    await writeFile(path.join(work, "DEBIAN/control"), control);
    // Neither the umask of this process nor the mode of a source shall show on the host.
    await run("chmod", ["-R", "u=rwX,go=rX", work]);
    // The lightest compression: it takes seconds, and saves most of what the host has to fetch and hash.
    const options = ["--root-owner-group", "-Zzstd", "-z1"];
    await run("dpkg-deb", [
      ...options,
      "--build",
      work,
      path.join(output, debName(name, version, architecture)),
    ]);
  }
  await rm(work, { recursive: true });
}

function debName(name: string, version: string, architecture: string): string {
  return `${name}_${version}_${architecture}.deb`;
}

async function layOut(layout: PackageLayout, tree: string): Promise<void> {
  const debian = path.join(tree, "DEBIAN");
  await mkdir(debian, { recursive: true });
  for (const file of layout.files) {
    await place(file.source, path.join(tree, file.target), file.executable === true);
  }
  for (const { target, source } of layout.folders ?? []) {
    await mkdir(path.dirname(path.join(tree, target)), { recursive: true });
    await run("cp", ["-R", source, path.join(tree, target)]);
  }
  for (const [script, source] of Object.entries(layout.scripts)) {
    await place(source, path.join(debian, script), true);
  }
  await writeFile(path.join(debian, "conffiles"), conffilesText(layout.files));
}

async function place(source: Source, target: string, executable: boolean): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  if (typeof source === "string") await copyFile(source, target);
  else await writeFile(target, source.text);
  await chmod(target, executable ? 0o755 : 0o644);
}

/** What dpkg calls the installed size: without the control files, which are small beside it but not part of it. */
async function sizeInKiB(tree: string): Promise<number> {
  const { stdout } = await run("du", ["-sk", "--apparent-size", "--exclude=DEBIAN", tree]);
  return Number.parseInt(stdout, 10);
}

/** The architecture that dpkg on this machine builds for, such as `amd64`. */
export async function debArchitecture(): Promise<string> {
  return (await run("dpkg", ["--print-architecture"])).stdout.trim();
}

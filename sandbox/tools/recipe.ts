import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { contentKey, projectRoot } from "../paths";

/** How one tool is recognised, downloaded and built. All of it goes into the key of its place in the cache. */
export interface Recipe {
  name: "pulumi" | "pyroscope" | "alloy" | "loki" | "tempo" | "grafana" | "actionlint" | "versitygw";
  version: string;
  /** Arguments with which the program prints its version. */
  versionArgs: string[];
  /** The official release; left out where only the build is known to work. */
  release?: {
    /** Where the files of the release are, below the release host. */
    directory: string;
    archives: Record<GoArch, string>;
    /** The published list of SHA-256 sums. */
    checksums: string;
  };
  build: {
    /** The Go package of the program. */
    package: string;
    tags?: string;
    /** `-X` settings: Go variable to value. */
    variables: Record<string, string>;
    /** More flags of the linker. */
    linkerFlags?: string[];
    cgo: boolean;
    /** Debian packages that the build needs besides Go. */
    debianPackages: string[];
    /** Roughly, on two cores, with nothing in the caches. */
    minutes: number;
    /** The program's module is built from a copy with these changes, at `./source` as go.mod's `replace` says. */
    adapted?: Adaptation;
    /** Arguments of `go` that generate code in the copy before the build. */
    generate?: string[];
    /** Folders of the copy that the program needs at run time; they come beside `bin/`. */
    data?: string[];
  };
  packaging?: {
    /** The Go module that brings the packaging files. */
    module: string;
    /** The program inside the official Debian package. */
    program: string;
    files: PackagingFile[];
  };
}

export type GoArch = "amd64" | "arm64";

/** What is changed in the copy of a module. */
export interface Adaptation {
  module: string;
  sum: string;
  edits: Edit[];
  /** Files of the copy that a file beside the tool's go.mod takes the place of: path in the copy to name. */
  files?: Record<string, string>;
}

/** One replacement of a text that must be there exactly once. */
export interface Edit {
  file: string;
  find: string;
  replace: string;
}

/** Takes a text out. */
export function leaveOut(file: string, find: string): Edit {
  return { file, find, replace: "" };
}

/** One packaging file: its name for us, in the Go module, and in the extracted Debian package. */
export interface PackagingFile {
  name: string;
  inModule: string;
  inPackage: string;
}

/** The folder in the project with the tool's go.mod and go.sum, and the files that take the place of its own. */
export function moduleFolder(recipe: Recipe): string {
  return path.join(projectRoot, "sandbox", "tools", recipe.name);
}

export function goArch(): GoArch {
  return process.arch === "arm64" ? "arm64" : "amd64";
}

/** The key of the tool's place in the cache: it changes with the recipe, its folder and the processor. */
export function recipeKey(recipe: Recipe, folder = moduleFolder(recipe), arch: string = goArch()): string {
  const files = readdirSync(folder)
    .sort()
    .map((file) => readFileSync(path.join(folder, file)));
  return contentKey([JSON.stringify(recipe), arch, ...files]);
}

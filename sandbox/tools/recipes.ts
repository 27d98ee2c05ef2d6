import { readFileSync } from "node:fs";
import * as path from "node:path";
import { contentKey, projectRoot } from "../paths";

/** How one tool is recognised, downloaded and built. All of it goes into the key of its place in the cache. */
export interface Recipe {
  name: "pulumi" | "pyroscope" | "alloy" | "grafana";
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
    adapted?: { module: string; sum: string; edits: Edit[] };
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

/** One replacement of a text that must be there exactly once. */
export interface Edit {
  file: string;
  find: string;
  replace: string;
}

/** One packaging file: its name for us, in the Go module, and in the extracted Debian package. */
export interface PackagingFile {
  name: string;
  inModule: string;
  inPackage: string;
}

export const pulumi: Recipe = {
  name: "pulumi",
  version: "3.259.0",
  versionArgs: ["version"],
  release: {
    directory: "pulumi/pulumi/releases/download/v3.259.0",
    archives: { amd64: "pulumi-v3.259.0-linux-x64.tar.gz", arm64: "pulumi-v3.259.0-linux-arm64.tar.gz" },
    checksums: "pulumi-3.259.0-checksums.txt",
  },
  build: {
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    // Without it `pulumi version` is empty and the Automation API refuses the program.
    variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v3.259.0" },
    cgo: false,
    debianPackages: [],
    minutes: 4,
  },
};

export const pyroscope: Recipe = {
  name: "pyroscope",
  version: "1.12.0",
  versionArgs: ["--version"],
  release: {
    directory: "grafana/pyroscope/releases/download/v1.12.0",
    archives: { amd64: "pyroscope_1.12.0_linux_amd64.deb", arm64: "pyroscope_1.12.0_linux_arm64.deb" },
    checksums: "checksums.txt",
  },
  build: {
    package: "github.com/grafana/pyroscope/cmd/pyroscope",
    variables: { "github.com/grafana/pyroscope/pkg/util/build.Version": "1.12.0" },
    cgo: false,
    debianPackages: [],
    minutes: 2,
  },
  packaging: {
    module: "github.com/grafana/pyroscope@v1.12.0",
    program: "usr/bin/pyroscope",
    files: [
      {
        name: "pyroscope.service",
        inModule: "tools/packaging/pyroscope.service",
        inPackage: "etc/systemd/system/pyroscope.service",
      },
      { name: "postinstall.sh", inModule: "tools/packaging/postinstall.sh", inPackage: "DEBIAN/postinst" },
      {
        name: "pyroscope.yaml",
        inModule: "cmd/pyroscope/pyroscope.yaml",
        inPackage: "etc/pyroscope/config.yml",
      },
    ],
  },
};

export const alloy: Recipe = {
  name: "alloy",
  version: "1.10.0",
  versionArgs: ["--version"],
  release: {
    directory: "grafana/alloy/releases/download/v1.10.0",
    archives: { amd64: "alloy-1.10.0-1.amd64.deb", arm64: "alloy-1.10.0-1.arm64.deb" },
    checksums: "SHA256SUMS",
  },
  build: {
    package: "github.com/grafana/alloy",
    // Without promtail_journal_enabled the journal source is a stub.
    tags: "netgo promtail_journal_enabled",
    variables: { "github.com/grafana/alloy/internal/build.Version": "v1.10.0" },
    cgo: true,
    debianPackages: ["gcc", "libc6-dev", "libsystemd-dev"],
    minutes: 12,
    // Alloy's own replacement of its syntax module is a folder beside it; the released one differs in one function.
    adapted: {
      module: "github.com/grafana/alloy@v1.10.0",
      sum: "h1:rRzRgNlIT8Bw1dRcGiWjN/RJSbq48/YHkTqPOxndx/k=",
      edits: [
        {
          file: "internal/validator/validate.go",
          find: 'optional := typecheck.TryUnwrapBlockAttr(a, "optional", syntax.ValueFromBool(false))',
          replace: 'optional, found := typecheck.TryUnwrapBlockAttr(a, "optional", reflect.Bool)',
        },
        {
          file: "internal/validator/validate.go",
          find: "if optional.Bool() {",
          replace: "if found && optional.Bool() {",
        },
        {
          file: "internal/validator/validate.go",
          find: '\t"github.com/grafana/alloy/syntax"\n',
          replace: "",
        },
      ],
    },
  },
  packaging: {
    module: "github.com/grafana/alloy@v1.10.0",
    program: "usr/bin/alloy",
    files: [
      {
        name: "deb/alloy.service",
        inModule: "packaging/deb/alloy.service",
        inPackage: "usr/lib/systemd/system/alloy.service",
      },
      {
        name: "deb/control/postinst",
        inModule: "packaging/deb/control/postinst",
        inPackage: "DEBIAN/postinst",
      },
      { name: "deb/control/prerm", inModule: "packaging/deb/control/prerm", inPackage: "DEBIAN/prerm" },
      { name: "config.alloy", inModule: "packaging/config.alloy", inPackage: "etc/alloy/config.alloy" },
      { name: "environment-file", inModule: "packaging/environment-file", inPackage: "etc/default/alloy" },
    ],
  },
};

/** The HTTP API only: the module has no built web pages. */
export const grafana: Recipe = {
  name: "grafana",
  version: "10.0.0",
  versionArgs: ["--version"],
  build: {
    package: "github.com/grafana/grafana/pkg/cmd/grafana",
    variables: { "main.version": "10.0.0" },
    // A dependency refers to private symbols of the standard library.
    linkerFlags: ["-checklinkname=0"],
    // For its SQLite.
    cgo: true,
    debianPackages: ["gcc", "libc6-dev"],
    minutes: 10,
    // The code of its dependency injection is not in the module.
    adapted: {
      module: "github.com/grafana/grafana@v1.9.2-0.20230609164553-81d85ce8028d",
      sum: "h1:nEQOIzFVY/zsD915THCfkl+HIvGW+AounbAQ61ejFcs=",
      edits: [],
    },
    generate: ["tool", "wire", "gen", "-tags", "oss", "github.com/grafana/grafana/pkg/server"],
    data: ["conf", "public"],
  },
};

/** The tools that every sandbox needs; Grafana is made only for who asks for it. */
export const recipes: readonly Recipe[] = [pulumi, pyroscope, alloy];

/** The folder in the project with the tool's go.mod and go.sum. */
export function moduleFolder(recipe: Recipe): string {
  return path.join(projectRoot, "sandbox", "tools", recipe.name);
}

export function goArch(): GoArch {
  return process.arch === "arm64" ? "arm64" : "amd64";
}

/** The key of the tool's place in the cache: it changes with the recipe, go.mod, go.sum and the processor. */
export function recipeKey(recipe: Recipe, folder = moduleFolder(recipe), arch: string = goArch()): string {
  const moduleFiles = ["go.mod", "go.sum"].map((file) => readFileSync(path.join(folder, file)));
  return contentKey([JSON.stringify(recipe), arch, ...moduleFiles]);
}

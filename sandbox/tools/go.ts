import { homedir } from "node:os";
import * as path from "node:path";
import { run, UserError } from "../log";
import { cacheDir } from "../paths";
import { ensurePackages, packageCandidate } from "../prerequisites";
import { findProgram } from "./installed";

/** From 1.21 on Go fetches the newer Go that a go.mod asks for, as a module. */
const minimumGo = "1.21";

/** What `ensureGo` needs from the machine. */
export interface GoSource {
  /** The `go` command, if there is one. */
  find(): Promise<string | undefined>;
  /** Its version, such as `1.26.8`. */
  version(program: string): Promise<string>;
  /** The version that apt would install. */
  candidate(): Promise<string | undefined>;
  install(): Promise<void>;
}

const machine: GoSource = {
  // sudo leaves out the place where Go's own archive goes.
  find: () => findProgram("go", ["/usr/local/go/bin"]),
  version: async (program) => {
    const env = { ...goEnvironment(false), GOTOOLCHAIN: "local" };
    const result = await run(program, ["env", "GOVERSION"], { env });
    return result.stdout.trim().replace(/^go/, "");
  },
  candidate: () => packageCandidate("golang-go"),
  install: () => ensurePackages(["golang-go"]),
};

/** The `go` command: what is on the machine, else Debian's. */
export async function ensureGo(source: GoSource = machine): Promise<string> {
  const found = await source.find();
  if (found !== undefined) {
    const version = await source.version(found);
    if (atLeast(version, minimumGo)) return found;
    throw tooOld(`${found} is Go ${version}`);
  }
  const candidate = await source.candidate();
  if (candidate === undefined) throw tooOld("there is no Go, and apt-get has none");
  // Debian's version is such as 2:1.24~2.
  const offered = candidate.replace(/^\d+:/, "");
  if (!atLeast(offered, minimumGo)) throw tooOld(`there is no Go, and apt-get has only ${offered}`);
  await source.install();
  const installed = await source.find();
  if (installed === undefined) throw tooOld("the package golang-go has brought no command `go`");
  return installed;
}

function tooOld(problem: string): UserError {
  return new UserError(problem, `install Go ${minimumGo} or later from go.dev/dl into /usr/local/go`);
}

/** Compares the leading numbers: 1.24~2 is at least 1.21. */
export function atLeast(version: string, minimum: string): boolean {
  const numbers = (text: string): number[] => (/^[\d.]+/.exec(text)?.[0] ?? "").split(".").map(Number);
  const have = numbers(version);
  for (const [index, wanted] of numbers(minimum).entries()) {
    const number = have[index] ?? 0;
    if (number !== wanted) return number > wanted;
  }
  return true;
}

/** Go's caches while tools are built: tens of GB, so they are let go of when every tool is there. */
export function goCaches(): string {
  return path.join(cacheDir(), "go");
}

/** The folder for temporary files of Go: the machine's may be in memory, and may run no programs. */
export function goTemporary(): string {
  return path.join(goCaches(), "tmp");
}

/** The environment of every Go command: folders of our own, and nothing of the user's that changes the result. */
export function goEnvironment(cgo: boolean): Record<string, string> {
  return {
    GOENV: settingsOfUser(),
    // For the checksum database's cache, and for telemetry.
    GOPATH: path.join(goCaches(), "path"),
    XDG_CONFIG_HOME: path.join(goCaches(), "config"),
    TMPDIR: goTemporary(),
    GOCACHE: path.join(goCaches(), "build"),
    GOMODCACHE: path.join(goCaches(), "mod"),
    GOTOOLCHAIN: "auto",
    GOFLAGS: "-mod=readonly",
    GOWORK: "off",
    CGO_ENABLED: cgo ? "1" : "0",
  };
}

/** The file of `go env -w`, such as for a proxy: where Go finds it by itself, or what the user says. */
function settingsOfUser(): string {
  const fromUser = process.env["GOENV"] ?? "";
  if (fromUser !== "") return fromUser;
  const configuration = process.env["XDG_CONFIG_HOME"] ?? "";
  return path.join(configuration === "" ? path.join(homedir(), ".config") : configuration, "go", "env");
}

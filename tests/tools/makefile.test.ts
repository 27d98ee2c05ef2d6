import { describe, expect, it } from "vitest";
import { parseOptions } from "../../operations/flamegraph/options";
import { run, type RunResult } from "../../sandbox/log";
import { projectRoot } from "../../sandbox/paths";

const packages = "node_modules/.package-lock.json";

/** Runs make as from a shell, also where make runs the tests. */
function make(args: string[], env: Record<string, string | undefined> = {}): Promise<RunResult> {
  const fresh = { MAKEFLAGS: undefined, MAKELEVEL: undefined, MFLAGS: undefined, CMD: undefined };
  return run("make", ["--silent", ...args], {
    cwd: projectRoot,
    env: { ...fresh, ...env },
    allowFailure: true,
  });
}

describe("make ssh", () => {
  // In place of the program: what it would get. The packages are there, and stay as they are.
  const ssh = (args: string[], env?: Record<string, string>): Promise<RunResult> =>
    make([`--old-file=${packages}`, "node=printenv CMD #", "ssh", ...args], env);

  it.each(["echo $HOME $(hostname) ${x} $$", `printf '%s\\n' "a  b" # c`, "first\nsecond \\\nthird", ""])(
    "passes on as it is: %j",
    async (command) => {
      const expected = { code: 0, stdout: `${command}\n`, stderr: "" };
      expect(await ssh([`CMD=${command}`])).toEqual(expected);
      expect(await ssh([], { CMD: command })).toEqual(expected);
    },
  );

  it("opens a shell without CMD", async () => {
    expect((await ssh([])).stdout).toBe("\n");
  });
});

describe("make flamegraph", () => {
  const variables = ["SERVICE", "PROFILE", "SINCE", "DIFF", "BY", "OUTPUT"];
  const unset = Object.fromEntries(variables.map((name) => [name, undefined]));
  /** The words that the program would get. */
  const words = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await make(
      [`--old-file=${packages}`, "node=printf '%s\\n'", "flamegraph", ...args],
      unset,
    );
    return stdout.trimEnd().split("\n").slice(2);
  };

  it("passes on what is set, as the options of the program", async () => {
    expect(await words()).toEqual(["--"]);
    expect(await words("SERVICE=soar-run", "PROFILE=cpu", "SINCE=15m", "OUTPUT=a file.pb.gz")).toEqual(
      ["--profile=cpu", "--since=15m", "--output=a file.pb.gz", "--", "soar-run"], // prettier-ignore
    );
    expect(await words("DIFF=1h", "BY=service_git_ref")).toEqual(["--diff=1h", "--by=service_git_ref", "--"]);
    expect(parseOptions(await words("SERVICE=soar-run", "DIFF=1h"))).toMatchObject({
      service: "soar-run",
      diff: 3_600,
    });
  });
});

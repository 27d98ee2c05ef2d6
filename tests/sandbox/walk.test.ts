import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { sshHost, startHost, stopHost, type SandboxHost } from "../../sandbox/host/host";
import { prepareIngredients } from "../../sandbox/host/prepare";
import { run } from "../../sandbox/log";
import { projectRoot } from "../../sandbox/paths";
import { sandboxConfig } from "../../sandbox/stack";
import { documents } from "../docs/documents";
import { pulumiIn } from "./harness/command-line";

/** Other ports than the usual ones, which other tests may have on this machine. */
const ports = { pyroscope: 4240, grpc: 4241, alloy: 12_545 };

/** The commands of a page that are marked as ones to run, in their order. */
function commandsOf(file: string): string[] {
  const nodes = documents.find((document) => document.file === file)?.nodes ?? [];
  return nodes.flatMap(({ type, lang, meta, value }) =>
    type === "code" && lang === "sh" && meta === "run" ? [value ?? ""] : [],
  );
}

/** What is looked at, on this machine, after a command. */
const looks = [
  ["tunnel')\"", `curl -fsS http://127.0.0.1:${ports.pyroscope}/ready`],
  ["pkill", `sleep 1; ! curl -fsS http://127.0.0.1:${ports.pyroscope}/ready`],
  ["config set detectDrift", 'test "$(pulumi config get detectDrift)" = true'],
] as const;

/** A checkout in a home of its own, with what step 4 leaves to its reader: the settings of the services that there are. */
async function checkout(home: string, host: SandboxHost): Promise<string> {
  const directory = path.join(home, "soar-profiling");
  const made = new Set(["node_modules", ".git", "target", "test-results"]);
  await cp(projectRoot, directory, { recursive: true, filter: (file) => !made.has(path.basename(file)) });
  await symlink(path.join(projectRoot, "node_modules"), path.join(directory, "node_modules"));

  const { repository } = await prepareIngredients(host);
  const { services, repository: source, ...rest } = await sandboxConfig(host, repository.fingerprint);
  const file = path.join(directory, "Pulumi.prod.yaml");
  const settings = parseDocument(await readFile(file, "utf8"));
  for (const key of ["logs", "traces", "grafana"]) settings.deleteIn(["config", `soar-profiling:${key}`]);
  const written = {
    services,
    repository: source,
    pyroscope: { ...(rest["pyroscope"] as object), httpPort: ports.pyroscope, grpcPort: ports.grpc },
    alloy: { ...(rest["alloy"] as object), httpPort: ports.alloy },
  };
  for (const [key, value] of Object.entries(written))
    settings.setIn(["config", `soar-profiling:${key}`], value);
  await writeFile(file, settings.toString());
  return directory;
}

describe("the commands of README.md and docs/operations.md", { timeout: 1_200_000 }, async () => {
  const host = await startHost("walk");
  const home = await mkdtemp(path.join(tmpdir(), "walk-"));
  afterAll(async () => {
    await stopHost("walk");
    await rm(home, { recursive: true });
  });
  const onHost = async (command: string): Promise<string> => (await sshHost(host, command)).stdout;

  test("do what they say as they are printed, from a bare host to one that is as it was", async () => {
    const before = await onHost("ls /etc /usr/local/lib /etc/apt/sources.list.d");
    const blocks = [...commandsOf("README.md"), ...commandsOf("docs/operations.md")];
    expect(blocks.length).toBeGreaterThan(10);
    const lines = blocks.flatMap((block) => [
      "cat <<'end of block'",
      block,
      "end of block",
      ...["(", "set -e", block, ")"],
      ...looks.flatMap(([after, look]) => (block.includes(after) ? [look] : [])),
    ]);
    const directory = await checkout(home, host);
    const script = path.join(home, "walk.sh");
    await writeFile(script, ["set -e", `cd ${directory}`, ...lines, ""].join("\n"));
    // With processes of its own, since `pkill` would end those of other tests, too.
    const own = ["--pid", "--fork", "--mount-proc", "--kill-child", "sh", script];
    const { code, stdout, stderr } = await run("unshare", own, {
      allowFailure: true,
      env: {
        ...(await pulumiIn(home, path.join(__dirname, "walk/pulumi.ts"))),
        PULUMI_SKIP_CONFIRMATIONS: "true",
        HOST: host.address,
        SSH_KEY: host.privateKeyFile,
        VERSION: "1.21.1-2",
      },
    });
    expect(code, (stdout + stderr).slice(-20_000)).toBe(0);
    expect(stdout).toContain("pyroscope 1.21.1-2 is installed (before: 1.21.1-1)");
    expect(await onHost("ls /etc /usr/local/lib /etc/apt/sources.list.d")).toBe(before);
  });
});

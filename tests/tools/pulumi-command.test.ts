import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { expect, it, vi } from "vitest";
import { pulumiCommand } from "../../sandbox/stack";

it("an installed Pulumi may be in a folder of any name", async () => {
  const directory = await mkdtemp(path.join(tmpdir(), "pulumi-command-test-"));
  vi.stubEnv("SOAR_SANDBOX_CACHE", path.join(directory, "cache"));
  const program = path.join(directory, "pulumi");
  await writeFile(program, "#!/bin/sh\necho v3.259.0\n", { mode: 0o755 });
  const tool = { name: "pulumi", version: "3.259.0", path: program, how: "installed" } as const;
  for (let time = 0; time < 2; time += 1) {
    expect((await pulumiCommand(tool)).version?.version).toBe("3.259.0");
  }
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

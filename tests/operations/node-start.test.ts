import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { projectRoot } from "../../sandbox/paths";

test("the Node that Pulumi starts keeps what it has compiled, with the packages, and makes short stack traces", () => {
  const project = parse(readFileSync(path.join(projectRoot, "Pulumi.yaml"), "utf8")) as {
    runtime: { options: { nodeargs: string } };
  };
  const said = execFileSync(
    process.execPath,
    [
      ...project.runtime.options.nodeargs.split(" "),
      "--print",
      "JSON.stringify([Error.stackTraceLimit, module.constructor.getCompileCacheDir()])",
    ],
    // Whoever runs the tests may keep it elsewhere.
    { cwd: projectRoot, encoding: "utf8", env: { ...process.env, NODE_COMPILE_CACHE: undefined } },
  );
  const [limit, directory] = JSON.parse(said) as [number, string];
  expect(limit).toBe(1);
  expect(path.relative(projectRoot, directory)).toMatch(/^node_modules\/\.cache\/node\//);
});

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { local } from "@pulumi/command";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Engine, startEngine, type TestStack } from "./engine";

/** The contract of `local.Command` and `local.run`. With PLUGINS=official it runs against the official plugin. */
describe("command.local", () => {
  let engine: Engine;
  let stack: TestStack;
  let directory: string;
  let stacks = 0;

  beforeAll(async () => {
    engine = await startEngine();
    directory = mkdtempSync(path.join(tmpdir(), "soar-local-"));
  });
  afterAll(() => {
    engine.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(async () => {
    stack = await engine.stack(`local${stacks++}`);
  });

  const command = (args: local.CommandArgs) => async (): Promise<object> => {
    const { stdout, stderr } = new local.Command("it", args);
    return Promise.resolve({ stdout, stderr });
  };

  it("runs create, update with the last output, and delete from the state", async () => {
    const gone = path.join(directory, "gone");
    const args = (stdin: string): local.CommandArgs => ({
      create: "echo made; echo noise >&2",
      update: 'echo "after $PULUMI_COMMAND_STDOUT: $(cat)"',
      delete: `cat > ${gone}`,
      stdin,
    });
    expect((await stack.up(command(args("1")))).outputs).toEqual({ stdout: "made", stderr: "noise" });
    expect((await stack.up(command(args("2")))).outputs).toEqual({ stdout: "after made: 2", stderr: "" });
    expect((await stack.up(command(args("2")))).changes).toEqual({ same: 2 });
    expect((await stack.destroy()).error).toBeUndefined();
    expect(readFileSync(gone, "utf8")).toBe("2");
  });

  it("honours dir, environment and interpreter", async () => {
    const interpreter = [process.execPath, "-e"];
    const create = "console.log(process.cwd(), process.env.COLOUR)";
    const args = { create, interpreter, dir: directory, environment: { COLOUR: "blue" } };
    expect((await stack.up(command(args))).outputs["stdout"]).toBe(`${directory} blue`);
  });

  it("replaces when triggers change", async () => {
    await stack.up(command({ create: "true", update: "false", triggers: [1] }));
    const second = await stack.up(command({ create: "true", update: "false", triggers: [2] }));
    expect(second.changes).toEqual({ same: 1, replace: 1 });
  });

  it("fails with the status, the escaped command and all output", async () => {
    const outcome = await stack.up(command({ create: 'echo "why"; exit 4' }));
    expect(outcome.error).toContain('exit status 4: running "echo \\"why\\"; exit 4":');
    expect(outcome.error).toContain("why\n");
  });

  it("runs nothing in a preview, except the function run", async () => {
    const touched = path.join(directory, "touched");
    await stack.preview(command({ create: `touch ${touched}` }));
    expect(existsSync(touched)).toBe(false);
    const preview = await stack.preview(async () => {
      const { stdout } = await local.run({ command: `touch ${touched}; cat; echo`, stdin: "in" });
      return { stdout };
    });
    expect(preview.error).toBeUndefined();
    expect(existsSync(touched)).toBe(true);
    expect(preview.output).toMatch(/stdout: +"in"/);
  });
});

import { mkdir } from "node:fs/promises";
import * as path from "node:path";
import { step } from "../sandbox/log";
import { time } from "./measure";
import type { Stack } from "./pulumi";
import type { Part } from "./result";
import { type Declaration, settle, type Way } from "./ways";

const program = path.join(__dirname, "program");

/** What the time of a run that changes nothing consists of: of Pulumi itself, of the ways to start it, of this program. */
export async function measureParts(
  stack: Stack,
  ways: readonly Way[],
  work: string,
  rounds: number,
): Promise<Part[]> {
  const [first] = ways;
  if (first === undefined) return [];
  const trivial = async (commands: number): Promise<Declaration> => {
    const directory = path.join(work, `${commands}-commands`);
    await mkdir(directory, { recursive: true });
    return { stack: { name: "trivial", config: { commands }, directory }, program };
  };
  const own = stack.declare({ services: 6, label: "0" });
  const measured: [string, Way, Declaration, string[]][] = [
    ["a program that declares nothing", first, await trivial(0), ["--skip-preview"]],
    ["25 commands that do nothing", first, await trivial(25), ["--skip-preview"]],
    ...ways.map((way): [string, Way, Declaration, string[]] => [
      "this program",
      way,
      own,
      ["--skip-preview"],
    ]),
    ...(first.by === "pulumi"
      ? [
          ["this program, with the preview that comes first", first, own, []] satisfies [
            string,
            Way,
            Declaration,
            string[],
          ],
        ]
      : []),
  ];
  const parts: Part[] = [];
  for (const [what, way, declaration, options] of measured) {
    await settle(declaration);
    const run = (): Promise<string> => way.run("up", declaration, options);
    await run(); // What there is to do is done.
    const seconds: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const title = `${what}, ${way.by}, ${way.plugins} plugin, ${round} of ${rounds}`;
      seconds.push((await step(title, () => time(run))).seconds);
    }
    parts.push({ what, by: way.by, plugins: way.plugins, seconds });
  }
  return parts;
}

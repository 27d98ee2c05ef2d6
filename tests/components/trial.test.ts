import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { CommandError } from "../../components/host/commands";
import type { ServiceStates } from "../../components/host/drift";
import { type Candidate, Trial } from "../../components/host/trial";

const error = vi.spyOn(pulumi.log, "error").mockResolvedValue(undefined);
const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
beforeEach(() => {
  error.mockClear();
  warn.mockClear();
});

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
const record = (state: Partial<ServiceStates[string]> = {}): ServiceStates[string] => ({
  generation: 0,
  differences: [],
  foreign: [],
  ...state,
});
/** Names its resource, as far as this is looked at here. */
const resource = (id: string): pulumi.Resource => ({ id }) as unknown as pulumi.Resource;

/** Tries all at once; the answers are by the command, and what was asked is returned with what was said. */
async function tried(
  candidates: Candidate[],
  states: ServiceStates | undefined,
  answers: Record<string, string | Error> = {},
): Promise<{ asked: [string, string | undefined][]; errors: unknown[]; warnings: unknown[] }> {
  const asked: [string, string | undefined][] = [];
  const session = {
    run: (command: string, _: number, stdin?: string) => {
      asked.push([command, stdin]);
      const answer = answers[command] ?? "checked\n";
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    hold: () => undefined,
  };
  const trial = new Trial(session, Promise.resolve(states), (...words) => words.join(" ").trim());
  await Promise.all(candidates.map((candidate) => trial.of(candidate, () => resource(candidate.id))));
  return { asked, errors: error.mock.calls, warnings: warn.mock.calls };
}

const alloy = { id: "alloy", declaration: "new alloy\n" };
const logs = { id: "logs", declaration: "new logs\n", base: "alloy" };
const site = { id: "site", declaration: "new site\n" };
const scripts = { scripts: record() };

describe("a trial on the host", () => {
  test("is of what an up would apply: what is new, what is another, what was changed by hand", async () => {
    const same = digest(logs.declaration);
    const states = { ...scripts, alloy: record({ digest: digest("old") }), logs: record({ digest: same }) };
    const { asked } = await tried([alloy, logs, site], states);
    expect(asked.map(([command]) => command)).toEqual(["alloy", "site"]);
    const byHand = { ...states, logs: record({ digest: same, differences: ["x was edited"] }) };
    expect((await tried([logs], byHand)).asked).toEqual([["logs", logs.declaration]]);
    expect((await tried([logs], { ...scripts, logs: record() })).asked).toEqual([["logs", logs.declaration]]);
  });

  test.each([
    ["does not answer", undefined],
    ["has no scripts yet", {}],
  ])("is none on a host that %s", async (_, states) => {
    expect(await tried([alloy, logs], states)).toEqual({ asked: [], errors: [], warnings: [] });
  });

  test("is together with what comes before it, where that changes too", async () => {
    const { asked } = await tried([alloy, logs], scripts);
    expect(asked).toEqual([
      ["alloy", alloy.declaration],
      ["logs alloy", alloy.declaration + logs.declaration],
    ]);
    const unchanged = { ...scripts, alloy: record({ digest: digest(alloy.declaration) }) };
    expect((await tried([alloy, logs], unchanged)).asked).toEqual([["logs", logs.declaration]]);
  });

  test("fails at the resource, in the words of the host, and not a second time at what needs it", async () => {
    const words = "x.alloy:1: no such thing\nsoar-profiling: alloy: refused by 'x'; nothing was changed";
    const refused = new CommandError(words, 1);
    const { errors, warnings } = await tried([alloy, logs, site], scripts, {
      alloy: refused,
      "logs alloy": refused,
    });
    expect(errors).toEqual([[words, resource("alloy")]]);
    expect(warnings).toEqual([]);
  });

  test.each([
    ["before the first up", {}, "not ready", [["preflight", "script"]]],
    ["not once a service of ours is there", { ...scripts, alloy: record() }, undefined, []],
    ["not on a host that does not answer", undefined, undefined, []],
  ])("has the preflight %s", async (_, states, words, expected) => {
    const asked: unknown[] = [];
    const run = (command: string, _seconds: number, stdin?: string): Promise<string> => {
      asked.push([command, stdin]);
      return Promise.reject(new CommandError("not ready", 1));
    };
    const trial = new Trial({ run, hold: () => undefined }, Promise.resolve(states), () => "");
    await trial.ofPreflight("preflight", "script", () => resource("check"));
    expect(asked).toEqual(expected);
    expect(error.mock.calls).toEqual(words === undefined ? [] : [[words, resource("check")]]);
  });

  test("has the preflight tell what an up would do to a host that is ready", async () => {
    const said = "hello\nnote: x 1 will be upgraded to 2\nwarning: y is large\nthe host is ready\n";
    const session = { run: () => Promise.resolve(said), hold: () => undefined };
    const trial = new Trial(session, Promise.resolve({}), () => "");
    await trial.ofPreflight("preflight", "script", () => resource("check"));
    expect(warn.mock.calls).toEqual([
      ["x 1 will be upgraded to 2", resource("check")],
      ["y is large", resource("check")],
    ]);
    expect(error).not.toHaveBeenCalled();
  });

  test("has the preflight tell it also where that finds what is in the way", async () => {
    const refused = new CommandError("This host is not ready", 1, "note: x 1 will be upgraded to 2\n");
    const session = { run: () => Promise.reject(refused), hold: () => undefined };
    const trial = new Trial(session, Promise.resolve({}), () => "");
    await trial.ofPreflight("preflight", "script", () => resource("check"));
    expect(warn.mock.calls).toEqual([["x 1 will be upgraded to 2", resource("check")]]);
    expect(error.mock.calls).toEqual([["This host is not ready", resource("check")]]);
  });

  test("has the preflight tell it after a first up that has brought no service, whose next one may not run it", async () => {
    const states = Promise.resolve({ ...scripts, "source-grafana": record() });
    const said = { out: "note: x 1 will be upgraded to 2\nthe host is ready\n" };
    const tell = async (answer: Promise<string>): Promise<unknown[]> => {
      warn.mockClear();
      const trial = new Trial({ run: () => answer, hold: () => undefined }, states, () => "");
      await trial.ofPreflight("preflight", "script", () => resource("check"));
      expect(error).not.toHaveBeenCalled();
      return warn.mock.calls.map(([words]) => words);
    };
    expect(await tell(Promise.resolve(said.out))).toEqual(["x 1 will be upgraded to 2"]);
    const refused = new CommandError("This host is not ready", 1, said.out);
    expect(await tell(Promise.reject(refused))).toEqual([
      "x 1 will be upgraded to 2",
      "This host is not ready",
    ]);
  });

  test("may be put off, with a warning that says to when", async () => {
    const { errors, warnings } = await tried([site], scripts, { site: "hello\nunchecked it is busy\n" });
    expect(errors).toEqual([]);
    expect(warnings).toEqual([
      ["The host cannot say yet whether an up would refuse this: it is busy.", resource("site")],
    ]);
  });

  test.each([
    ["the connection is lost", new Error("the connection was lost"), "the connection was lost"],
    ["it takes too long", new CommandError("the command ended with status 124", 124), "status 124"],
    ["the answer is none of ours", "hello", "unexpected answer: hello"],
  ])("is given up with one warning when %s", async (_, answer, words) => {
    const { errors, warnings } = await tried([alloy, logs, site], scripts, {
      alloy: answer,
      "logs alloy": answer,
      site: answer,
    });
    expect(errors).toEqual([]);
    expect(warnings).toEqual([
      [expect.stringContaining("detectDrift: the host could not be asked whether an up would refuse")],
    ]);
    expect(String(warnings)).toContain(words);
  });
});

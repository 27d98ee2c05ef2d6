import { describe, expect, test } from "vitest";
import type { Contender } from "../../bench/contender";
import { measureSeries, type Series } from "../../bench/measure";

/** One that says what it is told to, and logs in once a run. */
function contender(name: string, did: string[], said: string): Contender {
  let logins = 7;
  return {
    name,
    changedNothing: /^nothing$/,
    prepare: (action, { label }) => {
      did.push(`${name} prepares ${action} ${label}`);
      return Promise.resolve(() => {
        logins++;
        did.push(`${name} runs`);
        return Promise.resolve(said);
      });
    },
    logins: () => Promise.resolve(logins),
  };
}

const series: Series = {
  what: "one label",
  action: "apply",
  declared: (round) => ({ services: 6, label: `${round}` }),
  changes: true,
  rounds: 2,
};

describe("a series", () => {
  test("is measured in turns, without what is prepared for it", async () => {
    const did: string[] = [];
    const both = [contender("a", did, "one"), contender("b", did, "one")];
    const results = await measureSeries(both, series);
    const round = (number: number): string[] =>
      ["a", "b"].flatMap((name) => [`${name} prepares apply ${number}`, `${name} runs`]);
    expect(did).toEqual([...round(1), ...round(2)]);
    expect(results.map((each) => each.map(({ logins }) => logins))).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  test("fails where one that had something to change has changed nothing, and the other way round", async () => {
    await expect(measureSeries([contender("a", [], "nothing")], series)).rejects.toThrow(
      "a has changed nothing: nothing",
    );
    await expect(measureSeries([contender("a", [], "one")], { ...series, changes: false })).rejects.toThrow(
      "a has changed something: one",
    );
  });
});

import { describe, expect, test } from "vitest";
import { type Chain, firstFault, isWhole } from "../../operations/verify/chain";
import type { Report } from "../../operations/verify/verify";
import { editFile } from "./harness/faults";
import { TestStack } from "./harness/stack";

const profilesFile = "/etc/alloy/conf.d/sandbox-profiles.alloy";

interface Service {
  name: string;
  port: number;
  profiles?: string[];
}

describe("verify", { timeout: 400_000 }, async () => {
  const stack = await TestStack.create("verify");
  const services = stack.setting("services") as Service[];
  const chains = services.flatMap(({ name, profiles = ["cpu"] }) =>
    profiles.map((kind) => `${name} ${kind}`),
  );
  stack.configure({ logs: { url: "http://127.0.0.1:3100" } });

  const nameOf = ({ service, kind }: Chain): string => `${service} ${kind}`;
  /** The first broken link of each way, and each broken check, in words. */
  const brokenOf = ({ chains: all, checks }: Report): Record<string, string> =>
    Object.fromEntries([
      ...all.flatMap((chain) => {
        const first = firstFault(chain);
        return first === undefined ? [] : [[nameOf(chain), `${first.name}: ${first.detail}`]];
      }),
      ...checks.flatMap(({ name, state, detail }) => (state === "broken" ? [[name, detail]] : [])),
    ]) as Record<string, string>;
  const whole = (): Promise<Record<string, string>> => stack.verify().then(({ report }) => brokenOf(report));

  test("follows each kind of profile of each service into Pyroscope, and the probe comes back whole", async () => {
    await stack.up();
    await expect.poll(whole, { timeout: 120_000, interval: 5_000 }).toEqual({});
    const logins = await stack.logins();
    const { code, report } = await stack.verify();
    // The count's own login, and one for all of it.
    expect(await stack.logins()).toBe(logins + 2);
    console.log(JSON.stringify(report, undefined, 1));
    expect(code).toBe(0);
    expect(report.chains.map(nameOf)).toEqual(chains);
    expect(report.chains.filter((chain) => !isWhole(chain))).toEqual([]);
  });
});

import { execFileSync } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { identityOf, isOtherHost, machineIn } from "../../components/host/identity";
import { refuseMove } from "../../components/host/move";
import { machineScript } from "../../components/host/scripts";
import { newKey, startTarget, type Target } from "../sandbox/plugins/ssh-target";
import { stateOf } from "./mocks";
import { hostKey } from "./stack";

const key = newKey();
const stack = "org/soar-profiling/test";
const checks = ["soar-host-setup", "soar-host-preflight-check"];
const earlier = "soar-host-preflight-check";
const here = machineIn(execFileSync("sh", ["-s"], { input: machineScript(), encoding: "utf8" })) ?? "";
const elsewhere = "0123456789abcdef0123456789abcdef";
const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);

let target: Target;
beforeEach(async () => {
  target = await startTarget({ publicKey: key.public });
  warn.mockClear();
});
afterEach(() => target.stop());

/** What an `up` or a preview of the host at 127.0.0.1 says, after one that has left this. */
async function move(
  last: { host: string; hostKey?: string; machine?: string } | undefined,
  { replaces, isPreview = false }: { replaces?: string; isPreview?: boolean } = {},
): Promise<{ refusal: string | undefined; warnings: string[]; asked: number }> {
  const { machine, ...connection } = last ?? { host: "" };
  const stdout = `the host is ready${machine === undefined ? "" : `\nmachine ${machine}`}`;
  const left = last === undefined ? {} : { [earlier]: { create: "x", stdout, connection } };
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name }) => ({ id: name, state: {} }),
      call: ({ token, inputs }) => {
        expect([token, inputs]).toEqual(["pulumi:pulumi:readStackResourceOutputs", { stackName: stack }]);
        return { outputs: stateOf(left) };
      },
    },
    "soar-profiling",
    "test",
    isPreview,
  );
  const ssh = { address: "127.0.0.1", port: target.port, user: "deploy", hostKey: target.hostKey };
  const refusal = await refuseMove(
    { stack, ssh, privateKey: key.private, replaces, setting: "host" },
    checks,
  ).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  return { refusal, warnings: warn.mock.calls.map(([text]) => text), asked: target.seen.connections };
}
const nothing = { refusal: undefined, warnings: [] };

describe("another host than that of the last `up`", () => {
  test("is none at the first one", async () => {
    expect(await move(undefined)).toEqual({ ...nothing, asked: 0 });
  });

  test("is refused, with what to do, when it is another machine, whatever its key", async () => {
    const { refusal } = await move({ host: "192.0.2.1", hostKey: target.hostKey, machine: elsewhere });
    expect(refusal).toMatch(
      /host: 127\.0\.0\.1 \(\S+ SHA256:\S+\) is not known to be the machine that the last up was on, 192\.0\.2\.1 \(/,
    );
    expect(refusal).toContain(
      "what this stack has put on 192.0.2.1 would stay and go on running, with nothing left to remove it: pulumi destroy first, " +
        "with the settings of 192.0.2.1, and then change host; or, if 192.0.2.1 is gone or is to stay as it is, set host.replaces " +
        "to 192.0.2.1",
    );
  });

  test("is the same one, with another address or another key, when it is the same machine", async () => {
    const last = { host: "192.0.2.1", hostKey, machine: here };
    expect(await move(last)).toEqual({ ...nothing, asked: 1 });
  });

  test("is accepted where the settings say which one it takes the place of, and only for that", async () => {
    const last = { host: "192.0.2.1", machine: elsewhere };
    expect(await move(last, { replaces: "192.0.2.1" })).toEqual({ ...nothing, asked: 0 });
    expect((await move(last, { replaces: "192.0.2.2" })).refusal).toContain("host.replaces");
  });

  test("is told by the keys after an older program, which has not asked for the machine", async () => {
    expect(await move({ host: "192.0.2.1", hostKey: target.hostKey })).toEqual({ ...nothing, asked: 0 });
    expect((await move({ host: "192.0.2.1", hostKey })).refusal).toContain("host.replaces");
    expect((await move({ host: "192.0.2.1" })).refusal).toContain("host.replaces");
  });

  test("is told by a preview, which reaches no host", async () => {
    const isPreview = true;
    const refused = await move({ host: "192.0.2.1", hostKey }, { isPreview });
    expect(refused).toMatchObject({ refusal: undefined, asked: 0 });
    const maybe = await move({ host: "192.0.2.1", hostKey, machine: here }, { isPreview });
    expect(maybe).toMatchObject({ refusal: undefined, asked: 0 });
    expect(maybe.warnings[0]).toMatch(
      /^An up will be refused\. host: 127\.0\.0\.1 .* set host\.replaces to 192\.0\.2\.1$/,
    );
    expect(maybe.warnings[1]).toMatch(
      /^The host was 192\.0\.2\.1 .* If not, an up is refused: pulumi destroy first, /,
    );
  });
});

test("a machine tells more than a key does, where both hosts are asked", () => {
  const identity = (machine?: string): ReturnType<typeof identityOf> => ({
    ...identityOf({ address: "a", hostKey }),
    ...(machine === undefined ? {} : { machine }),
  });
  expect(isOtherHost(identity(here), identity(elsewhere))).toBe(true);
  expect(isOtherHost(identity(here), { address: "b", key: "ssh-ed25519 SHA256:x", machine: here })).toBe(
    false,
  );
  expect(isOtherHost(identity(), identity(elsewhere))).toBe(false);
});

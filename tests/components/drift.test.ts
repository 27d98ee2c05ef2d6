import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Drift, parseStates } from "../../components/host/drift";
import { oneLine } from "../../components/host/scripts";
import { Session } from "../../components/host/session";
import { newKey, startTarget, type Target } from "../sandbox/plugins/ssh-target";
import { stateOf } from "./mocks";
import { minimal, stackOf } from "./stack";

const key = newKey();
const stack = "org/soar-profiling/test";
const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
const info = vi.spyOn(pulumi.log, "info").mockResolvedValue(undefined);
const warnings = (): string[] => warn.mock.calls.map(([text]) => text);
const remarks = (): string[] => info.mock.calls.map(([text]) => text);

let target: Target;
const ssh = () => ({
  address: "127.0.0.1",
  port: target.port,
  user: "deploy",
  hostKey: target.hostKey,
});

beforeEach(async () => {
  target = await startTarget({ publicKey: key.public });
  warn.mockClear();
  info.mockClear();
});
afterEach(() => target.stop());

/** The generations of the services that are named, when the last `up` left these. */
async function generationsOf(
  ids: string[],
  { command, privateKey = key.private }: { command: string; privateKey?: string },
  last?: Record<string, number>,
): Promise<Record<string, number>> {
  await pulumi.runtime.setMocks({
    newResource: ({ name, type }) => {
      expect(type).toBe("soar:test");
      return { id: name, state: {} };
    },
    call: ({ token, inputs }) => {
      expect([token, inputs]).toEqual(["pulumi:pulumi:readStackResourceOutputs", { stackName: stack }]);
      const commands = Object.entries(last ?? {}).map(([id, generation]) => [
        `${id}-files`,
        { create: `service-config apply ${id}${generation === 0 ? "" : ` --generation ${generation}`}` },
      ]);
      return { name: stack, outputs: stateOf(Object.fromEntries(commands) as object) };
    },
  });
  const parent = new pulumi.ComponentResource("soar:test", "test");
  const session = new Session(ssh(), pulumi.secret(privateKey));
  const drift = new Drift({ session, stack, command });
  for (const id of ids) drift.generation(id, `${id}-files`, parent);
  return new Promise((resolve) => {
    drift.generations().apply(resolve);
  });
}

/** As it is inside of the line for the login shell. */
const quoted = (text: string): string => text.replaceAll("'", `'\\''`);

const says = (...lines: string[]): string => `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")}`;

describe("drift", () => {
  test("is asked for once, and is one generation more where something differs, with a warning of each thing", async () => {
    const command = says(
      ...["record alloy 0", "record profiles 3", "differs profiles /etc/a b.alloy was edited"],
      ...["line profiles -a", "line profiles +  b"],
      ...["differs profiles alloy.service does not run", "record logs 2"],
    );
    const last = { alloy: 7, profiles: 7, logs: 7 };
    expect(await generationsOf(["alloy", "profiles", "logs"], { command }, last)).toEqual({
      alloy: 0,
      profiles: 4,
      logs: 2,
    });
    expect(target.seen).toMatchObject({
      connections: 1,
      logins: ["deploy by publickey"],
      commands: [expect.stringContaining(quoted(command))],
    });
    expect(warnings()).toEqual([
      "On the host /etc/a b.alloy was edited. An up puts it back.\n  -a\n  +  b",
      "On the host alloy.service does not run. An up puts it back.",
    ]);
    expect(remarks()).toEqual([
      "What was changed on the host is put back by its command, which is run again: --generation N at its end counts how often.",
    ]);
    await vi.waitFor(() => {
      expect(target.open()).toBe(0);
    });
  });

  test("may be a file of someone else that wins: it is one generation more too, and no `up` is said to put it back", async () => {
    const command = says("record alloy 1", "foreign alloy /etc/x.conf sets User: remove that");
    expect(await generationsOf(["alloy"], { command })).toEqual({ alloy: 2 });
    expect(warnings()).toEqual(["On the host /etc/x.conf sets User: remove that. An up fails until then."]);
  });

  test("is nothing on a host that knows nothing of the environment yet", async () => {
    expect(await generationsOf(["alloy"], { command: "true" })).toEqual({ alloy: 0 });
    expect(warnings()).toEqual([]);
  });

  test("may be that the host has lost what it knew of a service, which the last `up` had left there", async () => {
    expect(await generationsOf(["alloy", "logs"], { command: "true" }, { alloy: 2 })).toEqual({
      alloy: 3,
      logs: 0,
    });
    expect(warnings()).toEqual([
      "On the host nothing is known of alloy: its records were removed. An up puts it back.",
    ]);
  });

  test.each([
    ["the command fails", { command: "echo no such thing >&2; exit 3" }, "no such thing"],
    ["the command fails in silence", { command: "exit 3" }, "the command ended with status 3"],
    ["the answer is none of ours", { command: "echo hello" }, "unexpected answer of the host: hello"],
    ["the login is refused", { command: "true", privateKey: newKey().private }, "no SSH login as deploy at"],
  ])("when %s, the generations are those of the state, with one warning", async (_, args, reason) => {
    const generations = await generationsOf(["alloy", "logs"], args, { alloy: 2 });
    expect(generations).toEqual({ alloy: 2, logs: 0 });
    expect(warnings()).toEqual([
      expect.stringContaining(
        "detectDrift: the host could not be asked, so what was changed there by hand is not shown: ",
      ),
    ]);
    expect(warnings()[0]).toContain(reason);
  });

  test("of a stack is asked of its host, and a generation ends the command of a service or an apt source, and is told to that of the scripts", async () => {
    const host = { ...minimal.host, ...ssh(), user: "root" };
    const values = { ...minimal, host, detectDrift: true };
    const last = (name: string, generation: number): object => ({
      [name]: { create: `x --generation ${generation}` },
    });
    const commands = {
      ...last("soar-platform-alloy-config-files", 3),
      ...last("soar-platform-repository-source", 2),
      // Of the scripts the option is not the last word.
      "soar-host-setup": { create: "x own --generation 4 -- port 1" },
      "soar-profiles-config-files": { create: "x" },
    };
    const references = { [stack]: {}, [`commands of ${stack}`]: commands };
    const resources = await stackOf(values, { sshPrivateKey: pulumi.secret(newKey().private) }, references);
    expect(resources[0]?.inputs["create"]).toContain(" own --generation 4 -- port ");
    const creates = resources.flatMap(({ inputs }) => {
      const create = String(inputs["create"]);
      return /service-config|apt-repository|platform (confirm|guard)/.test(create)
        ? [create.replace(/.*?test\//, "")]
        : [];
    });
    expect(creates).toEqual([
      expect.stringMatching(/^apt-repository add grafana https:\S+ [0-9A-F]{40} --generation 2$/),
      "service-config apply pyroscope",
      "service-config apply alloy --generation 3",
      "service-config apply profiles",
      "platform confirm",
    ]);
    expect(target.seen.commands).toEqual([]);
    await stackOf(values, { sshPrivateKey: pulumi.secret(key.private) });
    // By the copies, should the scripts be no longer what they were.
    const records = "/var/lib/soar-profiling/test";
    const scripts = "/usr/local/lib/soar-profiling/test";
    expect(target.seen.commands).toEqual([
      expect.stringContaining(
        quoted(
          `test ! -d ${records} && test ! -d ${scripts} || timeout 60 sh -c '${oneLine("by-copies.sh")}' sh `,
        ) + quoted(`${records}/scripts/test ${scripts} '' drift`),
      ),
    ]);
  });

  test("tells apart what the host says", () => {
    expect(
      parseStates("record a 1\ndigest a 0f\ndiffers a x y\nline a -b\nforeign a z\nrecord b-c 20\n"),
    ).toEqual({
      a: { generation: 1, digest: "0f", differences: ["x y\n-b"], foreign: ["z"] },
      "b-c": { generation: 20, differences: [], foreign: [] },
    });
    expect(() => parseStates("record a\n")).toThrow("unexpected answer of the host: record a");
  });
});

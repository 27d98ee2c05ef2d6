import type { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Waiting } from "../../components/host/waiting";

const ssh = { address: "soar", port: 22, user: "deploy" };

/** A command, as far as it is asked: it ends by `end`. */
function command(): { made: remote.Command; end: (known?: Error) => void } {
  let settle: (known?: Error) => void = () => undefined;
  const isKnown = new Promise<boolean>((resolve, reject) => {
    settle = (error) => {
      if (error === undefined) resolve(true);
      else reject(error);
    };
  });
  return { made: { stdout: { isKnown } } as unknown as remote.Command, end: settle };
}

const told = vi.spyOn(pulumi.log, "info").mockResolvedValue();
const words = (): string[] => told.mock.calls.map(([text]) => text);

beforeEach(() => {
  vi.useFakeTimers();
  told.mockClear();
});
afterEach(() => {
  vi.useRealTimers();
});

test("says once whom it waits for, where nothing has come for eight seconds", async () => {
  const waiting = new Waiting({ ...ssh, jump: { address: "gate", port: 2222, user: "hop" } }, undefined);
  for (const { made } of [command(), command()]) waiting.add(made);
  await vi.advanceTimersByTimeAsync(7_900);
  expect(words()).toEqual([]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(words()).toEqual([
    "No command has ended on the host for 8 s: deploy@soar port 22, through hop@gate port 2222. Either one takes its time, or " +
      "the login does not succeed: it is tried ten times, for about 15 s, with the keys of the SSH agent.",
  ]);
});

test("counts from the last command that was as it was", async () => {
  const waiting = new Waiting(ssh, undefined);
  const [first, second] = [command(), command()];
  for (const { made } of [first, second]) waiting.add(made);
  await vi.advanceTimersByTimeAsync(500);
  first.end();
  await vi.advanceTimersByTimeAsync(7_900);
  expect(words()).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(words()).toHaveLength(1);
});

test.each([
  ["one has worked for a while", undefined],
  ["one has failed", new Error("refused")],
])("is silent once %s", async (_, error) => {
  const waiting = new Waiting(ssh, undefined);
  const [first, second] = [command(), command()];
  for (const { made } of [first, second]) waiting.add(made);
  await vi.advanceTimersByTimeAsync(1_500);
  first.end(error);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(words()).toEqual([]);
});

test("names the key by the fingerprint of its public half, and not the key", async () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
  const waiting = new Waiting(ssh, pulumi.secret(pem));
  waiting.add(command().made);
  await vi.advanceTimersByTimeAsync(10_000);
  await vi.waitFor(() => {
    expect(words()[0]).toMatch(/ with sshPrivateKey, whose public half is SHA256:[A-Za-z0-9+/]{43}\.$/);
  });
});

import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { Capture } from "../../sandbox/plugins/command/capture";
import { parseHostKey } from "../../sandbox/plugins/command/connection";
import { previousOutput } from "../../sandbox/plugins/command/lifecycle";
import { isUnknown, newId, plain, secret, typeOf } from "../../sandbox/plugins/values";

const urn = "urn:pulumi:sandbox::soar::soar:Host$command:remote:Command::a::b";

describe("values", () => {
  it("finds type and name in a URN", () => {
    expect(typeOf(urn)).toBe("command:remote:Command");
    expect(newId(urn)).toMatch(/^a::b[0-9a-f]{8}$/);
  });

  it("takes secrets out of their envelopes at any depth", () => {
    expect(plain(secret({ a: [secret("x"), 1], b: { c: secret(null) } }))).toEqual({
      a: ["x", 1],
      b: { c: null },
    });
  });

  it("knows what preview does not know, secret or not", () => {
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    expect([unknown, secret(unknown), "x", undefined].map(isUnknown)).toEqual([true, true, false, false]);
  });
});

describe("parseHostKey", () => {
  it.each(["ssh-ed25519 AAAA", "ssh-ed25519 AAAA root@host", "  ssh-ed25519 AAAA\n"])("reads %j", (text) => {
    expect(parseHostKey(text)).toEqual({ algorithm: "ssh-ed25519", key: Buffer.from("AAAA", "base64") });
  });

  it.each(["", "AAAA", "ssh-ed25519"])("refuses %j", (text) => {
    expect(() => parseHostKey(text)).toThrow("failed to parse host key");
  });
});

describe("previousOutput", () => {
  it("leaves out what is empty", () => {
    expect(previousOutput({}, { stdout: "x", stderr: "" })).toEqual({ PULUMI_COMMAND_STDOUT: "x" });
    expect(previousOutput({ addPreviousOutputInEnv: false }, { stdout: "x", stderr: "y" })).toEqual({});
  });
});

describe("Capture", () => {
  it("shows whole lines as they come and keeps characters that arrive in parts", async () => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const shown: string[] = [];
    const logger = {
      status: (line: string) => void shown.push(line),
      warn: () => undefined,
      error: () => undefined,
      delivered: () => Promise.resolve(),
    };
    const capture = new Capture(stdout, stderr, undefined, logger);
    const bytes = Buffer.from("fünf\nsechs");
    stdout.write(bytes.subarray(0, 2));
    stdout.end(bytes.subarray(2));
    await new Promise((resolve) => stdout.once("end", resolve));
    expect(shown).toEqual(["fünf"]);
    expect(capture.finish("x", undefined)).toEqual({ stdout: "fünf\nsechs", stderr: "" });
    expect(shown).toEqual(["fünf", "sechs"]);
    expect(() => capture.finish('say "x"', "gone")).toThrow('gone: running "say \\"x\\"":\nfünf\nsechs');
  });
});

import { type Output } from "@pulumi/pulumi";
import { RandomId, RandomPassword, RandomPet } from "@pulumi/random";
import { compareSync } from "bcryptjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, type Outcome, startEngine, type TestStack } from "./engine";

/** The contract of the random resources. With PLUGINS=official it runs against the official plugin. */
describe("random", () => {
  let engine: Engine;
  let stack: TestStack;

  beforeAll(async () => {
    engine = await startEngine();
    stack = await engine.stack("random");
  });
  afterAll(() => {
    engine.stop();
  });

  const program = (keepers: Record<string, string>) => async (): Promise<Record<string, Output<string>>> => {
    const password = new RandomPassword("password", {
      length: 20,
      special: false,
      minNumeric: 3,
      keepers,
    });
    const pet = new RandomPet("pet", { prefix: "host", separator: "_" });
    const id = new RandomId("id", { byteLength: 8, prefix: "p-" });
    const { result, bcryptHash } = password;
    return Promise.resolve({
      result,
      bcryptHash,
      pet: pet.id,
      id: id.id,
      hex: id.hex,
      dec: id.dec,
      b64Url: id.b64Url,
    });
  };
  const values = ({ outputs, error }: Outcome): Record<string, string> => {
    expect(error).toBeUndefined();
    return outputs as Record<string, string>;
  };

  it("makes a value once, keeps it, and makes a new one when a keeper changes", async () => {
    const first = values(await stack.up(program({ turn: "1" })));
    expect(first["result"]).toMatch(/^(?=(?:.*\d){3})[A-Za-z0-9]{20}$/);
    expect(compareSync(first["result"] ?? "", first["bcryptHash"] ?? "")).toBe(true);
    expect(first["pet"]).toMatch(/^host_[a-z]+_[a-z]+$/);
    expect(first["hex"]).toMatch(/^p-[0-9a-f]{16}$/);
    const bytes = Buffer.from(first["id"] ?? "", "base64url");
    expect(first["hex"]).toBe(`p-${bytes.toString("hex")}`);
    expect(first["dec"]).toBe(`p-${bytes.readBigUInt64BE()}`);
    expect(first["b64Url"]).toBe(`p-${first["id"]}`);

    const same = await stack.up(program({ turn: "1" }));
    expect(same.changes).toEqual({ same: 4 });
    expect(values(same)).toEqual(first);

    const next = await stack.up(program({ turn: "2" }));
    expect(next.changes).toEqual({ same: 3, replace: 1 });
    const { result, bcryptHash, ...others } = values(next);
    expect(result).not.toBe(first["result"]);
    expect(bcryptHash).not.toBe(first["bcryptHash"]);
    expect(first).toMatchObject(others);
  });

  it("keeps the id among the outputs, where the official plugin looks for it when it refreshes", async () => {
    for (const [type, id] of [
      ["randomPassword:RandomPassword", "none"],
      ["randomPet:RandomPet", expect.stringContaining("host_")],
    ] as const) {
      expect(stack.state(`random:index/${type}`).outputs["id"]).toEqual(id);
    }
    expect((await stack.refresh()).changes).toEqual({ same: 4 });
    expect(stack.state("random:index/randomPassword:RandomPassword").id).toBe("none");
  });

  it("keeps the password and its hash secret in the state", () => {
    const { outputs } = stack.state("random:index/randomPassword:RandomPassword");
    expect(outputs["result"]).toHaveProperty("ciphertext");
    expect(outputs["bcryptHash"]).toHaveProperty("ciphertext");
  });
});

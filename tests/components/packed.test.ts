import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { installer, packed } from "../../components/host/scripts";
import { unpacked } from "./mocks";

const script =
  "set -eu\nfor word; do echo \"<$word>\"; done\ncat <<'end'\nälso 'this' $and \\that\nend\nexit 7\n";

describe("a packed script", () => {
  test("runs with its arguments, and ends as it does", () => {
    const args = ["-s", "--", "a b", "$c"];
    const { status, stdout } = spawnSync("sh", args, { input: packed(script), encoding: "utf8" });
    expect(stdout).toBe("<a b>\n<$c>\nälso 'this' $and \\that\n");
    expect(status).toBe(7);
  });

  test("is what was packed, much shorter, and the same on each machine", () => {
    const all = installer();
    const text = packed(all);
    expect(unpacked(text)).toContain(`\n${all}`);
    expect(text.length).toBeLessThan(all.length * 0.45);
    // Else a preview on another machine would show a change on each host.
    const [bytes = ""] = /^H4sI.*$/m.exec(packed(script)) ?? [];
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(
      "40fbb9b73fb68ad6cf078dee7652c963b12621afb1d021123c2d1a5552a73de5",
    );
  });

  test.each([
    ["is cut off", (text: string) => text.slice(0, text.length / 2)],
    ["has a byte that is another", (text: string) => text.replace(/^(H4sI.{60})./m, "$1!")],
    ["has lost a part", (text: string) => text.replace(/^(H4sI.{40}).{20}/m, "$1")],
  ])("that %s fails, and does nothing", (_, damage) => {
    const { status, stdout } = spawnSync("sh", ["-s"], { input: damage(packed(script)), encoding: "utf8" });
    expect(stdout).toBe("");
    expect(status).not.toBe(0);
  });

  test("fails where there is no gzip", () => {
    const { status } = spawnSync("/bin/sh", ["-s"], { input: packed(script), env: { PATH: "/nowhere" } });
    expect(status).not.toBe(0);
  });
});

import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { whole } from "../../components/host/scripts";

test.each(["sh", "bash"])(
  "%s does nothing with a script that was cut off, wherever that was, and fails",
  (shell) => {
    const text = whole("echo ran \"$1\"\ncat <<'end'\na line\nend\n");
    const run = (script: string): { status: number | null; stdout: string } =>
      spawnSync(shell, ["-s", "--", "word"], { input: script, encoding: "utf8" });
    expect(run(text)).toMatchObject({ status: 0, stdout: "ran word\na line\n" });
    for (let length = 1; length < text.length - 1; length++) {
      const { status, stdout } = run(text.slice(0, length));
      expect(stdout, `the first ${length} characters`).toBe("");
      expect(status, `the first ${length} characters`).not.toBe(0);
    }
  },
);

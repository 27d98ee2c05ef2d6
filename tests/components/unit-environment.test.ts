import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, test } from "vitest";
import { scratchDirectory, scripts } from "./scratch";

describe("the environment of a unit", () => {
  const file = scratchDirectory();
  const script = path.join(scripts, "unit-environment.pl");
  const env = (): NodeJS.ProcessEnv => ({ PATH: `${file("")}:/usr/bin:/bin`, KEPT: "yes" });
  /** A systemctl that says this of the unit. */
  const unit = (environment: string, ...files: string[]): void => {
    const ofFiles = files.map((name) => `EnvironmentFiles=${name} (ignore_errors=yes)\n`).join("");
    writeFileSync(file("shown"), `Environment=${environment}\n${ofFiles}`);
    const question = "show -p Environment,EnvironmentFiles a.service";
    const text = `#!/bin/sh\n[ "$*" = '${question}' ] || exit 1\ncat ${file("shown")}\n`;
    writeFileSync(file("systemctl"), text, { mode: 0o755 });
  };
  const seen = (): Record<string, string> => {
    const text = execFileSync("perl", ["-w", script, "a.service", "env", "-0"], {
      env: env(),
      encoding: "utf8",
    });
    const all = text.split("\0").filter((entry) => entry !== "");
    return Object.fromEntries(all.map((entry) => entry.split(/=(.*)/s).slice(0, 2) as [string, string]));
  };

  test("is what systemctl tells, with the files' over it, and our PATH", () => {
    writeFileSync(file("one.env"), "B=of the file\nPATH=/nowhere\n");
    writeFileSync(file("two.env"), "D=2\n");
    unit('A=1 "B=two words" "C=a \\"quote\\" and \\$" D=1', file("*.env"), file("missing"));
    expect(seen()).toMatchObject({ A: "1", B: "of the file", C: 'a "quote" and $', D: "2", KEPT: "yes" });
    expect(seen()["PATH"]).toBe(env()["PATH"]);
  });

  test("of a unit without any, or without systemd, is what there is", () => {
    unit("");
    expect(seen()).toEqual(env());
    writeFileSync(file("systemctl"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    expect(seen()).toEqual(env());
  });

  test.each<[string, Record<string, string>]>([
    ["A=plain text  \nB=2", { A: "plain text", B: "2" }],
    ["  A = 1\n; A=2\n# A=3\n\n", { A: "1" }],
    [`A='single $X \\ "'\nB="double \\" \\$ \\n \\\\"`, { A: 'single $X \\ "', B: 'double " $ \\n \\' }],
    [`A="over\ntwo lines"\nB='and\nso'`, { A: "over\ntwo lines", B: "and\nso" }],
    ["A=one \\\n  two\nB=3", { A: "one   two", B: "3" }],
    [`A=it's "so"\nB=2`, { A: `it's "so"`, B: "2" }],
    [`A="put" 'together' \nB=x\\ \n`, { A: "puttogether", B: "x " }],
    ["A=\nno assignment\n1B=wrong\nC=\\\\d+", { A: "", C: "\\d+" }],
    ["export A=1\r\nB=2\r\n", { B: "2" }],
  ])("reads the file %j as systemd does", (text, values) => {
    writeFileSync(file("one.env"), text);
    unit("", file("one.env"));
    expect(seen()).toEqual({ ...env(), ...values });
  });

  test("with --hide shows no value that is a secret by its name, and passes the status on", () => {
    writeFileSync(file("one.env"), "API_TOKEN=s3ntinel\nPLACE=/etc/x\n");
    unit("", file("one.env"));
    const words = 'echo "$PLACE: $API_TOKEN"; echo "no $API_TOKEN" >&2; exit 7';
    const run = spawnSync("perl", ["-w", script, "--hide", "a.service", "sh", "-c", words], {
      env: env(),
      encoding: "utf8",
    });
    expect(run).toMatchObject({
      status: 7,
      stdout: "/etc/x: {$API_TOKEN}\nno {$API_TOKEN}\n",
      stderr: "",
    });
  });
});

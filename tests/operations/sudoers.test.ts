import { expect, test } from "vitest";
import { sudoers } from "../../operations/sudoers";

test("is a rule of one command by its path, without a pattern, and with nothing of the caller's environment", () => {
  const lines = sudoers({ environment: "production", user: "deploy" }).trimEnd().split("\n");
  const command = "/usr/local/lib/soar-profiling/production/deployer";
  expect(lines.filter((line) => !line.startsWith("#"))).toEqual([
    `Defaults!${command} env_reset, !env_keep, !env_check, !setenv, secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"`,
    `deploy ALL=(root) NOPASSWD: NOSETENV: ${command}`,
  ]);
  expect(lines.join("\n")).toContain(
    "put this into /etc/sudoers.d/soar-profiling-production, owned by root, mode 0440",
  );
});

test.each([
  ["root", "root needs no rule: name the user who logs in to deploy, npm run sudoers -- USER"],
  ["ALL", '"ALL" is no user name of letters'],
  ["Defaults", "a small letter or _ first"],
  ["ALL=(ALL)", '"ALL=(ALL)" is no user name of letters'],
  ["deploy\nevil", "is no user name of letters"],
  ["%sudo", '"%sudo" is no user name'],
  ["", '"" is no user name'],
])("refuses a rule for %j", (user, words) => {
  expect(() => sudoers({ environment: "production", user })).toThrow(words);
});

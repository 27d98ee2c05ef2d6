import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, test } from "vitest";
import { scratchDirectory, scripts } from "./scratch";

const rule = (match: string): string =>
  `-A ufw-user-input -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent ${match} --name DEFAULT --rsource`;

describe("a firewall that limits logins", () => {
  const file = scratchDirectory();
  const run = (commands: string): string =>
    execFileSync("sh", ["-c", `set -eu; . ${path.join(scripts, "logins.sh")}; ${commands}`], {
      env: { PATH: `${file("")}:/usr/bin:/bin` },
      encoding: "utf8",
    });
  const rules = (text: string): void => {
    writeFileSync(file("iptables-save"), `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`, { mode: 0o755 });
  };

  test("is found by its rule, and no other", () => {
    expect(run("login_limit")).toBe("");
    rules(
      `*filter\n${rule("--set")}\n${rule("--update --seconds 30 --hitcount 6")} -j ufw-user-limit\nCOMMIT`,
    );
    expect(run("login_limit")).toBe("6 30\n");
    rules(`${rule("--set")}\n-A INPUT -p tcp --dport 22 -j ACCEPT`);
    expect(run("login_limit")).toBe("");
  });

  test("is waited for until the next logins get in, with one to spare", () => {
    const wait = (times: number[], next: number): string => {
      writeFileSync(file("logins"), times.map((time) => `${time}\n`).join(""));
      // A clock that goes on when one sleeps.
      const clock = "now=100; uptime_seconds() { echo $now; }; sleep() { now=$((now + $1)); }; say() { :; }";
      return run(`${clock}; run=${file("")}; wait_for_next 6 30 ${next}; echo $now`).trim();
    };
    expect(wait([95, 97, 99], 1)).toBe("100");
    expect(wait([90, 95, 97, 99], 1)).toBe("122");
    expect(wait([99], 4)).toBe("131");
    expect(wait([60], 4)).toBe("100");
    expect(wait([95, 96, 97, 98, 99], 0)).toBe("100");
  });

  test.each([
    ["service-config apply x", "4"],
    ["service-config remove x", "1"],
    ["platform guard", "4"],
    ["platform confirm", "0"],
    ["apt-repository add x", "1"],
    ["uninstall", "0"],
  ])("after `%s` lets %s in", (line, count) => {
    const [script = "", action = ""] = line.split(" ");
    expect(run(`next_logins /a/b/${script} "${action}"`)).toBe(`${count}\n`);
  });
});

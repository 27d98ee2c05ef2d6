import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { installer } from "../../components/host/scripts";
import { scratchDirectory, scripts } from "./scratch";

/** As commit 93fb0d0 has left it on a host, bar some commands. */
const manifestOf93fb0d0 = `unit alloy.service
user alloy
package alloy 1.10.0-1
tree /etc/alloy
validate /usr/bin/alloy validate /etc/alloy/conf.d
reload curl -fsS -m 50 -X POST http://127.0.0.1:12345/-/reload
health 60 curl -fsS http://127.0.0.1:12345/-/ready
directory /etc/alloy/conf.d 0750 root:alloy
line /etc/caddy/Caddyfile import /etc/soar/caddy/*.caddy
generation 3
file 4f0f 0640 root:alloy reload /etc/alloy/conf.d/production-profiles.alloy
file 4f10 0640 root:alloy reload /etc/alloy/conf.d/production-gone.alloy
`;

describe("the records on a host", () => {
  const file = scratchDirectory();
  const run = (commands: string): { said: string; status: number | null } => {
    const text = `set -eu; cd ${file("")}; name=profiles state_root=${file("records")} work=${file("work")}
      place=$state_root/production/profiles spec=$work/spec
      die() { echo "$*"; exit 1; }
      for script in formats places unit edits files compare beside transaction; do . ${scripts}/$script.sh; done; ${commands}`;
    const { stdout, stderr, status } = spawnSync("sh", ["-c", text], { encoding: "utf8" });
    expect(stderr).toBe("");
    return { said: stdout, status };
  };
  const record = (name: string, text: string): void => {
    mkdirSync(path.dirname(file(`records/${name}`)), { recursive: true });
    writeFileSync(file(`records/${name}`), text);
  };

  beforeEach(() => {
    mkdirSync(file("work"));
    record("production/profiles/manifest", manifestOf93fb0d0);
  });

  test("of commit 93fb0d0 are of format 1, which is read", () => {
    expect(run('format_of "$place/manifest"; can_read_records "$state_root"')).toEqual({
      said: "1\n",
      status: 0,
    });
    writeFileSync(file("work/spec"), "unit alloy.service\n");
    writeFileSync(
      file("work/files"),
      "1 0640 root:alloy reload /etc/alloy/conf.d/production-profiles.alloy\n",
    );
    writeFileSync(file("work/declared"), "/etc/alloy/conf.d/production-profiles.alloy\n");
    const { said } = run(
      'compare; cat "$work/gone"; edits_in "$place/manifest"; spec=$place/manifest; value generation',
    );
    expect(said).toBe(
      "reload /etc/alloy/conf.d/production-gone.alloy\n" +
        "line /etc/caddy/Caddyfile import /etc/soar/caddy/*.caddy\n3\n",
    );
  });

  test("of the own format are read", () => {
    record("production/profiles/manifest", `format 3\n${manifestOf93fb0d0}`);
    record("production/profiles/undo/format", "format 3\n");
    expect(run('format_of "$place/manifest"; can_read_records "$state_root"')).toEqual({
      said: "3\n",
      status: 0,
    });
  });

  test.each(["production/profiles/manifest", "staging/alloy/manifest.new", "staging/alloy/undo/format"])(
    "of a newer format are refused in words, whoever's they are: %s",
    (name) => {
      record(name, "format 12\nunit alloy.service\n");
      expect(run('newer=$(can_read_records "$state_root") || die "$newer"')).toEqual({
        said:
          `${file("records")}/${name} is of format 12, which a newer version of soar-profiling has written; this one reads ` +
          "formats up to 3. Nothing was changed. Use the newer version for this stack, too\n",
        status: 1,
      });
    },
  );

  test("are looked at before the scripts of another version replace those on the host", () => {
    const text = installer();
    const at = (part: string): number => text.indexOf(part);
    expect(at("newer=$(can_read_records")).toBeGreaterThan(0);
    expect(at("newer=$(can_read_records")).toBeLessThan(at("put lib.sh"));
    expect(at("newer=$(can_read_records")).toBeLessThan(at("install -d"));
  });
});

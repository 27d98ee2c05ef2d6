import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, test } from "vitest";
import { scratchDirectory, scripts } from "./scratch";

const inNamespace = ["--mount", "--propagation", "private"];
const isPossible =
  spawnSync("unshare", [...inNamespace, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0 &&
  spawnSync("apt-get", ["--version"]).status === 0;

const url = "https://apt.grafana.com";
const key = "signed-by=/etc/apt/keyrings/grafana.gpg";
const line = `deb [${key}] ${url} stable main\n`;
const stanza = (fields: Record<string, string>): string =>
  Object.entries({
    Types: "deb",
    URIs: url,
    Suites: "stable",
    Components: "main",
    "Signed-By": "/etc/apt/keyrings/grafana.gpg",
    ...fields,
  })
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");
const other = (host: string): string =>
  `Types: deb\nURIs: http://${host}.example\nSuites: stable\nComponents: main\n`;

// Apt itself reads the sources, of a host that has these alone: where nobody is root that cannot be made.
describe.skipIf(!isPossible)("a source of the place of ours", () => {
  const place = scratchDirectory();

  /** What is found where a host has a file of sources, what would be left of it, and what it offered. */
  const found = (file: string, text: string): { told: string; rest: string; offers: string } => {
    for (const name of ["etc/sources.list.d", "room"]) mkdirSync(place(name), { recursive: true });
    writeFileSync(place(path.join("etc", file)), text);
    writeFileSync(place("ours"), stanza({ "Signed-By": "/etc/apt/keyrings/grafana.asc" }));
    const script = `set -eu; export LC_ALL=C
      mount --bind ${place("etc")} /etc/apt
      . ${scripts}/apt-places.sh
      make_room ${place("room")} /etc/apt/sources.list.d/grafana.sources ${place("ours")}
      room_copy ${place("room")} /etc/apt/${file} >${place("copy")}
      cat ${place("room")}/offers/* >${place("offers")} 2>/dev/null || :`;
    const told = execFileSync("unshare", [...inNamespace, "sh", "-c", script], { encoding: "utf8" });
    return {
      told: told.trim(),
      rest: readFileSync(readFileSync(place("copy"), "utf8").trim(), "utf8"),
      offers: readFileSync(place("offers"), "utf8").trim(),
    };
  };
  const list = "sources.list.d/grafana.list";
  const sources = "sources.list.d/a.sources";
  const two = `# one\n${other("x")}\n# no entry\n\n`;

  test.each<[string, string, string, string, string]>([
    ["a file of its own", list, line, "", "deb main"],
    [
      "another slash, and more components",
      list,
      line.replace(" stable main", "/ stable main beta"),
      "",
      "deb beta\ndeb main",
    ],
    ["HTTP, which apt takes for the same", list, line.replace("https:", "http:"), "", "deb main"],
    [
      "options that leave something out",
      list,
      line.replace(key, `arch=amd64 lang-=de ${key}`),
      "",
      "deb main",
    ],
    ["no key, behind ours", "sources.list.d/z.list", `deb ${url} stable main\n`, "", "deb main"],
    [
      "lines in the list of the host",
      "sources.list",
      `deb http://x.example stable main\n${line}# deb http://y.example stable main\n${line.replace("deb", "deb-src")}`,
      "deb http://x.example stable main\n# deb http://y.example stable main\n",
      "deb-src main\ndeb main",
    ],
    [
      "a paragraph behind others, one of them off, and comments",
      sources,
      `${two}${other("off")}Enabled: no\n\n${stanza({ Types: "deb deb-src" })} \n# in it\n\n${other("y")}`,
      `${two}${other("off")}Enabled: no\n\n${other("y")}`,
      "deb main\ndeb-src main",
    ],
    [
      "its key in the file",
      sources,
      stanza({ "Signed-By": "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n x" }),
      "",
      "deb main",
    ],
  ])("makes way with %s", (_, file, text, rest, offers) => {
    expect(found(file, text)).toEqual({ told: `taken /etc/apt/${file}`, rest, offers });
  });

  test.each<[string, string, string, string]>([
    [
      "trust in what is not signed",
      list,
      line.replace(key, `trusted=yes ${key}`),
      "it has the option trusted",
    ],
    [
      "an option about its age",
      sources,
      stanza({ "Check-Valid-Until": "no" }),
      "it has the option check-valid-until",
    ],
    [
      "other places in one",
      sources,
      stanza({ URIs: `http://x.example ${url}` }),
      "the same entry has other places, too",
    ],
    [
      "another suite in one",
      sources,
      stanza({ Suites: "stable beta" }),
      "the same entry has other places, too",
    ],
  ])("with %s does not, and is left as it is", (_, file, text, why) => {
    expect(found(file, text)).toEqual({ told: `refused /etc/apt/${file} ${why}`, rest: text, offers: "" });
  });

  test("that is a link does not, either", () => {
    mkdirSync(place("etc/sources.list.d"), { recursive: true });
    symlinkSync("grafana.text", place("etc/sources.list.d/grafana.list"));
    expect(found(list, line).told).toBe(`refused /etc/apt/${list} it is a link`);
  });

  test.each<[string, string]>([
    ["of another suite", line.replace("stable", "beta")],
    ["that apt takes beside ours", `deb ${url} stable main\n`],
    ["that is off", `# ${line}`],
  ])("%s is left alone", (_, text) => {
    expect(found(list, text)).toEqual({ told: "", rest: text, offers: "" });
  });

  test("which cannot be told from apt's words is told in these, without a password", () => {
    expect(found(list, line.replace("https://", "https://me:secret@")).told).toBe(
      `unreadable Conflicting values set for option Signed-By regarding source ${url}/ stable: ` +
        "/etc/apt/keyrings/grafana.gpg != /etc/apt/keyrings/grafana.asc",
    );
  });
});

import { readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, test } from "vitest";
import { scripts } from "./scratch";
import { uncheckedWrites } from "./set-e";

/** A script with those that it sources. */
function program(name: string): string[] {
  const text = readFileSync(path.join(scripts, name), "utf8");
  const sourced = [...text.matchAll(/^\. "\$\{0%\/\*\}\/(.*)"$/gm)].map(([, file = ""]) => file);
  return [text, ...sourced.flatMap(program)];
}

const programs = [
  "service-config",
  "check",
  "drift",
  "apt-package",
  "apt-repository",
  "platform",
  "uninstall",
];

test.each(programs)("%s has each function once: of two by one name, the first would be gone", (name) => {
  const names = program(name).flatMap((text) =>
    [...text.matchAll(/^(\w+)\(\) /gm)].map(([, one = ""]) => one),
  );
  expect(names.length).toBeGreaterThan(1);
  expect(names.filter((one, i) => names.indexOf(one) < i)).toEqual([]);
});

describe("where set -e is off", () => {
  test.each(programs)("%s checks each write itself", (name) => {
    const all = program(name);
    expect(all.length).toBeGreaterThan(1);
    expect(uncheckedWrites(all)).toEqual([]);
  });

  test.each([
    ["f() {\n  cp a b\n  true\n}\nif f; then :; fi", ["f: cp a b"]],
    ["f() {\n  cp a b\n  true\n}\nf", []],
    ["f() {\n  cp a b || return 1\n  true\n}\n! f", []],
    ["f() {\n  true\n  cp a b\n}\nf || exit 1", []],
    // What is after `&&` is not looked at, nor what is before `|`, nor what comes before the end of a loop.
    ['f() {\n  [ -e a ] && cp a "$(b "c")"\n  true\n}\nf || :', ['f: cp a "$(b "c")"']],
    ["f() { while read -r a; do cp a b; done <c; }\nf && true", ["f: cp a b"]],
    ["f() { if true; then\n    mv a b\n  else\n    rm a\n  fi; }\nuntil f; do :; done", []],
    ["f() {\n  case $1 in\n  a | b) mv a b ;;\n  esac\n  true\n}\nf | cat || f", ["f: mv a b"]],
    ["f() {\n  echo 'a; b' >c\n  echo a >&2\n  echo a 2>/dev/null\n  true\n}\nf || :", ["f: echo 'a; b' >c"]],
    ["f() {\n  cat <<'END'\nrm a\nEND\n  a=$(mktemp) # rm b\n  true\n}\nf || :", ["f: a=$(mktemp)"]],
    // Where it is on, but before `&&`.
    ["f() {\n  cp a b && mv b c\n  true\n}\nf", ["f: cp a b"]],
    ["f() {\n  true\n  cp a b && mv b c\n}\nf", []],
    ["f() {\n  cp a b && mv b c || exit 1\n  true\n}\nf", []],
    ["if true; then cp a b && mv b c; fi\ntrue", ["script: cp a b"]],
    ["if cp a b && mv b c; then :; fi", []],
    // Of what it calls.
    ["g() {\n  rm a\n  true\n}\nf() {\n  g || return 1\n  true\n}\nif f; then :; fi", ["g: rm a"]],
    ["g() { rm a; }\nf() {\n  g\n  true\n}\nif f; then :; fi", ["f: g"]],
    ["g() {\n  rm a\n  true\n}\nf() {\n  a=$(g)\n  true\n}\n(f) || :", ["g: rm a"]],
  ])("finds, in %j, %j", (text, found) => {
    expect(uncheckedWrites([text])).toEqual(found);
  });
});

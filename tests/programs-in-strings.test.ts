import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import * as ts from "typescript";
import { describe, expect, test } from "vitest";

const root = path.resolve(__dirname, "..");

/** Whose commands run on hosts, or for users. */
const folders = ["components", "operations", "render", "ci"];

/** What a command of a shell may begin with, words of English left out. `test` is free: it decides whether one is run. */
const shell = new Set(
  "[ { awk base64 case cat cd chmod chown cp curl date do done esac echo elif exec exit fi for grep if journalctl local mktemp mv perl printf rm sed sh shift sleep systemctl then trap tr until while".split(
    " ",
  ),
);

/** What only a program for Node has. */
const node = /\brequire\("|\bprocess\.(?:env|exit)/;

/**
 * Whether a text is more of a program than stands in a string: two commands of a shell, one after or in the other, or a
 * program for Node.
 */
function isProgram(text: string): boolean {
  const commands = text
    .split(/[\n;&|]|\$\(|`/)
    .map((part) => /^\s*(?:[a-z_]+=\s*)?(\S*)/.exec(part)?.[1] ?? "")
    .filter((word) => shell.has(word) || /^[a-z_]+\(\)$/.test(word));
  return commands.length > 1 || node.test(text);
}

/** The text of a string, also where it is put together; with `X` for what stands for a value. */
function textOf(expression: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(expression)) return expression.text;
  if (ts.isTemplateExpression(expression)) {
    const { head, templateSpans } = expression;
    return head.text + templateSpans.map(({ literal }) => `X${literal.text}`).join("");
  }
  if (ts.isBinaryExpression(expression) && expression.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const parts = [textOf(expression.left), textOf(expression.right)];
    return parts.every((part) => part === undefined) ? undefined : parts.map((part) => part ?? "X").join("");
  }
  if (!ts.isCallExpression(expression) || !ts.isPropertyAccessExpression(expression.expression))
    return undefined;
  const { expression: list, name } = expression.expression;
  const [separator] = expression.arguments;
  if (name.text !== "join" || !ts.isArrayLiteralExpression(list) || separator === undefined) return undefined;
  return list.elements.map((element) => textOf(element) ?? "X").join(textOf(separator) ?? "X");
}

/** The strings of a source that are programs, with their lines. */
function programsIn(source: string): string[] {
  const file = ts.createSourceFile("", source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const look = (at: ts.Node): void => {
    const text = textOf(at);
    if (text !== undefined && isProgram(text)) {
      found.push(`${file.getLineAndCharacterOfPosition(at.getStart()).line + 1}: ${text}`);
      return;
    }
    ts.forEachChild(at, look);
  };
  look(file);
  return found;
}

const sources = folders.flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => path.join(folder, name)),
);

test("programs are in files of their own, where shellcheck sees them", () => {
  expect(sources.length).toBeGreaterThan(80);
  const found = sources.flatMap((file) =>
    programsIn(readFileSync(path.join(root, file), "utf8")).map((text) => `${file}:${text}`),
  );
  expect(found).toEqual([]);
});

describe("a string", () => {
  test.each([
    "const a = `curl -sS ${url}/healthy | sed -n 's/^x: //p'`;",
    "const a = 'if test -d a; then echo b; fi';",
    "const a = `for at in ${places}; do exec $at; done`;",
    'const a = `code=$(curl ${url} 2>&1) && [ "$code" = 200 ] || { echo no; exit 1; }`;',
    'const a = `{"start":$(($(date +%s) - 3600)),"end":$(date +%s)}`;',
    'const a = ["told() { curl a; }", "time=$(told b)", "sleep 1"].join("; ");',
    "const a = `curl -X POST ${url}` + ' && while ' + busy + '; do sleep 0.5; done';",
    "const a = `\n  trap - EXIT\n  ${script}\n  exit 1\n`;",
    'const a = `const socket = require("net").connect(port);`;',
  ])("that is a program is found: %s", (source) => {
    expect(programsIn(source)).toHaveLength(1);
  });

  test.each([
    "const a = `curl -fsS --max-time 5 ${url}/ready`;",
    "const a = `test ! -d ${records} && test ! -d ${scripts} || ${line}`;",
    "const a = `${name}=$(cat <<'end'\\n`;",
    'const a = "pulumi destroy first, and then pulumi up; if that fails, do it by hand: echo it";',
    "const a = `is_number($B) || is_nan($B)`;",
  ])("that is none is let be: %s", (source) => {
    expect(programsIn(source)).toEqual([]);
  });
});

import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { format } from "prettier";
import { parse } from "yaml";

interface Key {
  description: string;
  default: unknown;
}

const root = path.resolve(__dirname, "..");
const markers = /(<!-- settings:begin -->\n)[^]*(<!-- settings:end -->)/;

/** The README with its table of settings made anew from `Pulumi.yaml`. */
export async function readmeWithSettings(): Promise<string> {
  const { config } = parse(readFileSync(path.join(root, "Pulumi.yaml"), "utf8")) as {
    config: Record<string, Key>;
  };
  const rows = Object.entries(config).map(([name, key]) => {
    const text = JSON.stringify(key.default);
    const fallback = ['""', "{}", "[]"].includes(text) ? "" : `\`${text}\``;
    return `| \`${name}\` | ${typeOf(name, key.default)} | ${fallback} | ${key.description.replaceAll("|", "\\|")} |`;
  });
  const table = ["| key | type | default | description |", "| --- | --- | --- | --- |", ...rows].join("\n");
  const readme = readFileSync(path.join(root, "README.md"), "utf8");
  const made = readme.replace(markers, (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`);
  return format(made, { parser: "markdown", printWidth: 110 });
}

/** Pulumi.yaml has none, so that Pulumi checks none. */
function typeOf(name: string, fallback: unknown): string {
  if (name === "platform") return "string or object";
  return Array.isArray(fallback) ? "list" : typeof fallback;
}

if (require.main === module) {
  void readmeWithSettings().then((text) => {
    writeFileSync(path.join(root, "README.md"), text);
  });
}

import { oneLine } from "../header";

/** A reference to something that a component exports, such as `pyroscope.write.platform.receiver`. */
export interface Reference {
  readonly kind: "reference";
  readonly path: string;
}

/** A call of a function of Alloy's standard library, such as `string.trim_suffix`. */
export interface Call {
  readonly kind: "call";
  readonly path: string;
  readonly args: readonly Scalar[];
}

/** A map. Its keys keep their order. */
export interface AlloyObject {
  readonly kind: "object";
  readonly fields: Readonly<Record<string, Scalar>>;
}

export type Scalar = string | number | boolean | Reference | Call;
export type Value = Scalar | AlloyObject | readonly Scalar[] | readonly AlloyObject[];

/** A block: a component with a label, or a part of one. Attributes come before blocks; an undefined one is left out. */
export interface Block {
  readonly name: string;
  readonly label?: string;
  readonly attributes?: Readonly<Record<string, Value | undefined>>;
  readonly blocks?: readonly Block[];
}

export function reference(path: string): Reference {
  path.split(".").forEach(identifier);
  return { kind: "reference", path };
}

export function call(path: string, ...args: Scalar[]): Call {
  path.split(".").forEach(identifier);
  return { kind: "call", path, args };
}

export function object(fields: Readonly<Record<string, Scalar>>): AlloyObject {
  return { kind: "object", fields };
}

/** A stage of a `loki.process` component. */
export function stage(name: string, attributes?: Block["attributes"]): Block {
  return { name: `stage.${name}`, ...(attributes === undefined ? {} : { attributes }) };
}

/**
 * Writes an Alloy file exactly as `alloy fmt` would.
 * @param comment one line for the top of the file
 */
export function renderAlloy(comment: string, blocks: readonly Block[]): string {
  return (
    [`// ${oneLine(comment)}`, ...blocks.map((block) => renderBlock(block).join("\n"))].join("\n\n") + "\n"
  );
}

function renderBlock({ name, label, attributes = {}, blocks = [] }: Block): string[] {
  name.split(".").forEach(identifier);
  const head = label === undefined ? name : `${name} ${quote(identifier(label))}`;
  const body = renderAttributes(attributes);
  for (const block of blocks) body.push(...(body.length === 0 ? [] : [""]), ...renderBlock(block));
  return body.length === 0 ? [`${head} { }`] : [`${head} {`, ...body.map(indent), "}"];
}

function renderAttributes(attributes: Readonly<Record<string, Value | undefined>>): string[] {
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) entries.push({ key: identifier(name), lines: renderValue(value) });
  }
  return alignRuns(entries).flat();
}

interface Entry {
  readonly key: string;
  readonly lines: readonly string[];
}

/** Aligns the equal signs of neighbours. An entry of several lines ends a run, with its first line in it. */
function alignRuns(entries: readonly Entry[]): string[][] {
  const aligned: string[][] = [];
  let start = 0;
  entries.forEach((entry, i) => {
    if (entry.lines.length === 1 && i + 1 < entries.length) return;
    const run = entries.slice(start, i + 1);
    const width = Math.max(...run.map(({ key }) => key.length));
    for (const { key, lines } of run)
      aligned.push([`${key.padEnd(width)} = ${lines[0] ?? ""}`, ...lines.slice(1)]);
    start = i + 1;
  });
  return aligned;
}

/**
 * Objects are written with a field a line, and lists of objects, or of more than fits into a line, with an item a line, so
 * that a diff shows what changed.
 */
function renderValue(value: Value): string[] {
  if (isList(value)) {
    const elements = value.map((element) => (isObject(element) ? inline(element) : renderScalar(element)));
    const inLine = `[${elements.join(", ")}]`;
    const isLong = elements.length > 1 && inLine.length > 100;
    return isLong || value.some(isObject)
      ? ["[", ...elements.map((element) => indent(`${element},`)), "]"]
      : [inLine];
  }
  if (!isObject(value)) return [renderScalar(value)];
  const fields = Object.entries(value.fields);
  if (fields.length === 0) return ["{}"];
  const lines = alignRuns(
    fields.map(([key, scalar]) => ({ key: quoteKey(key), lines: [renderScalar(scalar)] })),
  ).flat();
  return ["{", ...lines.map((line) => indent(`${line},`)), "}"];
}

function inline({ fields }: AlloyObject): string {
  return `{${Object.entries(fields)
    .map(([key, value]) => `${quoteKey(key)} = ${renderScalar(value)}`)
    .join(", ")}}`;
}

function renderScalar(value: Scalar): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "object") {
    return value.kind === "reference"
      ? value.path
      : `${value.path}(${value.args.map(renderScalar).join(", ")})`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`Alloy has no number ${value}`);
  return String(value);
}

const shortEscapes: Record<string, string> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

// Beside what the scanner cannot take raw: what an editor hides or turns around (U+2028, bidirectional marks, BOM).
const escaped = /["\\\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * A text as an Alloy string. Any text survives it.
 * @throws Error for half of a surrogate pair, which is no text
 */
function quote(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new Error("a string for Alloy must be valid Unicode");
  const escape = (char: string): string =>
    shortEscapes[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `"${text.replace(escaped, escape)}"`;
}

/** `alloy fmt` writes keys with Go's %q; only for plain ones is that certain to be what we write. */
function quoteKey(key: string): string {
  if (!/^[\x20-\x7e]+$/.test(key)) throw new Error("a key of an Alloy object must be printable ASCII");
  return quote(key);
}

function identifier(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error(`"${name}" is no Alloy identifier`);
  return name;
}

function indent(line: string): string {
  return line === "" ? line : `\t${line}`;
}

function isObject(value: Value): value is AlloyObject {
  return typeof value === "object" && "kind" in value && value.kind === "object";
}

function isList(value: Value): value is readonly Scalar[] | readonly AlloyObject[] {
  return Array.isArray(value);
}

import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import { join } from "./paths";

/**
 * What only the stack's file tells: Pulumi hands a program the values, a number as what it is and not as it was written,
 * and of a map with a secret in it only that there is one.
 */
export interface StackFile {
  /** The paths of what is encrypted. */
  readonly secrets: readonly string[];
  /** Numbers as they are written, by their paths. */
  readonly numbers: ReadonlyMap<string, string>;
}

/**
 * Reads `Pulumi.STACK.yaml`, once something is asked of it: with a thousand services that takes a while, and only what is
 * refused, or has a secret in it, needs it. Of another file, and of what comes from a Pulumi environment, nothing is known.
 * @param directory where Pulumi.yaml is, if that is known
 */
export function readStackFile(directory: string | undefined, project: string, stack: string): StackFile {
  const file = directory === undefined ? undefined : path.join(directory, `Pulumi.${stack}.yaml`);
  let parsed: StackFile | undefined;
  const read = (): StackFile =>
    (parsed ??= parseStackFile(
      file !== undefined && existsSync(file) ? readFileSync(file, "utf8") : "",
      project,
    ));
  return {
    get secrets() {
      return read().secrets;
    },
    get numbers() {
      return read().numbers;
    },
  };
}

function parseStackFile(text: string, project: string): StackFile {
  const secrets: string[] = [];
  const numbers = new Map<string, string>();
  const look = (node: unknown, at: readonly PropertyKey[]): void => {
    if (isSeq(node)) for (const [i, item] of node.items.entries()) look(item, [...at, i]);
    else if (isMap(node)) {
      if (node.items.length === 1 && typeof node.get("secure") === "string") secrets.push(join(at));
      else for (const { key, value } of node.items) look(value, [...at, String(key)]);
    } else if (isScalar(node) && typeof node.value === "number" && node.source !== undefined) {
      numbers.set(join(at), node.source);
    }
  };
  const config = parseDocument(text, { logLevel: "silent" }).get("config");
  for (const { key, value } of isMap(config) ? config.items : []) {
    const [namespace, name] = String(key).includes(":") ? String(key).split(":") : [project, String(key)];
    if (namespace === project && name !== undefined) look(value, [name]);
  }
  return { secrets, numbers };
}

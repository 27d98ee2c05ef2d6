import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import { managedBy } from "../header";

/** A rule file of an operator's, as it goes to Prometheus. */
export type PrometheusRuleFile = { readonly content: string } | { readonly problems: readonly string[] };

/**
 * Renders a rule file of Prometheus as one of an environment: with its values and comments, in block style, as what asks
 * Prometheus for its rules reads it. What promtool alone knows, such as whether an expression is right, is left to it.
 */
export function renderRuleFile(text: string, environment: string): PrometheusRuleFile {
  // Every scalar stays as it is written.
  const document = parseDocument(text, { schema: "failsafe", merge: false });
  const [error] = document.errors;
  if (error !== undefined) return { problems: [`is no YAML: ${firstLine(error.message)}`] };
  const problems = ruleProblems(document);
  if (problems.length > 0) return { problems };
  visit(document, {
    Collection: (_, node) => {
      node.flow = false;
    },
  });
  return { content: `# ${managedBy(environment)}\n${document.toString({ lineWidth: 0 })}` };
}

function firstLine(message: string): string {
  return (message.split("\n")[0] ?? "").replace(/:$/, "");
}

function ruleProblems({ contents: root }: Document.Parsed): string[] {
  if (!isMap(root)) return ["is no rule file, which is a map with groups"];
  const others = keysOf(root).filter((key) => key !== "groups");
  const groups = root.get("groups");
  return [
    ...others.map((key) => `has the key ${key}, which Prometheus does not know: leave it out`),
    ...(isSeq(groups) ? groups.items.flatMap(groupProblems) : ["has no list of groups: set groups"]),
    ...(isSeq(groups) ? twice(groups.items.map((group) => textOf(group, "name"))) : []),
  ];
}

function groupProblems(group: unknown, index: number): string[] {
  const name = textOf(group, "name");
  if (!isMap(group) || name === undefined) return [`groups[${index}] has no name: set one`];
  const rules = group.get("rules");
  if (rules === undefined || rules === "") return [];
  if (!isSeq(rules)) return [`the rules of the group "${name}" are no list`];
  return rules.items.flatMap((rule, i) => {
    const at = `groups[${index}].rules[${i}], in the group "${name}",`;
    // What stands for another, or takes it over, is looked at by promtool.
    if (isAlias(rule) || (isMap(rule) && rule.has("<<"))) return [];
    if (!isMap(rule)) return [`${at} is no map`];
    const kinds = ["alert", "record"].filter((key) => rule.has(key));
    if (kinds.length !== 1) return [`${at} must have one of alert and record`];
    return textOf(rule, "expr") === undefined ? [`${at} has no expr: set one`] : [];
  });
}

function twice(names: readonly (string | undefined)[]): string[] {
  const again = names.filter((name, i) => name !== undefined && names.indexOf(name) < i);
  return [...new Set(again)].map(
    (name) => `has two groups with the name "${String(name)}": give each its own`,
  );
}

function keysOf(map: YAMLMap): string[] {
  return map.items.flatMap((pair) => (isPair(pair) && isScalar(pair.key) ? [String(pair.key.value)] : []));
}

/** A text at a key, unless it is empty. */
function textOf(node: unknown, key: string): string | undefined {
  const value: unknown = isMap(node) ? node.get(key) : undefined;
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

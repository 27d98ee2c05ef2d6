/** A rule of a `loki.relabel`, read back from the text without the renderer's own code. */
interface Rule {
  source_labels?: string[];
  regex?: string;
  target_label?: string;
  replacement?: string;
  action?: string;
}

/** The rules of a component. The strings that we write are those of JSON. */
export function rulesOf(text: string, label: string): Rule[] {
  const block = text.split(`loki.relabel "${label}" {\n`)[1]?.split("\n}\n")[0];
  if (block === undefined) throw new Error(`no loki.relabel "${label}"`);
  return block
    .split("\trule {\n")
    .slice(1)
    .map((rule) => {
      const attributes = [...rule.matchAll(/^\t\t(\w+) *= (.*)$/gm)];
      return Object.fromEntries(attributes.map(([, name = "", value = ""]) => [name, JSON.parse(value)]));
    });
}

/** What Alloy makes of a line's labels; undefined for a line that it drops. An empty label is none. */
export function relabel(
  rules: readonly Rule[],
  labels: Readonly<Record<string, string>>,
): Record<string, string> | undefined {
  const result = new Map(Object.entries(labels));
  for (const { source_labels = [], regex = "(.*)", target_label, replacement = "$1", action } of rules) {
    const expression = new RegExp(`^(?:${regex})$`, "s");
    const value = source_labels.map((name) => result.get(name) ?? "").join(";");
    if (action === "keep" && !expression.test(value)) return undefined;
    if (action === "drop" && expression.test(value)) return undefined;
    if (action === "labeldrop")
      [...result.keys()].forEach((name) => expression.test(name) && result.delete(name));
    if (action !== undefined || target_label === undefined || !expression.test(value)) continue;
    const text = value.replace(expression, replacement);
    if (text === "") result.delete(target_label);
    else result.set(target_label, text);
  }
  return Object.fromEntries(result);
}

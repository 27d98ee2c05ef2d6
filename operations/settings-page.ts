import { stringify } from "yaml";
import { secretRules } from "../config/secret-rules";
import { type SecretKey, secretKeys, secretSettings } from "../config/secrets";
import { type DocumentedField, documentedSettings, fieldsOf, formOf } from "./documented";

const introduction = `# Settings

Made from the schema in \`config/\` by \`npm run docs\`: change it there.

All keys are in the namespace \`soar-profiling\`. They stand in \`Pulumi.STACK.yaml\`, and \`pulumi config set\` writes them there:

\`\`\`sh
pulumi config set environment production
pulumi config set --path host.address glider.flights
pulumi config set --path 'services[0].labels.team' web
pulumi config set --secret grafanaAuth
\`\`\`

Everything that is wrong is told at once, before any resource exists. A key that is not on this page is refused.`;

const secretsIntroduction = `## Secrets

A secret is a key of its own, a text that \`pulumi config set --secret KEY\` encrypts. One in plain text is refused, and so is
one that nothing uses. What else may be a secret: a value of \`labels\`, \`repository\`, \`gitRef\`, \`unit\`, \`metrics.path\` and a value
of \`metrics.labels\` of a service, and a text of \`alloy.fragments\`.`;

/** `docs/settings.md`: every field of every setting with its form, its default and its meaning. */
export function settingsPage(): string {
  const keys = [
    ...documentedSettings.map(({ path }) => `[\`${path}\`](#${path.toLowerCase()})`),
    "[secrets](#secrets)",
  ];
  const sections = documentedSettings.map(settingSection);
  const secrets = table(["secret", "form", "default", "meaning"], secretKeys.map(secretRow));
  return `${[introduction, `${keys.join(", ")}.`, ...sections, secretsIntroduction, secrets].join("\n\n")}\n`;
}

function settingSection(setting: DocumentedField): string {
  const { path, schema } = setting;
  return [
    `## \`${path}\``,
    schema.description,
    `- Form: ${formOf(schema) ?? ""}.\n- Default: ${defaultOf(setting)}.`,
    fieldTable(setting),
    ...(schema.anyOf ?? []).flatMap((kind) => [kind.description, fieldTable({ path, schema: kind })]),
    ...(schema.samples ?? []).map((sample) => yaml({ [`soar-profiling:${path}`]: sample })),
  ]
    .filter((part) => part !== undefined)
    .join("\n\n");
}

/** Undefined for what has no fields. */
function fieldTable(setting: Pick<DocumentedField, "path" | "schema">): string | undefined {
  const rows = fieldsOf(setting).map((field) => [
    `\`${field.path}\``,
    formOf(field.schema) ?? "",
    defaultOf(field),
    field.schema.description ?? "",
  ]);
  return rows.length === 0 ? undefined : table(["field", "form", "default", "meaning"], rows);
}

function defaultOf({ schema, isRequired }: DocumentedField): string {
  if (isRequired) return "**required**";
  if (schema.fallback !== undefined) return schema.fallback;
  if (schema.properties !== undefined && JSON.stringify(schema.default) === "{}")
    return "the defaults of its fields";
  return `\`${typeof schema.default === "string" ? schema.default : JSON.stringify(schema.default)}\``;
}

function secretRow(key: SecretKey): string[] {
  const { form, description, fallback = "" } = secretSettings[key];
  if (key === "sshPrivateKey") return [`\`${key}\``, form, fallback, description];
  const { goesWith, isRequired } = secretRules[key];
  const use = isRequired ? `**required** with \`${goesWith}\`` : fallback;
  return [`\`${key}\``, form, use, isRequired ? description : `${description} Only with \`${goesWith}\`.`];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function yaml(value: object): string {
  return `\`\`\`yaml\n${stringify(value)}\`\`\``;
}

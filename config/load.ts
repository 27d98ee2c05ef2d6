import * as pulumi from "@pulumi/pulumi";
import { allConfig, isConfigSecret } from "@pulumi/pulumi/runtime/config";
import { refusal } from "./refusal";
import type { Issue } from "./rules";
import { siteUsersProblem } from "./secret-rules";
import type { Settings } from "./settings";
import { secretKeys, type SecretKey, type SettingKey, settingKeys, validateSettings } from "./validate";

declare module "@pulumi/pulumi/runtime/config" {
  /** There at run time, but left out of the published types. */
  function isConfigSecret(fullKey: string): boolean;
}

/** The secrets that are set; each stays a secret output. */
export type Secrets = Readonly<Partial<Record<SecretKey, pulumi.Output<string>>>>;

export interface LoadedConfig {
  readonly settings: Settings;
  readonly secrets: Secrets;
  /** Settings with a secret part, such as one label: what is made of them has to be a secret output. */
  readonly secretParts: ReadonlySet<SettingKey>;
}

/** How the value of a key is written; Pulumi hands every value to a program as text. */
const encodings: Record<SettingKey, "text" | "boolean" | "json" | "text or json"> = {
  environment: "text",
  host: "json",
  platform: "text or json",
  repository: "json",
  pyroscope: "json",
  alloy: "json",
  services: "json",
  prometheus: "json",
  logs: "json",
  traces: "json",
  grafana: "json",
  site: "json",
  otherListeners: "json",
  detectDrift: "boolean",
  purgeData: "boolean",
  allowDowngrade: "boolean",
};

/**
 * Reads and checks the stack's configuration: the one place that does.
 * @throws pulumi.RunError that tells every issue, each with its path, the reason and what to set
 */
export function loadSettings(config: pulumi.Config = new pulumi.Config()): LoadedConfig {
  const prefix = `${config.name}:`;
  const values: Record<string, unknown> = {};
  const secrets: Partial<Record<SecretKey, pulumi.Output<string>>> = {};
  const issues: Issue[] = [];
  for (const [fullKey, text] of Object.entries(allConfig())) {
    if (!fullKey.startsWith(prefix)) continue;
    const key = fullKey.slice(prefix.length);
    // Pulumi.yaml gives "" to what has no other default: Pulumi wants a value for every key that is declared there.
    if (text === "") continue;
    const secretKey = secretKeys.find((name) => name === key);
    if (secretKey === undefined) values[key] = decode(key, text);
    else {
      secrets[secretKey] = config.requireSecret(key);
      if (!isConfigSecret(fullKey)) {
        issues.push({ path: key, message: `is stored in plain text: pulumi config set --secret ${key}` });
      }
      const problem = secretKey === "siteUsers" ? siteUsersProblem(text) : undefined;
      if (problem !== undefined) issues.push({ path: key, message: problem });
    }
  }
  const secretParts = new Set(settingKeys.filter((key) => isConfigSecret(prefix + key)));
  issues.push(...unkeepable(secretParts));
  const validation = validateSettings(values, new Set(Object.keys(secrets)));
  if ("issues" in validation) issues.push(...validation.issues.map((issue) => conceal(issue, secretParts)));
  if (issues.length > 0 || "issues" in validation) throw refusal(describe(issues));
  return { settings: validation.settings, secrets, secretParts };
}

/** The settings of a stack, and its secrets in plain, for a command beside the program. */
export interface PlainConfig {
  readonly settings: Settings;
  readonly secrets: Readonly<Partial<Record<SecretKey, string>>>;
}

/**
 * Checks a configuration whose values are there already.
 * @throws Error that tells every issue
 */
export function plainSettings(
  values: Readonly<Record<string, unknown>>,
  secrets: PlainConfig["secrets"],
): PlainConfig {
  const validation = validateSettings(values, new Set(Object.keys(secrets)));
  if ("issues" in validation) throw new Error(describe(validation.issues));
  return { settings: validation.settings, secrets };
}

/** The same of the texts that Pulumi keeps, by their keys without the project's name. */
export function plainSettingsOfTexts(texts: Readonly<Record<string, string>>): PlainConfig {
  const set = Object.entries(texts).filter(([, text]) => text !== "");
  const isSecret = ([key]: [string, string]): boolean => secretKeys.some((name) => name === key);
  const values = set.filter((entry) => !isSecret(entry)).map(([key, text]) => [key, decode(key, text)]);
  return plainSettings(
    Object.fromEntries(values) as Record<string, unknown>,
    Object.fromEntries(set.filter(isSecret)),
  );
}

/** The settings whose values go into files only. All others are part of command lines, outputs and messages. */
const keepable: readonly SettingKey[] = ["services", "alloy"];

/** Refuses a secret where it would not stay one. */
function unkeepable(secretParts: ReadonlySet<SettingKey>): Issue[] {
  const refused = [...secretParts].filter((key) => !keepable.includes(key));
  const message =
    "cannot be kept secret, for it is part of command lines and outputs: set it without --secret";
  return refused.map((path) => ({ path, message }));
}

/** An issue without the text that it quotes, when the setting has a secret part. */
function conceal({ path, message }: Issue, secretParts: ReadonlySet<string>): Issue {
  const isSecret = secretParts.has(/^\w+/.exec(path)?.[0] ?? "");
  return { path, message: isSecret ? message.replace(/, not (the text )?".*/s, "") : message };
}

/** The value that a text stands for; the text itself when it is not in the key's encoding, for the schema to refuse. */
function decode(key: string, text: string): unknown {
  const encoding = (encodings as Partial<Record<string, string>>)[key];
  if (encoding === "boolean") return text === "true" ? true : text === "false" ? false : text;
  const isJson = encoding === "json" || (encoding === "text or json" && text.startsWith("{"));
  if (!isJson) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function describe(issues: readonly Issue[]): string {
  const lines = issues.map(({ path, message }) => `- ${path}: ${message}`);
  return ["Invalid configuration:", ...lines].join("\n");
}

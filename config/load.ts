import * as pulumi from "@pulumi/pulumi";
import { allConfig, isConfigSecret } from "@pulumi/pulumi/runtime/config";
import { refusal } from "./refusal";
import type { Issue } from "./issue";
import { conceal, secretPlaces, misplacedSecrets } from "./kept-secrets";
import { noLogin } from "./private-key";
import { secretProblems } from "./secret-texts";
import type { Settings } from "./settings";
import { readStackFile, type StackFile } from "./stack-file";
import { secretKeys, type SecretKey } from "./secrets";
import { type SettingKey, settingKeys, validateSettings } from "./validate";

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
  hosts: "json",
  platform: "text or json",
  repository: "json",
  pyroscope: "json",
  alloy: "json",
  services: "json",
  prometheus: "json",
  logs: "json",
  traces: "json",
  push: "json",
  grafana: "json",
  site: "json",
  gitRef: "text",
  otherListeners: "json",
  detectDrift: "boolean",
  purgeData: "boolean",
  allowDowngrade: "boolean",
};

/** A configuration that is right, with what is told of it all the same. */
export interface CheckedConfig extends LoadedConfig {
  readonly warnings: readonly string[];
  /** What only an `up` would refuse; a preview does without, as one in a pull request does. */
  readonly remarks: readonly string[];
}

/** The machine that Pulumi runs on. */
export interface Machine {
  /** Where the stack's file is, which tells more than Pulumi does. */
  readonly directory: string;
  /** The SSH agent's socket; none is an empty text. */
  readonly agentSocket: string;
  /** The git reference that a pipeline has given the command (`SOAR_GIT_REF`); none is an empty text. */
  readonly gitRef: string;
}

/**
 * Reads and checks the stack's configuration: the one place that does.
 * @param machine @default nothing is known of it
 * @throws pulumi.RunError that tells every issue, each with its path, the reason and what to set
 */
export function loadSettings(config: pulumi.Config = new pulumi.Config(), machine?: Machine): CheckedConfig {
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
      issues.push(...secretProblems(secretKey, text));
    }
  }
  const file = readStackFile(machine?.directory, config.name, pulumi.getStack());
  const ofCommand = machine?.gitRef ?? "";
  if (ofCommand !== "") values["gitRef"] = ofCommand;
  else if (isNumberIn(file, "gitRef", values["gitRef"])) values["gitRef"] = Number(values["gitRef"]);
  const secretParts = new Set(settingKeys.filter((key) => isConfigSecret(prefix + key)));
  const places = secretPlaces(secretParts, file);
  issues.push(...misplacedSecrets(places, file));
  const validation = validateSettings(values, new Set(Object.keys(secrets)));
  if ("issues" in validation) issues.push(...validation.issues);
  const hasLogin = secrets.sshPrivateKey !== undefined || machine?.agentSocket !== "";
  const login: Issue[] = hasLogin ? [] : [{ path: "sshPrivateKey", message: noLogin }];
  if (!pulumi.runtime.isDryRun()) issues.push(...login);
  const told = (issue: Issue): Issue => {
    if (issue.path === "gitRef" && ofCommand !== "") return { ...issue, path: "SOAR_GIT_REF" };
    return asWritten(conceal(issue, places, values), file);
  };
  if (issues.length > 0 || "issues" in validation) throw refusal(describe(issues.map(told)));
  const { settings } = validation;
  const warnings = validation.warnings.map((issue) => inWords(told(issue)));
  return { settings, secrets, secretParts, warnings, remarks: login.map(inWords) };
}

/**
 * Whether a text of Pulumi's is a number in the stack's file, which Pulumi has read as one: 0123456, a commit, is 42798 then.
 * The file is asked only where the text looks like that.
 */
function isNumberIn(file: StackFile, key: string, text: unknown): boolean {
  return /^[+-]?([\d.]+(e[+-]?\d+)?|Inf)$/i.test(String(text)) && file.numbers.has(key);
}

/** An issue that quotes a number as the stack's file has it. */
function asWritten({ path, message }: Issue, file: StackFile): Issue {
  const written = file.numbers.get(path);
  if (written === undefined) return { path, message };
  return { path, message: message.replace(/(?<=, not the number )[^:]+/, () => written) };
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

/** The most that is told at once. */
const most = 100;

function describe(issues: readonly Issue[]): string {
  const lines = issues.slice(0, most).map((issue) => `- ${inWords(issue)}`);
  const more = issues.length - lines.length;
  return ["Invalid configuration:", ...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join("\n");
}

function inWords({ path, message }: Issue): string {
  return `${path}: ${message}`;
}

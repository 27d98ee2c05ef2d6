import { issuesOf, unknownKey } from "./fields";
import { checkSecrets } from "./secret-rules";
import { checkRules, type Issue, type PartialSettings } from "./rules";
import { serviceSchema } from "./service";
import { type Settings, settingsSchema } from "./settings";

/** The config keys whose values are secrets; they never pass through the schema. */
export const secretKeys = [
  "sshPrivateKey",
  "pyroscopePassword",
  "logsPassword",
  "tracesPassword",
  "grafanaAuth",
  "siteUsers",
] as const;
export type SecretKey = (typeof secretKeys)[number];

export type SettingKey = keyof Settings;
export const settingKeys = Object.keys(settingsSchema.shape) as SettingKey[];

export type Validation = { readonly settings: Settings } | { readonly issues: readonly Issue[] };

/**
 * Checks a whole configuration and finds every issue in it, not only the first.
 * @param values the value of each config key that is set
 * @param secrets the secrets that are set
 */
export function validateSettings(
  values: Readonly<Record<string, unknown>>,
  secrets: ReadonlySet<string>,
): Validation {
  const issues: Issue[] = [];
  const known: readonly string[] = [...settingKeys, ...secretKeys];
  for (const key of Object.keys(values)) {
    if (!known.includes(key)) issues.push({ path: key, message: unknownKey(key, known) });
  }
  const parts: Record<string, unknown> = {};
  const wrong = new Set<string>();
  for (const key of settingKeys) {
    const parsed = settingsSchema.shape[key].safeParse(values[key]);
    parts[key] = parsed.success ? parsed.data : rightOnes(key, values[key]);
    if (!parsed.success) wrong.add(key);
    const found = parsed.success ? [] : issuesOf(parsed.error);
    issues.push(...found.map(({ path, message }) => ({ path: join([key, ...path]), message })));
  }
  const valid = parts as PartialSettings;
  issues.push(...checkRules(valid), ...checkShared(valid, values), ...checkSecrets(valid, secrets, wrong));
  return issues.length === 0 ? { settings: parts as Settings } : { issues };
}

/** Of a list of services that has wrong ones, the right ones, at their places. */
function rightOnes(key: SettingKey, value: unknown): unknown {
  if (key !== "services" || !Array.isArray(value)) return undefined;
  return value.map((entry) => serviceSchema.safeParse(entry).data);
}

/** What belongs to the stack that owns the platform is not silently ignored in one that shares it. */
function checkShared({ platform }: PartialSettings, values: Readonly<Record<string, unknown>>): Issue[] {
  if (platform?.kind !== "stack") return [];
  const message = `is decided by the stack ${platform.stack}, whose platform this one shares: set it there`;
  return ["repository", "pyroscope", "alloy", "site"].flatMap((key) => {
    const ours = Object.keys(values[key] ?? {}).filter((name) => name !== "fragments");
    return ours.map((name) => ({ path: `${key}.${name}`, message }));
  });
}

/** `services[3].labels.team`: the path as `pulumi config set --path` takes it. */
function join(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const name = String(key);
    if (!/^[\w-]+$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");
}

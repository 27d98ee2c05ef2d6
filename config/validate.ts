import { doubts } from "./doubts";
import { type FieldIssue, isMap, issuesOf, meantKey, unknownKey, withoutMeant } from "./fields";
import { host } from "./host";
import { hostEntry } from "./hosts";
import { join } from "./paths";
import { isOff } from "./optional";
import { mainHost, placedHosts } from "./placed";
import { rightParts, wrongPaths } from "./right-parts";
import type { Issue, PartialSettings } from "./issue";
import { checkRules } from "./rules";
import { checkSecrets } from "./secret-rules";
import { secretKeys } from "./secrets";
import { serviceSchema } from "./service";
import { type HostSettings, otherListenerSchema, type Settings, settingsSchema } from "./settings";

export type SettingKey = keyof typeof settingsSchema.shape;
export const settingKeys = Object.keys(settingsSchema.shape) as SettingKey[];

export type Validation =
  | {
      readonly settings: Settings;
      /** What is right, and may not be what was meant. */
      readonly warnings: readonly Issue[];
    }
  | { readonly issues: readonly Issue[] };

/**
 * Checks a whole configuration and finds every issue in it, not only the first.
 * @param values the value of each config key that is set
 * @param secrets the secrets that are set
 */
export function validateSettings(
  values: Readonly<Record<string, unknown>>,
  secrets: ReadonlySet<string>,
): Validation {
  const known: readonly string[] = [...settingKeys, ...secretKeys];
  const found: FieldIssue[] = Object.keys(values)
    .filter((key) => !known.includes(key))
    .map((key) => ({ path: [key], message: unknownKey(key, known) }));
  const parts: Record<string, unknown> = {};
  const hasHosts = !isOff(values["hosts"]);
  for (const key of settingKeys) {
    // Pulumi.yaml gives both a value; with hosts the empty one of host is none.
    if (key === "host" && hasHosts && isOff(values[key])) continue;
    const value = values[key] ?? undefined;
    const parsed = (key === "host" ? host : settingsSchema.shape[key]).safeParse(value);
    parts[key] = parsed.success ? parsed.data : rightOf(key, value);
    if (!parsed.success)
      found.push(...issuesOf(parsed.error).map(({ path, message }) => ({ path: [key, ...path], message })));
  }
  const issues: Issue[] = withoutMeant(found).map(({ path, message }) => ({ path: join(path), message }));
  parts["services"] = withGitRef(parts);
  if (hasHosts && !isOff(values["host"])) issues.push({ path: "host", message: oneOrSeveral });
  const hosts = placedHosts(
    hasHosts ? undefined : (parts["host"] as HostSettings | undefined),
    hasHosts ? ((parts["hosts"] ?? {}) as Parameters<typeof placedHosts>[1]) : undefined,
  );
  parts["hosts"] = hosts;
  parts["host"] = mainHost(hosts)?.reached;
  const valid = parts as PartialSettings;
  const isWrong = wrongPaths(issues.map(({ path }) => path));
  issues.push(
    ...checkRules(valid, isWrong),
    ...checkShared(valid, values),
    ...checkSecrets(valid, new Set([...secrets, ...misspelt(found)]), isWrong),
  );
  if (issues.length > 0) return { issues };
  const settings = parts as Settings;
  return { settings, warnings: doubts(settings) };
}

/** The services, with the stack's git reference where they have none of their own. */
function withGitRef({ services, gitRef }: PartialSettings): PartialSettings["services"] {
  if (gitRef === undefined) return services;
  return services?.map((service) => (service === undefined ? undefined : { gitRef, ...service }));
}

/** The keys that are there, but for their spelling. */
function misspelt(issues: readonly FieldIssue[]): string[] {
  return issues.flatMap(({ path, message }) => (path.length > 1 ? [] : [meantKey(message) ?? ""]));
}

const lists = { services: serviceSchema, otherListeners: otherListenerSchema };

const oneOrSeveral = "is for one host, and hosts for several: leave out one of the two";

/** What is right of a setting with something wrong in it; of a list, item by item. */
function rightOf(key: SettingKey, value: unknown): unknown {
  // Whose platform it is decides what the others mean.
  if (key === "platform") return undefined;
  // A host that is wrong in part is there all the same: one by one, as the one `host` would be.
  if (key === "hosts" && isMap({ value }))
    return Object.fromEntries(
      Object.entries(value as object).map(([name, entry]) => [name, rightParts(hostEntry, entry, "host")]),
    );
  if (key !== "services" && key !== "otherListeners")
    return rightParts(settingsSchema.shape[key], value, key);
  if (!Array.isArray(value)) return undefined;
  return value.map((item) => rightParts(lists[key], item, `${key}[]`));
}

/** What belongs to the stack that owns the platform is not silently ignored in one that shares it. */
function checkShared({ platform }: PartialSettings, values: Readonly<Record<string, unknown>>): Issue[] {
  if (platform?.kind !== "stack") return [];
  const message = `is decided by the stack ${platform.stack}, whose platform this one shares: set it there`;
  return ["repository", "pyroscope", "alloy", "site"].flatMap((key) => {
    const value = values[key];
    const ours = isMap({ value }) ? Object.keys(value as object).filter((name) => name !== "fragments") : [];
    return ours.map((name) => ({ path: `${key}.${name}`, message }));
  });
}

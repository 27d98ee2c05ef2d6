import { withoutValue } from "./fields";
import { isWithin } from "./paths";
import type { Issue } from "./issue";
import type { StackFile } from "./stack-file";
import type { SettingKey } from "./validate";

/** Where a secret stays one, for it goes into files only. All else is part of command lines, outputs and messages. */
const keepable =
  /^(services\[\d+\]\.(labels(\.|\[).+|repository|gitRef|unit|metrics\.path|metrics\.labels(\.|\[).+)|alloy\.fragments(\.|\[).+)$/;

/** The settings that have such a place. */
const keepableKeys: readonly string[] = ["services", "alloy"];

/** Where the settings hold secrets: their paths, or the whole key where the stack's file does not tell. */
export function secretPlaces(secretParts: ReadonlySet<SettingKey>, file: StackFile): string[] {
  return [...secretParts].flatMap((key) => {
    const within = file.secrets.filter((path) => isWithin(path, key));
    return within.length === 0 ? [key] : within;
  });
}

/** Refuses a secret where it would not stay one. */
export function misplacedSecrets(places: readonly string[], file: StackFile): Issue[] {
  return places.flatMap((path): Issue[] => {
    if (keepable.test(path)) return [];
    const isWhole = keepableKeys.includes(path);
    // Of one that the file does not tell, all that can be kept is.
    if (isWhole && !file.secrets.includes(path)) return [];
    return [{ path, message: isWhole ? onlyParts(path) : elsewhere(path) }];
  });
}

function onlyParts(path: string): string {
  const part = path === "services" ? "services[0].labels.NAME" : "alloy.fragments.NAME";
  return `cannot be kept secret as a whole: set it without --secret, and only what is a secret by pulumi config set --secret --path '${part}'`;
}

function elsewhere(path: string): string {
  return isWithin("grafana.alerts.webhook", path) && path !== "grafana"
    ? "cannot be kept secret here: remove it, and set the secret alertsWebhook (pulumi config set --secret alertsWebhook)"
    : "cannot be kept secret, for it is part of command lines and outputs: set it without --secret";
}

/** An issue without what it quotes of a secret. */
export function conceal(
  { path, message }: Issue,
  places: readonly string[],
  values: Readonly<Record<string, unknown>>,
): Issue {
  const isSecret = places.some((place) => isWithin(path, place));
  const texts = places.flatMap((place) => textsOf(valueAt(values, place)));
  const shown = isSecret ? withoutValue(message) : message;
  // The longer first: one may be a part of another.
  texts.sort((a, b) => b.length - a.length);
  return { path, message: texts.reduce((text, secret) => text.replaceAll(secret, "[secret]"), shown) };
}

/** All texts in a value that say enough to be recognized in a message. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return value.length < 4 ? [] : [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/** The value at a path such as `services[0].labels["a b"]`. */
function valueAt(values: unknown, path: string): unknown {
  const keys = [...path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([\w-]+)/g)];
  return keys.reduce<unknown>((value, [, index, quoted, name]) => {
    const key = index ?? (quoted === undefined ? name : (JSON.parse(quoted) as string));
    return typeof value === "object" && value !== null && key !== undefined
      ? (value as Record<string, unknown>)[key]
      : undefined;
  }, values);
}

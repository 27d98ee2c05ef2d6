import type { Issue, PartialSettings } from "./rules";
import type { SecretKey } from "./validate";

interface Rule {
  /** The setting that the secret goes with, as a message names it. */
  readonly goesWith: string;
  /** The key of that setting; while its value is wrong nothing is told of the secret. */
  readonly key: keyof PartialSettings;
  readonly isSet: (settings: PartialSettings) => boolean;
  /** Whether the setting needs the secret. */
  readonly isRequired: boolean;
}

const rules: Record<Exclude<SecretKey, "sshPrivateKey">, Rule> = {
  pyroscopePassword: {
    goesWith: "pyroscope.remote.user",
    key: "pyroscope",
    isSet: ({ pyroscope }) => pyroscope?.kind === "remote" && pyroscope.user !== undefined,
    isRequired: true,
  },
  logsPassword: {
    goesWith: "logs.user",
    key: "logs",
    isSet: ({ logs }) => logs?.user !== undefined,
    isRequired: true,
  },
  tracesPassword: {
    goesWith: "traces.user",
    key: "traces",
    isSet: ({ traces }) => traces?.user !== undefined,
    isRequired: true,
  },
  grafanaAuth: {
    goesWith: "grafana.url",
    key: "grafana",
    isSet: ({ grafana }) => grafana !== undefined,
    isRequired: true,
  },
  siteUsers: {
    goesWith: "site.domain",
    key: "site",
    isSet: ({ site }) => site !== undefined,
    isRequired: false,
  },
};

/**
 * Secrets that are missing, and those that nothing uses.
 * @param wrong the settings whose own values are wrong
 */
export function checkSecrets(
  settings: PartialSettings,
  secrets: ReadonlySet<string>,
  wrong: ReadonlySet<string>,
): Issue[] {
  const issues = Object.entries(rules).flatMap(([path, { goesWith, key, isSet, isRequired }]): Issue[] => {
    if (wrong.has(key)) return [];
    if (isSet(settings)) {
      if (!isRequired || secrets.has(path)) return [];
      return [{ path, message: `is required with ${goesWith}: pulumi config set --secret ${path}` }];
    }
    if (!secrets.has(path)) return [];
    return [{ path, message: `is used with ${goesWith} only: set that too, or remove the secret` }];
  });
  if (settings.site?.insecureNoAuthentication === true && secrets.has("siteUsers")) {
    const message = "has no use with site.insecureNoAuthentication: remove one of the two";
    issues.push({ path: "siteUsers", message });
  }
  return issues;
}

/**
 * What is wrong with the secret siteUsers: `name:hash` lines as `htpasswd -nB NAME` prints them. The message quotes none.
 */
export function siteUsersProblem(text: string): string | undefined {
  const names = new Set<string>();
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  for (const [i, line] of lines.entries()) {
    const [, name] = /^([^:\s\p{Cc}"\\{}]+):\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/u.exec(line) ?? [];
    if (name === undefined) return `line ${i + 1} must be "NAME:BCRYPT-HASH", as htpasswd -nB NAME prints it`;
    if (names.has(name)) return `line ${i + 1} names a user a second time`;
    names.add(name);
  }
  return lines.length === 0 ? "must have a line for each user" : undefined;
}

import type { IsWrong } from "./right-parts";
import type { Issue, PartialSettings } from "./issue";
import type { SecretKey } from "./secrets";

interface Rule {
  /** The setting that the secret goes with, as a message names it. */
  readonly goesWith: string;
  readonly isSet: (settings: PartialSettings) => boolean;
  /** Whether the setting needs the secret. */
  readonly isRequired: boolean;
}

export const secretRules: Record<Exclude<SecretKey, "sshPrivateKey">, Rule> = {
  pyroscopePassword: {
    goesWith: "pyroscope.remote.user",
    isSet: ({ pyroscope }) => pyroscope?.kind === "remote" && pyroscope.user !== undefined,
    isRequired: true,
  },
  pyroscopeAlsoPassword: {
    goesWith: "pyroscope.also.user",
    isSet: ({ pyroscope }) => pyroscope?.also?.user !== undefined,
    isRequired: true,
  },
  s3SecretKey: {
    goesWith: "pyroscope.storage.s3",
    isSet: ({ pyroscope }) => pyroscope?.kind === "local" && pyroscope.storage !== undefined,
    isRequired: true,
  },
  logsPassword: {
    goesWith: "logs.user",
    isSet: ({ logs }) => logs?.user !== undefined,
    isRequired: true,
  },
  prometheusPassword: {
    goesWith: "prometheus.user",
    isSet: ({ prometheus }) => prometheus?.user !== undefined,
    isRequired: true,
  },
  tracesPassword: {
    goesWith: "traces.user",
    isSet: ({ traces }) => traces?.user !== undefined,
    isRequired: true,
  },
  grafanaAuth: {
    goesWith: "grafana.url",
    isSet: ({ grafana }) => grafana !== undefined,
    isRequired: true,
  },
  alertsWebhook: {
    goesWith: "grafana.alerts",
    isSet: ({ grafana }) => grafana?.alerts !== undefined,
    isRequired: false,
  },
  siteUsers: {
    goesWith: "site.domain",
    isSet: ({ site }) => site !== undefined,
    isRequired: false,
  },
};

/**
 * Secrets that are missing, and those that nothing uses.
 * @param isWrong what is set, although wrong
 */
export function checkSecrets(
  settings: PartialSettings,
  secrets: ReadonlySet<string>,
  isWrong: IsWrong,
): Issue[] {
  const issues = Object.entries(secretRules).flatMap(([path, { goesWith, isSet, isRequired }]): Issue[] => {
    const parent = goesWith.replace(/\.\w+$/, "");
    if (isSet(settings) || (isWrong(goesWith) && !isWrong(parent))) {
      if (!isRequired || secrets.has(path)) return [];
      return [{ path, message: `is required with ${goesWith}: pulumi config set --secret ${path}` }];
    }
    if (!secrets.has(path) || isWrong(parent)) return [];
    return [{ path, message: `is used with ${goesWith} only: set that too, or remove the secret` }];
  });
  return [...issues, ...receivers(settings, secrets, isWrong), ...openSite(settings, secrets)];
}

/** Whom the alerts tell. */
function receivers({ grafana }: PartialSettings, secrets: ReadonlySet<string>, isWrong: IsWrong): Issue[] {
  const { alerts } = grafana ?? {};
  if (alerts === undefined) return [];
  const hasSecret = secrets.has("alertsWebhook");
  if (hasSecret && alerts.webhook !== undefined)
    return [
      { path: "grafana.alerts.webhook", message: "is also the secret alertsWebhook: remove one of the two" },
    ];
  const isTold = hasSecret || alerts.emails !== undefined || alerts.webhook !== undefined;
  if (isTold || ["emails", "webhook"].some((key) => isWrong(`grafana.alerts.${key}`))) return [];
  const message = "needs someone to tell: set emails or webhook, or the secret alertsWebhook";
  return [{ path: "grafana.alerts", message }];
}

function openSite({ site }: PartialSettings, secrets: ReadonlySet<string>): Issue[] {
  if (site?.insecureNoAuthentication !== true || !secrets.has("siteUsers")) return [];
  const message = "has no use with site.insecureNoAuthentication: remove one of the two";
  return [{ path: "siteUsers", message }];
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

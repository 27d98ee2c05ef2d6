interface Secret {
  /** What it looks like, for the documentation. */
  readonly form: string;
  readonly description: string;
  /** What is done without it, where it is not required (secret-rules.ts). */
  readonly fallback?: string;
}

const secrets = {
  sshPrivateKey: {
    form: "a private key in PEM or OpenSSH form, without a passphrase",
    description: "The key to log in to the host with, and to the jump host.",
    fallback: "the SSH agent is asked",
  },
  pyroscopePassword: { form: "any text", description: "The password of `pyroscope.remote.user`." },
  pyroscopeAlsoPassword: { form: "any text", description: "The password of `pyroscope.also.user`." },
  s3SecretKey: {
    form: "one line of printable ASCII characters, without spaces",
    description: "The secret key of `pyroscope.storage.s3.accessKeyId`.",
  },
  logsPassword: { form: "any text", description: "The password of `logs.user`." },
  prometheusPassword: { form: "any text, in one line", description: "The password of `prometheus.user`." },
  tracesPassword: { form: "any text", description: "The password of `traces.user`." },
  grafanaAuth: {
    form: "a service account's token, or user:password, in one line",
    description: "How Pulumi logs in to Grafana.",
  },
  alertsWebhook: {
    form: "an http or https URL",
    description:
      "The address that the alerts are posted to, instead of `grafana.alerts.webhook`, which is no secret.",
    fallback: "none",
  },
  siteUsers: {
    form: "lines of name:hash, as `htpasswd -nB NAME` prints them",
    description: "Who may log in to the site. Not together with `site.insecureNoAuthentication`.",
    fallback: "one user, `soar`, with a random password, which is in the output `site`",
  },
} as const satisfies Record<string, Secret>;

export type SecretKey = keyof typeof secrets;

/** The config keys whose values are secrets, which never pass through the schema, and what each is. */
export const secretSettings: Readonly<Record<SecretKey, Secret>> = secrets;

export const secretKeys = Object.keys(secrets) as SecretKey[];

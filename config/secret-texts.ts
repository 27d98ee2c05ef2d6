import { privateKeyProblem } from "./private-key";
import type { Issue } from "./issue";
import { secretKeyProblem } from "./object-storage";
import { siteUsersProblem } from "./secret-rules";
import type { SecretKey } from "./secrets";

const problems: Partial<Record<SecretKey, (text: string) => string | undefined>> = {
  sshPrivateKey: privateKeyProblem,
  s3SecretKey: secretKeyProblem,
  prometheusPassword: (text) => (/[\r\n]/.test(text) ? "must be one line" : undefined),
  grafanaAuth: (text) => (/[\r\n]/.test(text) ? "must be one line: a token, or user:password" : undefined),
  alertsWebhook: webhookProblem,
  siteUsers: siteUsersProblem,
};

/** What is wrong with a secret's text. No message quotes any of it. */
export function secretProblems(key: SecretKey, text: string): Issue[] {
  const message = problems[key]?.(text);
  return message === undefined ? [] : [{ path: key, message }];
}

function webhookProblem(text: string): string | undefined {
  const isUrl = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && !/\s/.test(text);
  return isUrl ? undefined : "must be the address of the webhook: an http or https URL";
}

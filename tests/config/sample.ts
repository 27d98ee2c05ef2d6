import { type Settings } from "../../config/settings";
import { validateSettings } from "../../config/validate";

export const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

/** The least that a stack has to set. */
export const least = { environment: "production", host: { address: "soar.example", hostKey } };

export const noSecrets: ReadonlySet<string> = new Set();

/** The settings of a configuration that is right. */
export function accepted(values: Record<string, unknown> = {}, secrets = noSecrets): Settings {
  const validation = validateSettings({ ...least, ...values }, secrets);
  if ("issues" in validation) throw new Error(JSON.stringify(validation.issues, undefined, 1));
  return validation.settings;
}

/** The issues of a configuration, each as `path: message`. */
export function issues(values: Record<string, unknown>, secrets: readonly string[] = []): string[] {
  const validation = validateSettings({ ...least, ...values }, new Set(secrets));
  return "issues" in validation ? validation.issues.map(({ path, message }) => `${path}: ${message}`) : [];
}

import { noOperatorFiles } from "../../components/operator/files";
import { ProfilingStack } from "../../components/profiling-stack";
import type { Secrets } from "../../config/load";
import type { Settings } from "../../config/settings";
import { type SettingKey, validateSettings } from "../../config/validate";
import { register, type Registered } from "./mocks";

export const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJmJ8nUzHGmSVmxqU2ZlJxYYJWm3vd9Kqo1ynjPTtbNk";

/** The least that a stack has to set, with one service. */
export const minimal = {
  environment: "test",
  host: { address: "192.0.2.1", user: "deploy", hostKey },
  services: [{ name: "soar-run", port: 9091 }],
};

/** The settings of these values, which are right. */
export function settingsOf(values: Record<string, unknown>, secrets: string[] = []): Settings {
  const result = validateSettings(values, new Set(secrets));
  if ("issues" in result) throw new Error(JSON.stringify(result.issues));
  return result.settings;
}

/** The resources of a stack, in the order in which they were registered. */
export function stackOf(
  values: Record<string, unknown>,
  secrets: Secrets = {},
  references = {},
  secretParts: ReadonlySet<SettingKey> = new Set(),
  files = noOperatorFiles,
): Promise<Registered[]> {
  const checked = settingsOf(values, Object.keys(secrets));
  return register(
    () =>
      new ProfilingStack("soar", {
        settings: checked,
        secrets,
        secretParts,
        stack: "org/soar-profiling/test",
        files,
      }),
    "soar-reachable",
    references,
  );
}

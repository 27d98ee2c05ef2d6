import { stringify } from "yaml";
import { secretKeys, secretSettings } from "../config/secrets";
import { documentedSettings } from "./documented";

/**
 * `Pulumi.yaml` with its declarations of the config keys made anew.
 * @param text the file as it is; what stands before `config:` stays
 */
export function projectFile(text: string): string {
  const settings = documentedSettings.map(({ path, schema, isRequired }) => {
    const none = schema.properties === undefined ? "" : {};
    const description = `${isRequired ? "Required. " : ""}${schema.description ?? ""}`;
    return [path, { description, default: isRequired ? none : (schema.default ?? none) }] as const;
  });
  const secrets = secretKeys.map((key) => {
    const description = `Secret (pulumi config set --secret). ${secretSettings[key].description}`;
    return [key, { description, default: "" }] as const;
  });
  const config = Object.fromEntries([...settings, ...secrets]);
  return text.replace(/^config:\n[^]*/m, () => stringify({ config }, { lineWidth: 0 }));
}

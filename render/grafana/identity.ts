import { createHash } from "node:crypto";

/** What Grafana's database holds of a uid. */
const longest = 40;

/**
 * The uid of what an environment has in Grafana, such as `production-pyroscope`: fixed, so that links stay right. Of an
 * environment too long for Grafana, the name's end is replaced by a digest of it.
 */
export function grafanaUid(environment: string, role: string): string {
  const uid = `${environment}-${role}`;
  if (uid.length <= longest) return uid;
  const digest = createHash("sha256").update(environment).digest("hex").slice(0, 6);
  return `${environment.slice(0, longest - role.length - digest.length - 2)}-${digest}-${role}`;
}

/** The title of an environment's folder, and the name of its contact point. */
export function grafanaTitle(environment: string): string {
  return `SOAR profiling (${environment})`;
}

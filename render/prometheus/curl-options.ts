import { managedBy, oneLine } from "../header";

/** How one is let in by a server. */
export interface CurlOptionsArgs {
  readonly environment: string;
  /** For basic authentication, without a colon. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Its certificate is not checked. */
  readonly insecureSkipVerify: boolean;
}

/**
 * Renders a file of options for `curl --config`, so that no password stands on a command line.
 * @throws Error when a value holds a line break
 */
export function renderCurlOptions(args: CurlOptionsArgs): string {
  const { environment, user, password = "", insecureSkipVerify } = args;
  return [
    `# ${managedBy(environment)}`,
    ...(user === undefined ? [] : [`user = "${escaped(`${user}:${password}`)}"`]),
    ...(insecureSkipVerify ? ["insecure"] : []),
    "",
  ].join("\n");
}

/** What stands between double quotes there. */
function escaped(value: string): string {
  return oneLine(value).replace(/["\\]/g, "\\$&").replaceAll("\t", "\\t");
}

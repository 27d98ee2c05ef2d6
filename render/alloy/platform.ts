import { managedBy } from "../header";
import { object, reference, renderAlloy } from "./syntax";

/** Where every environment's profiles go: the receiver of the component that `renderAlloyPlatform` writes. */
export const platformReceiver = reference("pyroscope.write.platform.receiver");

export interface AlloyPlatformArgs {
  /** Base URL of the Pyroscope to write to. */
  readonly pyroscopeUrl: string;
  /** Sent as X-Scope-OrgID. @default none */
  readonly tenant?: string | undefined;
  /** Basic authentication. @default none */
  readonly user?: string | undefined;
  /** File on the host that holds the user's password; required with `user`. */
  readonly passwordFile?: string | undefined;
}

/**
 * Renders what a host's Alloy has once: logging, and the way to Pyroscope.
 * @throws Error when only one of user and passwordFile is given
 */
export function renderAlloyPlatform({ pyroscopeUrl, tenant, user, passwordFile }: AlloyPlatformArgs): string {
  if ((user === undefined) !== (passwordFile === undefined)) {
    throw new Error("user and passwordFile are given together or not at all");
  }
  const credentials = { username: user, password_file: passwordFile };
  return renderAlloy(managedBy(), [
    { name: "logging", attributes: { level: "info", format: "logfmt" } },
    {
      name: "pyroscope.write",
      label: "platform",
      blocks: [
        {
          name: "endpoint",
          attributes: {
            url: pyroscopeUrl,
            headers: tenant === undefined ? undefined : object({ "X-Scope-OrgID": tenant }),
          },
          blocks: user === undefined ? [] : [{ name: "basic_auth", attributes: credentials }],
        },
      ],
    },
  ]);
}

import { managedBy } from "../header";
import { type Block, object, reference, renderAlloy } from "./syntax";

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
  /** Serve metrics of the host's file systems, for Prometheus. @default false */
  readonly hostMetrics?: boolean;
}

/** All but those that hold no files on a disk; Alloy's default leaves out overlay and tmpfs too. */
const noFileSystems =
  "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|proc|procfs|" +
  "pstore|ramfs|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$";

/**
 * Renders what a host's Alloy has once: logging, the way to Pyroscope, and the host's own metrics.
 * @throws Error when only one of user and passwordFile is given
 */
export function renderAlloyPlatform(args: AlloyPlatformArgs): string {
  const { pyroscopeUrl, tenant, user, passwordFile, hostMetrics = false } = args;
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
    ...(hostMetrics ? [hostMetricsBlock] : []),
  ]);
}

const hostMetricsBlock: Block = {
  name: "prometheus.exporter.unix",
  label: "platform",
  attributes: { set_collectors: ["filesystem"] },
  blocks: [{ name: "filesystem", attributes: { fs_types_exclude: noFileSystems } }],
};

import type { Size } from "../config/units";
import type { DropIn } from "./systemd";

/** What a unit may use at most; nothing where it is not set. */
export interface Limits {
  /** Bytes of memory, above which the kernel ends it. */
  readonly memory?: Size | undefined;
  /** Cores that it may keep busy. */
  readonly cpu?: number | undefined;
}

type Directives = DropIn[string];

/** What neither program needs, see systemd.exec(5); docs/security.md has the versions that it was tried with. */
const common: Directives = {
  NoNewPrivileges: "yes",
  CapabilityBoundingSet: "",
  AmbientCapabilities: "",
  LockPersonality: "yes",
  MemoryDenyWriteExecute: "yes",
  ProtectClock: "yes",
  ProtectControlGroups: "yes",
  ProtectHostname: "yes",
  ProtectKernelLogs: "yes",
  ProtectKernelModules: "yes",
  ProtectKernelTunables: "yes",
  RemoveIPC: "yes",
  // Go asks for the host's addresses over netlink.
  RestrictAddressFamilies: "AF_INET AF_INET6 AF_NETLINK AF_UNIX",
  RestrictNamespaces: "yes",
  RestrictRealtime: "yes",
  RestrictSUIDSGID: "yes",
  SystemCallArchitectures: "native",
  SystemCallErrorNumber: "EPERM",
  SystemCallFilter: ["@system-service", "~@privileged"],
};

/** Of Pyroscope, which sees of the host's files no more than its own and the system's, and writes to its directory only. */
export function pyroscopeHardening(dataDirectory: string): Directives {
  return {
    ...common,
    PrivateDevices: "yes",
    PrivateTmp: "yes",
    ProcSubset: "pid",
    ProtectHome: "yes",
    ProtectProc: "invisible",
    ProtectSystem: "strict",
    ReadWritePaths: dataDirectory,
  };
}

/** Of Alloy, whose fragments may read what its user may: processes, devices, files anywhere. */
export const alloyHardening: Directives = { ...common, ProtectHome: "read-only", ProtectSystem: "full" };

/**
 * The directives of limits. Go is told of the limit of memory, so that it collects garbage before the kernel ends the
 * process; a tenth is left for what is not on Go's heap.
 */
export function limitDirectives({ memory, cpu }: Limits): Directives {
  return {
    ...(memory === undefined
      ? {}
      : { MemoryMax: `${memory}`, Environment: `GOMEMLIMIT=${Math.floor(memory * 0.9)}` }),
    ...(cpu === undefined ? {} : { CPUQuota: `${Math.round(cpu * 100)}%` }),
  };
}

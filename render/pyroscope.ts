import { parse, stringify } from "yaml";
import type { ObjectStorage } from "../config/object-storage";
import { addDurations, type Duration, goDuration, parseDuration } from "../config/units";
import { holds, pyroscopeVersionProblem } from "../config/versions";
import { managedBy } from "./header";
import { readsBucket, renderStorage } from "./pyroscope-storage";

export interface PyroscopeArgs {
  /** Version of the package; its major decides which keys are written. */
  readonly version: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Used by 2.x only. */
  readonly raftPort: number;
  /** How long profiles are kept, and how far back a query reaches. */
  readonly retention: Duration;
  /** @default /var/lib/pyroscope */
  readonly dataDirectory?: string;
  /** A bucket that the profiles go to. @default they stay below the directory */
  readonly storage?: ObjectStorage | undefined;
}

const loopback = "127.0.0.1";

/** The largest profile that is taken, in bytes, uncompressed; Pyroscope's default. */
export const largestProfile = 4 * 1_024 * 1_024;

/**
 * Each value of a label makes a series of its own. Rust's pprof labels samples by thread; Alloy from 1.18 on labels
 * profiles with its own version. Seen with dots, before they are stored with underscores. Matches whole names only.
 */
export const droppedLabels = "thread|otel[._]scope[._](name|version)";
const inmemory = { store: "inmemory" };

/** A ring of one that is kept in memory: without the address, queries would go to the host's public one and hang. */
const ring = { kvstore: inmemory, instance_addr: loopback };

/**
 * A block that is in the store and still with the ingester is asked of one of them, if these have two addresses; of one address
 * both answer, and it counts twice [RAN 1.21.1].
 */
const gateway = "localhost";

/**
 * Renders `/etc/pyroscope/config.yml` for a single Pyroscope that listens on loopback only.
 * @throws Error for a version that is not supported
 */
export function renderPyroscope({ dataDirectory = "/var/lib/pyroscope", ...args }: PyroscopeArgs): string {
  const problem = pyroscopeVersionProblem(args.version);
  if (problem !== undefined) throw new Error(problem);
  const ofStorage = holds("ownStorage", args.version) ? version2 : version1;
  const document = { ...common(args, dataDirectory), ...ofStorage(args, dataDirectory) };
  return `# ${managedBy()}\n${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/** How long profiles are kept by a configuration that {@link renderPyroscope} has made. */
export function retentionIn(text: string): Duration | undefined {
  const document = parse(text) as { limits?: { compactor_blocks_retention_period?: string } } | null;
  const period = document?.limits?.compactor_blocks_retention_period;
  return period === undefined ? undefined : parseDuration(period);
}

function common({ httpPort, grpcPort, storage }: PyroscopeArgs, data: string): object {
  return {
    target: "all",
    server: {
      http_listen_address: loopback,
      http_listen_port: httpPort,
      grpc_listen_address: loopback,
      grpc_listen_port: grpcPort,
    },
    storage: renderStorage(storage, `${data}/shared`),
    // Pushing profiles of itself would keep its CPU profiler busy: `profiling already in use` for everyone else.
    self_profiling: { disable_push: true },
    analytics: { reporting_enabled: false },
    distributor: { ring },
    overrides_exporter: { ring },
    frontend: { instance_addr: loopback },
  };
}

function limits(retention: Duration): object {
  return {
    max_query_lookback: goDuration(retention),
    // A query for the whole retention is a few milliseconds longer than it.
    max_query_length: goDuration(addDurations(retention, parseDuration("1h"))),
    // The limit of samples refuses profiles long before that of bytes does, which is limit enough.
    max_profile_size_bytes: largestProfile,
    max_profile_stacktrace_samples: 0,
    // A profile that is larger than the burst never gets in, and its labels count. Room for several at once.
    ingestion_burst_size_mb: 16,
    ingestion_relabeling_rules: [{ action: "labeldrop", regex: droppedLabels }],
  };
}

function version1({ retention, storage }: PyroscopeArgs, data: string): object {
  return { ...storage1(data, storage), limits: { ...limits1(retention), ...limits(retention) } };
}

function limits1(retention: Duration): object {
  return { compactor_blocks_retention_period: goDuration(retention) };
}

/** The storage of 1.x, which is in 2.x too. */
function storage1(data: string, storage: ObjectStorage | undefined): object {
  const { bucketStore, compactor, querier } = readsBucket(storage);
  return {
    memberlist: { bind_addr: [loopback], advertise_addr: loopback },
    ingester: {
      lifecycler: {
        address: loopback,
        min_ready_duration: "0s",
        ring: { kvstore: inmemory, replication_factor: 1 },
      },
    },
    query_scheduler: { ring },
    store_gateway: {
      sharding_ring: { ...ring, instance_addr: gateway },
      bucket_store: { sync_dir: `${data}/sync`, ...bucketStore },
    },
    ...querier,
    compactor: { data_dir: `${data}/compactor`, sharding_ring: ring, ...compactor },
    pyroscopedb: { data_path: `${data}/data` },
  };
}

function version2({ grpcPort, raftPort, retention, storage }: PyroscopeArgs, data: string): object {
  const grpc = `${loopback}:${grpcPort}`;
  const raft = `${loopback}:${raftPort}`;
  return {
    // New profiles go to the storage of 2.x alone. What 1.x has stored is still found, and deleted when it is too old; with
    // "v2" it would be hidden, and stay on the disk for ever.
    architecture_storage: "v1-v2-dual",
    ...storage1(data, storage),
    metastore: {
      address: grpc,
      data_dir: `${data}/metastore/data`,
      min_ready_duration: "0s",
      raft: {
        dir: `${data}/metastore/raft`,
        snapshots_dir: `${data}/metastore/raft`,
        server_id: raft,
        bind_address: raft,
        advertise_address: raft,
      },
      // Off before 2.2, and then nothing is ever deleted.
      index: { cleanup_interval: "15m" },
    },
    query_backend: { address: grpc },
    segment_writer: {
      lifecycler: {
        address: loopback,
        min_ready_duration: "0s",
        ring: { kvstore: inmemory, replication_factor: 1 },
      },
    },
    compaction_worker: { temp_dir: `${data}/tmp` },
    limits: { retention_period: goDuration(retention), ...limits1(retention), ...limits(retention) },
  };
}

import { z } from "zod";
import { listenAddress } from "./addresses";
import * as field from "./fields";
import { host } from "./host";
import { hosts } from "./hosts";
import { grafana } from "./grafana";
import { logs, prometheus, traces } from "./observability";
import { site } from "./site";
import { alloy, platform, pyroscope, repository } from "./platform";
import { push } from "./push";
import { serviceSchema } from "./service";

export const otherListenerSchema = field.map("a map with name and port", {
  name: field
    .text("a name", /^[^\p{Cc}]+$/u)
    .meta({ form: "a name, in one line" })
    .describe("What listens there, for the message about a collision."),
  port: field.port().describe("The port that it listens on."),
  address: listenAddress()
    .default("0.0.0.0")
    .describe("The address that it listens on. `0.0.0.0` and `::` are every address."),
});

/** Of no host. */
const exampleKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

/** Every plain setting, by its config key. Secrets are read apart from it, in load.ts. */
export const settingsSchema = z.strictObject({
  environment: field
    .text(
      `a short name such as "production": a-z, 0-9 and -, a letter first, at most 31 characters`,
      /^[a-z][a-z0-9-]{0,30}$/,
    )
    // A directory of our own beside those of the environments.
    .refine((name) => name !== "configured", { error: "is a name of our own: choose another" })
    .describe(
      "Which environment the stack is: part of file and component names, and the label `environment`. Not `configured`.",
    ),
  // That one is there is a rule between the two (validate.ts).
  host: host
    .optional()
    .describe("The machine, and how SSH reaches it. Required, unless there are `hosts`.")
    .meta({
      fallback: "**required**, unless there are `hosts`",
      samples: [{ address: "glider.flights", user: "deploy", hostKey: exampleKey }],
    }),
  hosts: hosts.meta({
    samples: [
      {
        web: {
          address: "glider.flights",
          user: "deploy",
          hostKey: exampleKey,
          services: ["soar-web"],
          stores: true,
        },
        ogn: { address: "ogn.glider.flights", user: "deploy", hostKey: exampleKey, services: ["soar-run"] },
      },
    ],
  }),
  platform: platform.meta({ samples: [{ stack: "organization/soar-profiling/prod" }] }),
  repository,
  pyroscope: pyroscope.meta({
    samples: [
      { version: "1.21.1", retention: "14d", diskBudget: "40GiB" },
      {
        storage: {
          s3: {
            endpoint: "https://s3.eu-central-1.amazonaws.com",
            bucket: "soar-profiles",
            region: "eu-central-1",
            prefix: "production",
            accessKeyId: "AKIAIOSFODNN7EXAMPLE",
          },
        },
      },
      { remote: { url: "https://profiles.example", tenant: "soar", user: "soar" } },
    ],
  }),
  alloy,
  prometheus: prometheus.meta({ samples: [{ url: "http://127.0.0.1:9090" }] }),
  logs: logs.meta({
    samples: [
      { url: "http://127.0.0.1:3100", level: "info" },
      { url: "http://127.0.0.1:3100", source: ["journal", "otlp"] },
    ],
  }),
  traces: traces.meta({ samples: [{ url: "http://127.0.0.1:4320" }] }),
  push: push.meta({ samples: [{ port: 4100 }] }),
  grafana: grafana.meta({
    samples: [
      {
        url: "https://grafana.glider.flights",
        datasources: { tempo: "http://127.0.0.1:3200" },
        alerts: { emails: ["operators@glider.flights"] },
      },
    ],
  }),
  site: site.meta({ samples: [{ domain: "pyroscope.glider.flights" }] }),
  services: z
    .array(serviceSchema, { error: field.expected("a list of services") })
    .prefault([])
    .describe("The services, and what is taken of each: profiles, metrics, its journal.")
    .meta({
      samples: [
        [
          {
            name: "soar-run",
            port: 9091,
            profiles: ["cpu", "heap"],
            metrics: true,
            unit: "soar-run.service",
          },
          { name: "soar-web", port: 9092, interval: "30s", labels: { team: "web" } },
        ],
      ],
    }),
  gitRef: z
    .preprocess((value) => (value === "" ? undefined : value), field.line("a git reference").optional())
    .describe(
      "The git reference of the running builds: the label `service_git_ref` of all services but those with a `gitRef` of their " +
        "own. The environment variable `SOAR_GIT_REF` of a command wins over it.",
    )
    .meta({
      form: "a git reference, in one line of at most 500 characters",
      fallback: "none",
      samples: ["v1.4.0"],
    }),
  otherListeners: z
    .array(otherListenerSchema, { error: field.expected("a list of listeners") })
    .default([])
    .describe("What else listens on the host, so that port collisions are found before anything starts.")
    .meta({ samples: [[{ name: "grafana", port: 3000, address: "127.0.0.1" }]] }),
  detectDrift: field
    .flag()
    .default(false)
    .describe(
      "Whether each preview and up first asks the host, over one SSH connection, what was changed there by hand: it shows " +
        "as an update with a warning, and up puts it back. A preview then also tries on the host what would change.",
    ),
  purgeData: field
    .flag()
    .default(false)
    .describe(
      "Whether destroy also removes what Pyroscope and Alloy have stored, if the last up has recorded it so. The data of a " +
        "package that was on the host before stay.",
    ),
  allowDowngrade: field
    .flag()
    .default(false)
    .describe("Whether a package may be replaced by an older version. Pyroscope 2.x never is by 1.x."),
});

/** How a host is reached. */
export type HostSettings = z.output<typeof host>;

/** A host of an environment, and what is its own there. With `host` there is one, which has all. */
export interface PlacedHost {
  /** By which `hosts` has it, its label `host`; undefined with `host`. */
  readonly name: string | undefined;
  readonly reached: HostSettings;
  /** The names of its services; undefined stands for all. */
  readonly services: readonly string[] | undefined;
  /** It has the Pyroscope, if that is on a host at all. */
  readonly stores: boolean;
  /** It has a Prometheus of its own, if `prometheus` is set. */
  readonly prometheus: boolean;
}

/** All plain settings, checked and with their defaults. */
export type Settings = Omit<z.output<typeof settingsSchema>, "host" | "hosts"> & {
  /** Of several hosts the one that stores, or the first (placed.ts). */
  readonly host: HostSettings;
  readonly hosts: readonly PlacedHost[];
  /** Of the settings of one of several hosts: its name. */
  readonly hostName?: string | undefined;
};
export type RepositorySettings = Settings["repository"];
export type PyroscopeSettings = Settings["pyroscope"];
export type LocalPyroscope = Extract<PyroscopeSettings, { kind: "local" }>;
export type RemotePyroscope = Extract<PyroscopeSettings, { kind: "remote" }>;
export type AlloySettings = Settings["alloy"];
export type PrometheusSettings = NonNullable<Settings["prometheus"]>;
export type LogsSettings = NonNullable<Settings["logs"]>;
export type TracesSettings = NonNullable<Settings["traces"]>;
export type PushSettings = NonNullable<Settings["push"]>;
export type GrafanaSettings = NonNullable<Settings["grafana"]>;
export type SiteSettings = NonNullable<Settings["site"]>;
export type Service = Settings["services"][number];
export type OtherListener = Settings["otherListeners"][number];

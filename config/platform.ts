import { z } from "zod";
import { url } from "./addresses";
import { destination } from "./destination";
import * as field from "./fields";
import { limits } from "./limits";
import { objectStorage } from "./object-storage";
import { alloyVersionProblem, holds, pyroscopeVersionProblem, versionForm } from "./versions";

const sharedPlatform = field.map(`"own" or {stack: "organization/project/stack"}`, {
  stack: field
    .text(`a stack as "organization/project/stack"`, /^[\w.-]+\/[\w.-]+\/[\w.-]+$/)
    .describe(
      "The stack on the same host that owns the platform, and that is brought up before this one. Then `repository`, " +
        "`pyroscope`, `site` and, but for its `fragments`, `alloy` are set there and not here.",
    ),
});

export const platform = z
  .preprocess((value) => (value === "own" ? undefined : value), sharedPlatform.optional())
  .transform((shared) =>
    shared === undefined ? { kind: "own" as const } : { kind: "stack" as const, ...shared },
  )
  .prefault("own")
  .describe(
    'Whether this stack owns what a host has once (the package source, Pyroscope, Alloy), which is "own", or shares ' +
      "that of another stack on the same host.",
  );

const wordForm = "a name of letters, digits, ., _, / and -, a letter or digit first";
const word = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/;

export const repository = field
  .map("a map", {
    url: url("the repository's address")
      .prefault("https://apt.grafana.com")
      .describe("The address under which APT finds `dists/SUITE`."),
    keyUrl: url("the address of the signing key")
      .optional()
      .describe("The address of the armoured signing key.")
      .meta({ fallback: "`gpg-full.key` under `url`" }),
    // Grafana's, as its repository's own page announced it on 2023-08-24 (quoted in voxpupuli/puppet-grafana pull request
    // 336) and as APT named it for the signed index in 2025 and 2026 (grafana/grafana issue 110073, pull request 116093).
    fingerprint: field
      .anyText("a fingerprint")
      .meta({ form: "a fingerprint of 40 hexadecimal digits; spaces are allowed" })
      .transform((value) => value.replaceAll(" ", "").toUpperCase())
      .refine((value) => /^[0-9A-F]{40}$/.test(value), {
        error: "must be the 40 hexadecimal digits that `gpg --show-keys` prints for the signing key",
      })
      .prefault("B53A E77B ADB6 30A6 8304 6005 963F A277 1045 8545")
      .describe(
        "The fingerprint of the one signing key that is trusted. The default is that of Grafana's key.",
      ),
    suite: field
      .text("a suite", word)
      .meta({ form: wordForm })
      .default("stable")
      .describe("The repository's suite."),
    component: field
      .text("a component", word)
      .meta({ form: wordForm })
      .default("main")
      .describe("The component of the suite."),
  })
  .transform(({ keyUrl, ...rest }) => ({ ...rest, keyUrl: keyUrl ?? `${rest.url}/gpg-full.key` }))
  .prefault({})
  .describe("The APT repository that Pyroscope and Alloy are installed from.");

const defaultRaftPort = 9099;

const also = destination("the second Pyroscope", "pyroscopeAlsoPassword")
  .optional()
  .describe(
    "A second Pyroscope that gets the same profiles, for the time of a move. It is only sent to: what reads profiles asks the first.",
  )
  .meta({ fallback: "none" });

const localPyroscope = field
  .map("a map", {
    version: version(pyroscopeVersionProblem)
      .default("1.21.1")
      .describe(
        "The version of the package `pyroscope`: 1.17 or later, or 2.x. From 2.x there is no way back to 1.x.",
      ),
    httpPort: field
      .port()
      .default(4040)
      .describe("Where it takes profiles and answers queries, on 127.0.0.1."),
    grpcPort: field
      .port()
      .default(4041)
      .describe("Where its own parts reach each other by gRPC, on 127.0.0.1."),
    raftPort: field
      .port()
      .optional()
      .describe("The port of its metastore, on 127.0.0.1. Only 2.x has one: with 1.x, leave it out.")
      .meta({ fallback: `\`${defaultRaftPort}\` with 2.x` }),
    retention: field
      .duration()
      .refine((value) => value >= 3_600, {
        error: "must be at least 1h: Pyroscope stores profiles in hourly blocks",
      })
      .prefault("30d")
      .describe(
        "How long profiles are kept, and how far back a query reaches. At least 1h, and longer than the `interval` of " +
          "each service.",
      ),
    diskBudget: field
      .size()
      .prefault("20GiB")
      .describe(
        "What the profiles of the whole retention may take. Services that are estimated to need more are refused, and so is " +
          "a disk without that room, free or in use by profiles. Pyroscope itself knows no such limit; what is stored is " +
          "measured against it by `npm run verify`, the pipeline dashboard and the alert `ProfilingBudgetTooSmall`. With " +
          "`storage`, what a day of profiles may take on the host's disk, which is not measured.",
      ),
    ...limits,
    storage: objectStorage,
    also,
  })
  .superRefine(refuseRaftPort, { when: field.isMap })
  .transform((value) => ({
    kind: "local" as const,
    ...value,
    raftPort: value.raftPort ?? defaultRaftPort,
  }))
  .describe("A Pyroscope on this host, which listens on loopback only and stores in `/var/lib/pyroscope`.");

function refuseRaftPort(value: unknown, context: z.RefinementCtx): void {
  const { raftPort, version } = value as { raftPort?: unknown; version?: unknown };
  if (raftPort === undefined || typeof version !== "string") return;
  if (pyroscopeVersionProblem(version) !== undefined || holds("ownStorage", version)) return;
  context.addIssue({
    code: "custom",
    path: ["raftPort"],
    message: "belongs to Pyroscope 2.x: leave it out",
  });
}

const remotePyroscope = field
  .map(
    "a map",
    {
      remote: destination("the remote Pyroscope", "pyroscopePassword").describe(
        "Where the remote Pyroscope is.",
      ),
      also,
    },
    (key) =>
      key in localPyroscope.in.shape
        ? "belongs to a local Pyroscope: leave it out, or leave out pyroscope.remote"
        : undefined,
  )
  .transform(({ remote, also: second }) => ({
    kind: "remote" as const,
    ...remote,
    ...(second === undefined ? {} : { also: second }),
  }))
  .describe("A Pyroscope elsewhere: none is installed here, and nothing of a local one may be set.");

export const pyroscope = z
  .unknown()
  // For the documentation: which of them it is, is chosen by the look of the value, so that what is wrong is told in its words.
  .meta({ anyOf: [localPyroscope, remotePyroscope].map(field.jsonSchema) })
  .transform((value, context) => {
    const isRemote = typeof value === "object" && value !== null && "remote" in value;
    const parsed = (isRemote ? remotePyroscope : localPyroscope).safeParse(value);
    if (parsed.success) return parsed.data;
    field.adoptIssues(context, parsed.error);
    return z.NEVER;
  })
  .prefault({})
  .describe("The Pyroscope that stores the profiles: one on this host, or a remote one.")
  .meta({ fallback: "one on this host, with the defaults of its fields" });

const fragmentsForm = "a map of name to Alloy configuration";

const fragments = z
  .record(z.string(), field.opaqueText("Alloy configuration"), { error: `must be ${fragmentsForm}` })
  .superRefine(checkFragmentNames, { when: field.isMap })
  .meta({ form: fragmentsForm });

function checkFragmentNames(value: Record<string, unknown>, context: z.RefinementCtx): void {
  for (const name of Object.keys(value)) {
    const isReserved = ["profiles", "push", "logs", "traces"].includes(name);
    if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(name) && !isReserved) continue;
    const message = isReserved
      ? "is the name of a file of our own: choose another"
      : "must be named with a-z, 0-9 and -";
    context.addIssue({ code: "custom", path: [name], message });
  }
}

export const alloy = field
  .map("a map", {
    version: version(alloyVersionProblem)
      .default("1.10.0-1")
      .describe("The version of the package `alloy`: 1.9 or later, of 1.x."),
    httpPort: field.port().default(12345).describe("Alloy's own HTTP server, on 127.0.0.1."),
    stability: z
      .enum(["generally-available", "public-preview", "experimental"], {
        error: field.expected('"generally-available", "public-preview" or "experimental"'),
      })
      .default("generally-available")
      .describe("The least stable components that the fragments may use."),
    ...limits,
    fragments: fragments
      .prefault({})
      .describe(
        "Further Alloy configuration. Each text becomes the file `/etc/alloy/conf.d/ENVIRONMENT-NAME.alloy`. A name is of " +
          "a-z, 0-9 and -, and not `profiles`, `push`, `logs` or `traces`. Also allowed on the platform of another stack.",
      ),
  })
  .prefault({})
  .describe("Grafana Alloy, which scrapes the services and forwards their logs and traces.");

function version(problem: (version: string) => string | undefined) {
  return field.anyText(versionForm).superRefine((value, context) => {
    const message = problem(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
}

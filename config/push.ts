import * as field from "./fields";
import { optional } from "./optional";
import { hostPort, type Listener } from "./ports";
import { holds } from "./versions";

export const push = optional(
  field.map("a map with port", {
    port: field
      .port()
      .describe(
        "Where Alloy takes what programs push, by HTTP on 127.0.0.1. Alloy also opens the same port on 127.0.0.2, for gRPC, and " +
          "serves nothing there.",
      ),
  }),
).describe(
  "Profiles that programs with the Pyroscope SDK send themselves, which Alloy takes on loopback. They get the label " +
    "`environment`, and `service_git_ref` where there is a `gitRef`; a label that the program sends is kept. It is on with `port`.",
);

/** What of the settings says whether programs may push. */
export interface Pushed {
  readonly push?: { readonly port: number } | undefined;
}

/**
 * Where Alloy listens for it. Alloy (1.10 to 1.18) always opens a port for gRPC beside that for HTTP, on all addresses unless
 * told otherwise. Another address of loopback needs no second port.
 */
export const pushAddresses = { http: "127.0.0.1", grpc: "127.0.0.2" } as const;

/** Where programs on the host send their profiles to. */
export function pushUrl({ port }: { readonly port: number }): string {
  return `http://${hostPort(pushAddresses.http, port)}`;
}

/** What listens on the host for what programs push. */
export function pushListeners({ push: settings }: Pushed): Listener[] {
  if (settings === undefined) return [];
  const common = { path: "push.port", port: settings.port };
  return [
    { ...common, name: "Alloy (pushed profiles)", address: pushAddresses.http },
    { ...common, name: "Alloy (pushed profiles, gRPC)", address: pushAddresses.grpc },
  ];
}

/** Why an Alloy cannot take what programs push, and what to set; undefined where it can. */
export function pushProblem(alloy: {
  readonly version: string;
  readonly stability?: string | undefined;
}): string | undefined {
  const { version, stability = "generally-available" } = alloy;
  if (holds("takesPushed", version) || stability !== "generally-available") return undefined;
  return `needs Alloy 1.10 or later, and alloy.version is ${version}: set that, or alloy.stability to public-preview`;
}

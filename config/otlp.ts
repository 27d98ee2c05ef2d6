import type { LogsSettings, TracesSettings } from "./settings";

/** Where Alloy takes OTLP, on the host's loopback. */
export interface OtlpPorts {
  readonly grpcPort: number;
  readonly httpPort: number;
}

/** The receiver of an environment. */
export interface OtlpReceiver extends OtlpPorts {
  /** The setting that has its ports. */
  readonly setting: "traces" | "logs";
}

/** The ports that OTLP has by its own specification. */
const usual: OtlpPorts = { grpcPort: 4317, httpPort: 4318 };

/** The settings of logs that come by OTLP; undefined where none do. */
export function otlpLogs({ logs }: { readonly logs?: LogsSettings | undefined }): LogsSettings | undefined {
  return logs?.source.includes("otlp") === true ? logs : undefined;
}

/** The receiver for what services send by OTLP, which is one for spans and logs; undefined where neither comes so. */
export function otlpReceiver(settings: {
  readonly traces?: TracesSettings | undefined;
  readonly logs?: LogsSettings | undefined;
}): OtlpReceiver | undefined {
  const { traces } = settings;
  if (traces !== undefined)
    return { grpcPort: traces.grpcPort, httpPort: traces.httpPort, setting: "traces" };
  const logs = otlpLogs(settings);
  if (logs === undefined) return undefined;
  const { grpcPort = usual.grpcPort, httpPort = usual.httpPort } = logs;
  return { grpcPort, httpPort, setting: "logs" };
}

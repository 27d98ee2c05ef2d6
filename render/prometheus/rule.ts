/** One alert; its labels are its severity, the environment, and those of the series that its expression finds. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  /** @default at once */
  readonly for?: string;
  readonly severity: "warning" | "critical";
  readonly summary: string;
  readonly description: string;
}

/** One series that is recorded for the alerts. */
export interface Recording {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A selector of series by what labels are, and by further matchers. */
export function select(labels: Readonly<Record<string, string>>, ...further: string[]): string {
  const equal = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${[...equal, ...further].join(",")}}`;
}

/** How much a counter has grown in a while; it does not exist before its first event, which counts as well. */
export function grown(metric: string, of: string, window = "15m"): string {
  const all = `${metric}${of}`;
  return `increase(${all}[${window}]) > 0 or (${all} unless ${all} offset ${window})`;
}

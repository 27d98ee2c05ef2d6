/** One alert; its labels are its severity and the environment. */
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
}

/** A selector of series by what labels are, and by further matchers. */
export function select(labels: Readonly<Record<string, string>>, ...further: string[]): string {
  const equal = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${[...equal, ...further].join(",")}}`;
}

/** How much a counter has grown in 15 minutes; it does not exist before its first event, which counts as well. */
export function grown(metric: string, of: string): string {
  const all = `${metric}${of}`;
  return `increase(${all}[15m]) > 0 or (${all} unless ${all} offset 15m)`;
}

/** One way to bring a host to the same state. */
export interface Contender {
  name: string;
  /** Applies the configuration in which the service `soar-run` has this label; returns what it says it changed. */
  apply(label: string): Promise<string>;
  /** What it says when it has changed nothing. */
  changedNothing: RegExp;
  /** SSH logins that the host has accepted so far. */
  logins(): Promise<number>;
}

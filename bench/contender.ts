/** What is declared, beside what is the same in all rows. */
export interface Declared {
  /** How many services each host has. */
  services: number;
  /** The label `bench` of the service `soar-run`. */
  label: string;
}

/** A change is applied, or it is only asked what on the hosts is not as declared. */
export type Action = "apply" | "ask";

/** One way to bring hosts to the same state. */
export interface Contender {
  name: string;
  /** Gets ready, outside of the measured time. What it returns is measured: it runs a process and returns what that printed. */
  prepare(action: Action, declared: Declared): Promise<() => Promise<string>>;
  /** What it prints when it has changed nothing. */
  changedNothing: RegExp;
  /** SSH logins that the hosts have accepted so far. */
  logins(): Promise<number>;
}

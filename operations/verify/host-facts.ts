import { readScript } from "../../components/host/scripts";
import { shellLine } from "../../components/host/shell";

/** A unit of systemd. */
export interface UnitState {
  /** Such as `active`, `inactive` or `failed`; `not-found` where there is no such unit. */
  state: string;
  /** Why it ended, such as `exit-code`; `success` where nothing is wrong. */
  result: string;
  /** The last lines that one which does not run had to say. */
  words: string[];
}

/** What only the host itself can tell. */
export interface HostFacts {
  listeners: { address: string; unit: string | undefined }[];
  units: Map<string, UnitState>;
  /** Versions by package; "" for one that is not installed. */
  packages: Map<string, string>;
  /** What the profile storage takes, in bytes. */
  disk: number | undefined;
  /** What of it is stored for good, and what of that came in the last seconds, a day at most; in bytes. */
  stored: { all: number; grown: number; seconds: number } | undefined;
  /** What is not as the stack declared it, in the words of `scripts/drift`. */
  differences: string[];
  /** Whether this environment has records on the host at all. */
  hasRecords: boolean;
}

/** What is asked for. */
export interface FactsWanted {
  environment: string;
  units: readonly string[];
  packages: readonly string[];
  /** Where a local Pyroscope keeps its data. */
  directory?: string | undefined;
}

/** The words that the function in `facts.sh` is called with, and the script of its name. */
export function factsWords({ environment, units, packages, directory = "" }: FactsWanted): string[] {
  return ["facts", environment, directory, ...units, "--", ...packages];
}

/** For `sh -s`, as root. */
export function factsScript(wanted: FactsWanted): string {
  return `${readScript("facts.sh")}\n${shellLine(factsWords(wanted))}\n`;
}

/** What the script printed. */
export function parseFacts(printed: string): HostFacts {
  const facts: HostFacts = {
    listeners: [],
    units: new Map(),
    packages: new Map(),
    disk: undefined,
    stored: undefined,
    differences: [],
    hasRecords: false,
  };
  for (const line of printed.split("\n")) {
    const [kind = "", name = "", ...rest] = line.split(" ");
    const text = rest.join(" ");
    if (kind === "listener") facts.listeners.push({ address: name, unit: text === "-" ? undefined : text });
    else if (kind === "unit") facts.units.set(name, unitState(text));
    else if (kind === "words") facts.units.get(name)?.words.push(text);
    else if (kind === "package") facts.packages.set(name, text);
    else if (kind === "disk") facts.disk = name === "" ? undefined : Number(name);
    else if (kind === "stored") {
      const [grown = 0, seconds = 0] = rest.map(Number);
      facts.stored = { all: Number(name), grown, seconds };
    } else if (kind === "record") facts.hasRecords = true;
    // A unit may have the records of several services.
    else if ((kind === "differs" || kind === "foreign") && !facts.differences.includes(text)) {
      facts.differences.push(text);
    }
  }
  return facts;
}

/** Of `ActiveState LoadState Result`. */
function unitState(text: string): UnitState {
  const [active = "", load = "", result = ""] = text.split(" ");
  return { state: load === "not-found" ? load : active, result, words: [] };
}

/** "soar-run.service is stopped (failed, exit-code): its last words"; undefined for a unit that runs or is not there. */
export function whyStopped(facts: HostFacts, unit: string): string | undefined {
  const found = facts.units.get(unit);
  if (found === undefined || ["active", "not-found", "reloading"].includes(found.state)) return undefined;
  const reason =
    found.result === "" || found.result === "success" ? found.state : `${found.state}, ${found.result}`;
  const last =
    [...found.words].reverse().find((line) => /error|fatal|panic/i.test(line)) ?? found.words.at(-1);
  return `${unit} is stopped (${reason})${last === undefined ? "" : `; its last line: ${last}`}`;
}

import type { LogsSettings } from "../../config/settings";
import { type Block, object, stage } from "./syntax";

/** The levels as they are labels in Loki, the most severe first: the journal's, as Alloy calls them. */
const levels = ["emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"] as const;

export type Level = (typeof levels)[number];

/** What is not sent from a least level on. */
export function lessSevere(least: LogsSettings["level"]): Level[] {
  return levels.slice(levels.indexOf(least === "err" ? "error" : least) + 1);
}

/** How programs call a level, in lower case; what is not among them is `info`. Rust's standard library says "panicked". */
const words: Partial<Record<Level, readonly string[]>> = {
  emerg: ["emerg", "emergency"],
  alert: ["alert"],
  crit: ["crit", "critical", "fatal", "panic", "dpanic"],
  error: ["error", "err", "panicked"],
  warning: ["warning", "warn"],
  notice: ["notice"],
  debug: ["debug", "trace"],
};

const time = String.raw`(?:\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[^\s\]]*|\d+\.\d+s)`;
const word = "(?P<level>TRACE|DEBUG|INFO|WARN|WARNING|ERROR)";

/**
 * How a line says its level: always where a line of such a form has it, and never in the middle of a message. Expressions of
 * RE2, each with one group.
 */
export const forms: Readonly<Record<string, string>> = {
  // tracing, log4rs, env_logger and slog's default: a time comes first.
  time: String.raw`^\s*\[?${time}\s+${word}(?:[\s\]:]|$)`,
  // env_logger without a time.
  bracket: String.raw`^\[${word}(?:\s+[\w:-]+)?\]`,
  // tracing without a time: a target or a span follows; or only a colon.
  target: String.raw`^\s*${word}(?::|\s+\w[\w:-]*(?:\{[^}]*\})?:)(?:\s|$)`,
  // slog, logrus and others: only keys and values come before it.
  logfmt: String.raw`^(?:[\w.]+=(?:"(?:[^"\\]|\\.)*"|[^\s"]*)\s+)*level="?(?P<level>[A-Za-z]+)`,
  // What Rust itself writes of a panic, and of an error that main returns.
  panic: String.raw`^thread '.*' .*(?P<level>panicked) at `,
  returned: String.raw`^(?P<level>Error): `,
};

/**
 * The stages that give a line of the level `info` the one that its text says. A program that writes no priority has all its
 * lines as `info` in the journal. What is not understood stays so.
 */
export const levelStages: readonly Block[] = [
  // Before anything looks at the line.
  stage("decolorize"),
  {
    name: "stage.match",
    attributes: { selector: '{level="info"}' },
    blocks: [
      ...Object.values(forms).map((expression) => stage("regex", { expression })),
      {
        ...stage("match", { selector: String.raw`{level="info"} |~ "^\\s*\\{"` }),
        blocks: [stage("json", { expressions: object({ level: "" }) })],
      },
      stage("template", { source: "level", template: levelTemplate() }),
      stage("labels", { values: object({ level: "" }) }),
    ],
  },
];

/** Go's template for the level that a word stands for. slog writes one between two of its levels as `WARN+2`. */
function levelTemplate(): string {
  const cases = Object.entries(words).map(
    ([level, names], i) =>
      `{{ ${i === 0 ? "" : "else "}if eq $word ${names.map((name) => JSON.stringify(name)).join(" ")} }}${level}`,
  );
  return `{{ $word := ToLower (regexReplaceAll "[+-][0-9]+$" .Value "") }}${cases.join("")}{{ else }}info{{ end }}`;
}

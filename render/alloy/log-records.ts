import type { LogsSettings } from "../../config/settings";
import { byText } from "../header";
import { lessSevere, type Level } from "./levels";
import { batch } from "./batch";
import { lokiWrite } from "./loki";
import type { LoggedService } from "./logs";
import { type Block, object, reference, stage } from "./syntax";
import { hostStatements, type Place } from "./traces";
import { type NamedService, serviceAttribute, serviceStatements } from "./telemetry-names";

/** Log records that come by OTLP. */
export interface LogRecordsArgs {
  readonly settings: LogsSettings;
  /** In any order. Those whose lines are taken from the journal are not taken here too. */
  readonly services: readonly (LoggedService & NamedService)[];
  /** File on the host that holds the user's password; required with `settings.user`. */
  readonly passwordFile?: string | undefined;
}

/** The least severity number of each level that OTLP knows, the least severe first; 0 stands for none. */
const severities: readonly (readonly [Level, number])[] = [
  ["debug", 1],
  ["info", 9],
  ["warning", 13],
  ["error", 17],
  ["crit", 21],
];

/** What a severity is called where a sender tells only the text of it. */
const texts: Readonly<Record<number, string>> = {
  1: "trace|debug",
  9: "info|notice",
  13: "warn",
  17: "err",
  21: "fatal|crit|alert|emerg",
};

/** Half a second doubles to half a minute: about five minutes, as long as spans wait for a Tempo that is away. */
const retries = 15;

/** The labels that a line of the journal has too, but for the unit, which no sender knows. */
const labels = ["service_name", "environment", "level"];

/** What of a resource becomes a label; the host where there are several. */
function resourceLabels(host: string | undefined): string[] {
  return ["service_name", "environment", ...(host === undefined ? [] : ["host"])];
}

/**
 * The way of log records to Loki, from a component that takes them in as `otelcol.processor.transform.<label>`.
 *
 * Through `otelcol.exporter.loki` and not to Loki's own `/otlp`, where Loki's configuration decides what is a label: it has
 * `deployment_environment` and `service_instance_id` there, no `environment` and no `level`, so that no query would find the
 * lines of both ways. What is no label goes to the structured metadata. Alloy 1.10 has no way to put something there whose name is
 * not known before, so all attributes are one text there, in JSON. Both ways were run with Alloy 1.10.0 and Loki 3.7.8.
 */
export function logRecordBlocks(
  { environment, host }: Place,
  label: string,
  { settings, services, passwordFile }: LogRecordsArgs,
): Block[] {
  const output = (component: string): Block => ({
    name: "output",
    attributes: { logs: [reference(`${component}.${label}.input`)] },
  });
  const dropped = conditions(settings, services);
  const filter: Block = {
    name: "otelcol.processor.filter",
    label,
    attributes: { error_mode: "ignore" },
    blocks: [{ name: "logs", attributes: { log_record: dropped } }, output("otelcol.processor.batch")],
  };
  return [
    {
      name: "otelcol.processor.transform",
      label,
      attributes: { error_mode: "ignore" },
      blocks: [
        statements("resource", resourceStatements({ environment, host }, services)),
        statements("log", recordStatements),
        output(dropped.length === 0 ? "otelcol.processor.batch" : filter.name),
      ],
    },
    ...(dropped.length === 0 ? [] : [filter]),
    // The exporter below waits for Loki in the middle of a call. Here the call is not the sender's, which ends too early.
    { name: "otelcol.processor.batch", label, attributes: batch, blocks: [output("otelcol.exporter.loki")] },
    {
      name: "otelcol.exporter.loki",
      label,
      attributes: { forward_to: [reference(`loki.process.${label}.receiver`)] },
    },
    {
      name: "loki.process",
      label,
      attributes: { forward_to: [reference(`loki.write.${label}.receiver`)] },
      blocks: asLines(host),
    },
    lokiWrite(label, settings, passwordFile, retries),
  ];
}

function statements(context: string, list: readonly string[]): Block {
  return { name: "log_statements", attributes: { context, statements: list } };
}

/** The environment that a sender tells is kept, as with spans; the service's label is its name as profiles have it. */
function resourceStatements({ environment, host }: Place, services: readonly NamedService[]): string[] {
  const own = `attributes["environment"]`;
  const from = [`attributes["deployment.environment.name"]`, `attributes["deployment.environment"]`];
  return [
    ...[...from, JSON.stringify(environment)].map((value) => `set(${own}, ${value}) where ${own} == nil`),
    ...hostStatements(host),
    ...serviceStatements(services),
    `set(attributes["service_name"], attributes["${serviceAttribute}"])`,
    `set(attributes["loki.resource.labels"], "${resourceLabels(host).join(",")}")`,
    `set(attributes["loki.format"], "json")`,
  ];
}

const recordStatements: readonly string[] = [
  ...Object.entries(texts).map(
    ([number, text]) =>
      `set(severity_number, ${number}) where severity_number == 0 and IsMatch(severity_text, "(?i)^(${text})")`,
  ),
  // A program's own, such as a flight's.
  `set(attributes["attribute_level"], attributes["level"]) where attributes["level"] != nil`,
  `set(attributes["level"], "info")`,
  ...severities
    .filter(([level]) => level !== "info")
    .map(([level, number]) =>
      level === "debug"
        ? `set(attributes["level"], "debug") where severity_number > 0 and severity_number < 9`
        : `set(attributes["level"], "${level}") where severity_number >= ${number}`,
    ),
  `set(attributes["loki.attribute.labels"], "level")`,
];

/** What is dropped: what is less severe, but never a record without a severity; and what the journal has too. */
function conditions({ level, source }: LogsSettings, services: readonly LoggedService[]): string[] {
  const less = lessSevere(level);
  const [, least] = severities.find(([name]) => !less.includes(name)) ?? ["emerg", 25];
  const names = source.includes("journal") ? services.filter(isOfJournal).map(({ name }) => name) : [];
  return [
    ...(least > 1 ? [`severity_number > 0 and severity_number < ${least}`] : []),
    ...names
      .sort(byText)
      .map((name) => `resource.attributes["${serviceAttribute}"] == ${JSON.stringify(name)}`),
  ];
}

function isOfJournal({ unit, logs }: LoggedService): boolean {
  return unit !== undefined && logs !== "otlp";
}

/** The exporter makes JSON of a record: its body becomes the line, and the rest structured metadata. */
const asLines = (host: string | undefined): readonly Block[] => [
  stage("json", {
    expressions: object({
      body: "",
      trace_id: "traceid",
      span_id: "spanid",
      scope_name: "instrumentation_scope.name",
      attributes: "",
      resource_attributes: "resources",
    }),
  }),
  stage("structured_metadata", {
    values: object({
      trace_id: "",
      span_id: "",
      scope_name: "",
      attributes: "",
      resource_attributes: "",
    }),
  }),
  stage("output", { source: "body" }),
  stage("label_keep", { values: host === undefined ? labels : [...labels, "host"] }),
];

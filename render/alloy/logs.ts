import type { LogsSettings } from "../../config/settings";
import { byText, managedBy } from "../header";
import { environmentLabel } from "./label";
import { lessSevere, levelStages } from "./levels";
import { lokiWrite } from "./loki";
import { type Block, object, reference, renderAlloy } from "./syntax";

/** A unit, and the service whose lines its journal has. */
export interface LoggedService {
  readonly name: string;
  /** Without one nothing of the service is in the journal. */
  readonly unit?: string | undefined;
  /** Where its own lines come from. @default journal */
  readonly logs?: "journal" | "otlp" | undefined;
}

export interface LogsArgs {
  /** Part of the component names, and a label of each line. */
  readonly environment: string;
  /** A label of each line, where there are several hosts. @default no such label */
  readonly host?: string | undefined;
  /** In any order. */
  readonly services: readonly LoggedService[];
  /** Where to, and from which level on. */
  readonly settings: LogsSettings;
  /** File on the host that holds the user's password; required with `settings.user`. */
  readonly passwordFile?: string | undefined;
}

/** How far back the journal is read at the first start, or when Alloy comes back after a while. Alloy's own is 7h. */
const maxAge = "24h";

/**
 * Renders the way of the journal's lines to Loki, with the labels `unit`, `level`, `service_name` and `environment`: one
 * rule for each unit. The order of the services does not change the text.
 *
 * The journal is read whole and sorted out after it. In Alloy before 1.12 a change of `loki.source.journal` waits for Loki,
 * and may wait for ever (grafana/alloy pull request 4571), and so does one of `loki.process`: so nothing in those components
 * depends on the services or on the least level.
 */
export function renderLogs({ environment, host, services, settings, passwordFile }: LogsArgs): string {
  const label = environmentLabel(environment);
  return renderAlloy(managedBy(environment), [
    {
      name: "loki.source.journal",
      label,
      attributes: {
        forward_to: [reference(`loki.relabel.${label}_lines.receiver`)],
        relabel_rules: reference(`loki.relabel.${label}_fields.rules`),
        labels: object({ environment, ...(host === undefined ? {} : { host }) }),
        max_age: maxAge,
      },
    },
    {
      name: "loki.relabel",
      label: `${label}_fields`,
      attributes: { forward_to: [] },
      blocks: [
        // A line of its own about the reload that ends this component would keep it from ending, for the same reason.
        rule({ source_labels: ["__journal__systemd_unit"], regex: "alloy\\.service", action: "drop" }),
        rule({ source_labels: ["__journal__systemd_unit"], target_label: "unit" }),
        // What systemd itself says of a unit, such as that it failed. Only PID 1 is in this scope.
        rule({
          source_labels: ["__journal__systemd_unit", "__journal_unit"],
          regex: "init\\.scope;(.+)",
          target_label: "unit",
        }),
        ...(settings.source.includes("otlp") ? [bySystemd] : []),
        rule({ source_labels: ["__journal_priority_keyword"], target_label: "level" }),
      ],
    },
    {
      name: "loki.relabel",
      label: `${label}_lines`,
      attributes: { forward_to: [reference(`loki.process.${label}_text.receiver`)] },
      blocks: [
        ...serviceNames(services),
        rule({ source_labels: ["service_name"], regex: ".+", action: "keep" }),
        ...sentByOtlp(services),
        // Alloy makes the job of the component's name.
        rule({ regex: `job|${by}`, action: "labeldrop" }),
      ],
    },
    {
      name: "loki.process",
      label: `${label}_text`,
      attributes: { forward_to: [reference(`loki.relabel.${label}_levels.receiver`)] },
      blocks: levelStages,
    },
    {
      name: "loki.relabel",
      label: `${label}_levels`,
      attributes: { forward_to: [reference(`loki.write.${label}.receiver`)] },
      blocks: dropped(settings.level),
    },
    // For as long as it takes: what cannot be sent yet stays in the journal.
    lokiWrite(label, settings, passwordFile, 0),
  ]);
}

function rule(attributes: Record<string, string | readonly string[]>): Block {
  return { name: "rule", attributes };
}

/** A label on the way, for what systemd says of a unit. */
const by = "by";
const bySystemd = rule({
  source_labels: ["__journal__systemd_unit"],
  regex: "init\\.scope",
  target_label: by,
  replacement: "systemd",
});

interface LoggedUnit extends LoggedService {
  readonly unit: string;
}

function unitsOf(services: readonly LoggedService[]): LoggedUnit[] {
  const units = services.flatMap((service) =>
    service.unit === undefined ? [] : [{ ...service, unit: service.unit }],
  );
  return units.sort((a, b) => byText(a.unit, b.unit));
}

/** Alloy anchors a rule's expression at both ends. */
function exactly(unit: string): string {
  return unit.replaceAll(/[\\.]/g, "\\$&");
}

function serviceNames(services: readonly LoggedService[]): Block[] {
  return unitsOf(services).map(({ name, unit }) =>
    rule({
      source_labels: ["unit"],
      regex: exactly(unit),
      target_label: "service_name",
      replacement: name,
    }),
  );
}

/** What such a service prints is what it sends: of its unit only systemd's own words are taken. */
function sentByOtlp(services: readonly LoggedService[]): Block[] {
  return unitsOf(services)
    .filter(({ logs }) => logs === "otlp")
    .map(({ unit }) => rule({ source_labels: ["unit", by], regex: `${exactly(unit)};`, action: "drop" }));
}

/** A line without a level is kept. */
function dropped(least: LogsSettings["level"]): Block[] {
  const less = lessSevere(least);
  if (less.length === 0) return [];
  return [rule({ source_labels: ["level"], regex: less.join("|"), action: "drop" })];
}

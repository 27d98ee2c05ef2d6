import type { LogsSettings } from "../../config/settings";
import { byText, managedBy } from "../header";
import { environmentLabel } from "./label";
import { type Block, object, reference, renderAlloy } from "./syntax";

/** A unit, and the service whose lines its journal has. */
export interface LoggedService {
  readonly name: string;
  /** Without one nothing of the service is sent. */
  readonly unit?: string | undefined;
}

export interface LogsArgs {
  /** Part of the component names, and a label of each line. */
  readonly environment: string;
  /** In any order. */
  readonly services: readonly LoggedService[];
  /** Where to, and from which level on. */
  readonly settings: LogsSettings;
  /** File on the host that holds the user's password; required with `settings.user`. */
  readonly passwordFile?: string | undefined;
}

/** How far back the journal is read at the first start, or when Alloy comes back after a while. Alloy's own is 7h. */
const maxAge = "24h";

/** The longest wait between two attempts to send, so that lines flow again soon after Loki is back. */
const maxBackoff = "30s";

/**
 * Renders the way of the journal's lines to Loki, with the labels `unit`, `level`, `service_name` and `environment`: one
 * rule for each unit. The order of the services does not change the text.
 *
 * The journal is read whole and sorted out after it. In Alloy before 1.12 a change of `loki.source.journal` waits for Loki,
 * and may wait for ever (grafana/alloy pull request 4571): so nothing in that component depends on the services.
 */
export function renderLogs({ environment, services, settings, passwordFile }: LogsArgs): string {
  const label = environmentLabel(environment);
  return renderAlloy(managedBy(environment), [
    {
      name: "loki.source.journal",
      label,
      attributes: {
        forward_to: [reference(`loki.relabel.${label}_lines.receiver`)],
        relabel_rules: reference(`loki.relabel.${label}_fields.rules`),
        labels: object({ environment }),
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
        rule({ source_labels: ["__journal_priority_keyword"], target_label: "level" }),
      ],
    },
    {
      name: "loki.relabel",
      label: `${label}_lines`,
      attributes: { forward_to: [reference(`loki.write.${label}.receiver`)] },
      blocks: [
        ...serviceNames(services),
        rule({ source_labels: ["service_name"], regex: ".+", action: "keep" }),
        ...lessSevere(settings.level),
        // Alloy makes it of the component's name.
        rule({ regex: "job", action: "labeldrop" }),
      ],
    },
    { name: "loki.write", label, blocks: [endpoint(settings, passwordFile)] },
  ]);
}

function rule(attributes: Record<string, string | readonly string[]>): Block {
  return { name: "rule", attributes };
}

/** Alloy anchors a rule's expression at both ends. */
function serviceNames(services: readonly LoggedService[]): Block[] {
  const units = services.flatMap(({ name, unit }) => (unit === undefined ? [] : [{ name, unit }]));
  units.sort((a, b) => byText(a.unit, b.unit));
  return units.map(({ name, unit }) =>
    rule({
      source_labels: ["unit"],
      regex: unit.replaceAll(/[\\.]/g, "\\$&"),
      target_label: "service_name",
      replacement: name,
    }),
  );
}

/** The journal's levels as Alloy calls them, the most severe first. A line without a level is kept. */
const levels = ["emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"];

function lessSevere(least: LogsSettings["level"]): Block[] {
  const dropped = levels.slice(levels.indexOf(least === "err" ? "error" : least) + 1);
  if (dropped.length === 0) return [];
  return [rule({ source_labels: ["level"], regex: dropped.join("|"), action: "drop" })];
}

/** Tries for as long as it takes: what cannot be sent yet stays in the journal. */
function endpoint({ url, tenant, user }: LogsSettings, passwordFile: string | undefined): Block {
  if ((user === undefined) !== (passwordFile === undefined)) {
    throw new Error("user and passwordFile are given together or not at all");
  }
  const credentials = { username: user, password_file: passwordFile };
  return {
    name: "endpoint",
    attributes: {
      url: `${url}/loki/api/v1/push`,
      tenant_id: tenant,
      max_backoff_period: maxBackoff,
      max_backoff_retries: 0,
    },
    blocks: user === undefined ? [] : [{ name: "basic_auth", attributes: credentials }],
  };
}

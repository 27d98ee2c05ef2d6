import { z } from "zod";
import * as field from "./fields";

/** Why a label may not have one of some names, by the name. */
export type ReservedLabels = Readonly<Record<string, string>>;

const ours = "is set by soar-profiling itself: choose another name";
const ofPrometheus = "is Prometheus's name for a part of a histogram or summary: choose another name";

/** Labels of profiles that we, Alloy or Pyroscope set. */
export const reservedInProfiles: ReservedLabels = {
  service_name: ours,
  environment: ours,
  job: ours,
  instance: ours,
  service_repository: ours,
  service_git_ref: ours,
  thread: ours,
  otel_scope_name: ours,
  otel_scope_version: ours,
};

/** Labels of metrics that we or Prometheus set. */
export const reservedInMetrics: ReservedLabels = {
  service_name: ours,
  environment: ours,
  job: ours,
  instance: ours,
  le: ofPrometheus,
  quantile: ofPrometheus,
};

/** Pyroscope's `max_label_name_length` and `max_label_value_length`, in bytes. Prometheus takes more. */
const longestName = 1_024;
const longestValue = 2_048;

function labelProblem(name: string, value: string, reserved: ReservedLabels): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return "must be named with letters, digits and _, and not begin with a digit";
  if (name.startsWith("__")) return "must not begin with __: such labels are dropped";
  if (name.length > longestName) return `must have a name of at most ${longestName} bytes`;
  if (Object.hasOwn(reserved, name)) return reserved[name];
  if (value.includes("\0")) return "must not contain a NUL character";
  if (/\p{Surrogate}/u.test(value)) return "must be valid Unicode";
  if (Buffer.byteLength(value) > longestValue) return `must be at most ${longestValue} bytes long`;
  return undefined;
}

const labelsForm = "a map of label name to text";

/** Further labels, by their names. @default none */
export function labels(reserved: ReservedLabels) {
  return z
    .record(z.string(), field.opaqueText("a label's value, not empty"), { error: `must be ${labelsForm}` })
    .superRefine(
      (value: Record<string, unknown>, context) => {
        for (const [name, text] of Object.entries(value)) {
          const message = labelProblem(name, typeof text === "string" ? text : "", reserved);
          if (message !== undefined) context.addIssue({ code: "custom", path: [name], message });
        }
      },
      { when: field.isMap },
    )
    .meta({ form: labelsForm })
    .default({});
}

/** What the names and values of labels may be, for the documentation. */
export function labelRules(reserved: ReservedLabels): string {
  return (
    `Names are of letters, digits and _, not ${Object.keys(reserved).join(", ")}. ` +
    `A value is any text of at most ${longestValue} bytes.`
  );
}

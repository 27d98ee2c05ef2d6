/** The fields of a value of JSON. */
export type Fields = Record<string, unknown>;

/** A dashboard as Grafana has exported it. */
export interface ExportedDashboard {
  readonly uid: string;
  readonly title: string;
  /** All of it, as it is in the file. */
  readonly model: Fields;
}

/** What is in a file, or all that is wrong with it. */
export type DashboardFile =
  { readonly dashboard: ExportedDashboard } | { readonly problems: readonly string[] };

/** Reads a dashboard that Grafana has exported, in the classic form, for sharing or not. */
export function readDashboard(text: string): DashboardFile {
  let model: unknown;
  try {
    model = JSON.parse(text);
  } catch (error) {
    return { problems: [`is no JSON: ${error instanceof Error ? error.message : String(error)}`] };
  }
  if (!isFields(model)) return { problems: ["is no dashboard, which is a map"] };
  const other = otherForm(model);
  if (other !== undefined) return { problems: [other] };
  const { title, uid } = model;
  const problems = [...titleProblems(title), ...uidProblems(uid), ...contentProblems(model)];
  if (problems.length > 0) return { problems };
  return { dashboard: { uid: uid as string, title: title as string, model } };
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The maps of a list; none where it is no list. */
export function mapsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** What else Grafana gives out that is a dashboard, and is not taken in. */
function otherForm(model: Fields): string | undefined {
  if (isFields(model["dashboard"]))
    return "is an answer of Grafana's API: leave only what is at its key dashboard";
  if (isFields(model["spec"]))
    return "is of the form with apiVersion and spec: export it in the classic form";
  return undefined;
}

function titleProblems(title: unknown): string[] {
  return typeof title === "string" && title.trim() !== "" ? [] : ["has no title: set one"];
}

function uidProblems(uid: unknown): string[] {
  if (uid === undefined || uid === null || uid === "")
    return ["has no uid, without which each up would make another one: set uid"];
  if (typeof uid === "string" && /^[\w-]{1,40}$/.test(uid)) return [];
  return [`has the uid ${JSON.stringify(uid)}: it must be text of at most 40 letters, digits, - and _`];
}

/** What the provider and Grafana's API cannot take. */
function contentProblems({ panels = [], __elements: elements }: Fields): string[] {
  const isList = Array.isArray(panels) && panels.every(isFields);
  const isShared = mapsOf(elements).length > 0 || Object.keys(isFields(elements) ? elements : {}).length > 0;
  return [
    ...(isList ? [] : ["has panels that are no list of maps"]),
    ...(isShared
      ? ["has library panels in it (__elements): unlink them in Grafana, and export it again"]
      : []),
  ];
}

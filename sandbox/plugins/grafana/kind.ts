import { type Properties } from "../values";
import { type Api } from "./api";

/** One kind of resource: what it takes and how it is kept in Grafana. */
export interface Kind {
  /** The inputs that this plugin knows; others are refused. */
  inputs: readonly string[];
  /** Those of which a change makes a new resource. */
  replaces: readonly string[];
  /** The properties in a form in which the same meaning is equal: defaults filled in, JSON parsed. */
  comparable(properties: Properties): Properties;
  /** Makes it and returns what identifies it within the organisation. */
  create(api: Api, inputs: Properties): Promise<string>;
  /** What Grafana has; `undefined` when it is gone. Properties that Grafana does not tell are left out. */
  read(api: Api, key: string, state: Properties): Promise<Properties | undefined>;
  update(api: Api, key: string, state: Properties, inputs: Properties): Promise<void>;
  delete(api: Api, key: string): Promise<void>;
}

/** A JSON text as a value; any other value, such as one that preview does not know, as it is. */
export function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** The properties but for these. */
export function without(properties: Properties, ...names: string[]): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)));
}

/** The part of an id after the organisation's number: `1:uid` and `uid` mean the same. */
export function keyOf(id: unknown): string {
  return String(id).replace(/^\d+:/, "");
}

/** What has to be there. */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} is not in Grafana`);
  return value;
}

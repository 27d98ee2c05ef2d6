import type { OtherListener, PlacedHost, Service, Settings } from "./settings";

/** A problem with the configuration: where, why, and what to set. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** What is right of the settings (right-parts.ts); a rule holds back where what it needs is not. */
export type PartialSettings = {
  readonly [Key in Exclude<keyof Settings, "services" | "otherListeners" | "hosts">]?:
    Settings[Key] | undefined;
} & {
  /** An item of which nothing is right leaves a hole, so that the others keep their index. */
  readonly services?: readonly (Service | undefined)[] | undefined;
  readonly otherListeners?: readonly (OtherListener | undefined)[] | undefined;
  /** Those of which something is right. */
  readonly hosts?: readonly PlacedHost[] | undefined;
};

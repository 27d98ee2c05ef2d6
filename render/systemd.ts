import { managedBy, oneLine } from "./header";

/** Directives of a unit by section. A list repeats its directive; an empty text first clears what the unit had. */
export type DropIn = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/**
 * Renders a drop-in for a systemd unit. Values are systemd's own: specifiers (%) and quoting are the caller's.
 * @throws Error when a value holds a line break
 */
export function renderDropIn(sections: DropIn): string {
  const blocks = Object.entries(sections).map(([section, directives]) => {
    const lines = Object.entries(directives).flatMap(([name, value]) =>
      [value].flat().map((text) => `${name}=${oneLine(text)}`),
    );
    return [`[${section}]`, ...lines].join("\n");
  });
  return [`# ${managedBy()}`, ...blocks].join("\n\n") + "\n";
}

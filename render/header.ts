/** The first line of every file that we write, without the comment sign of its syntax. */
export function managedBy(environment?: string): string {
  const whose = environment === undefined ? "" : ` (environment ${environment})`;
  return `Managed by soar-profiling${whose}: changes made here are overwritten.`;
}

/** Orders by code unit, the same on every machine. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * A value that stands on one line of a file.
 * @throws Error when it would end the line or the file's text
 */
export function oneLine(value: string): string {
  if (/[\0\r\n]/.test(value)) throw new Error("a value of this file cannot hold a line break or NUL");
  return value;
}

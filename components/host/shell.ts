/** Quotes one word for a POSIX shell; plain words stay as they are, so that a command line reads well. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line of quoted words. */
export function shellLine(words: readonly (string | number)[]): string {
  return words.map((word) => shellQuote(String(word))).join(" ");
}

/** A word that stands in a path or a line on the host, and what it must be. */
export interface Word {
  form: RegExp;
  /** For the message. */
  must: string;
}

/** The name of a file or directory of ours. */
export const plainName: Word = {
  form: /^[a-z][a-z0-9-]{0,30}$/,
  must: "a-z, 0-9 and -, a letter first, at most 31 characters",
};

/**
 * Refuses the words of a component before any resource of it exists, all at once: who gives them may be a program that knows nothing
 * of how they are used.
 * @param of whose they are, such as `Host web`
 * @param words each with what it must be, by its name; with further problems, which are undefined where there is none
 * @throws Error that names each, with what it is
 */
export function refuseWords(
  of: string,
  words: Record<string, readonly [string, Word]>,
  ...further: (string | undefined)[]
): void {
  const wrong = Object.entries(words)
    .filter(([, [value, { form }]]) => !form.test(value))
    .map(([name, [value, { must }]]) => `${name} is ${JSON.stringify(value)}, and must be ${must}`);
  const all = [...wrong, ...further.filter((problem) => problem !== undefined)];
  if (all.length > 0) throw new Error([`${of}:`, ...all.map((problem) => `- ${problem}`)].join("\n"));
}

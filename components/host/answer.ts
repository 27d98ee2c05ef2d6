import { randomBytes } from "node:crypto";
import { oneLine } from "./scripts";
import { shellLine } from "./shell";

/** What a command on the host said, and how it ended. */
export interface Answer {
  out: Buffer;
  err: string;
  status: number;
}

/** A command whose answer can be told from what a login shell prints. */
export interface MarkedCommand {
  /** The line for the login shell, whichever that is. */
  line: string;
  /** The command's own share of what came; undefined where it was not run to its end. */
  answer: (out: Buffer, err: Buffer) => Answer | undefined;
}

const script = oneLine("marked.sh");

/**
 * What the login shell prints comes before the first mark, on either stream: greetings, the trace of `set -x`, which has
 * the marks only in parts. It is replaced, so that nothing of it (a trap, say) comes afterwards.
 */
export function marked(command: string): MarkedCommand {
  const nonce = randomBytes(8).toString("hex");
  return {
    // A shell that exports its `set -x` would trace in every other that reads SHELLOPTS.
    line: `exec env -u SHELLOPTS /bin/sh -c ${shellLine([script, "sh", nonce, command])}`,
    answer: (out, err) => {
      const printed = after(`begin-${nonce}`, out);
      const end = printed?.lastIndexOf(`\nend-${nonce} `) ?? -1;
      if (printed === undefined || end < 0) return undefined;
      return {
        out: printed.subarray(0, end),
        err: (after(`begin-${nonce}`, err) ?? err).toString(),
        status: Number.parseInt(printed.toString("latin1", end + `\nend-${nonce} `.length), 10),
      };
    },
  };
}

/** What comes after the line `mark`. Where that ends as on a terminal, with CR and LF, so do all; and here none of them. */
function after(mark: string, printed: Buffer): Buffer | undefined {
  const begin = printed.indexOf(`\n${mark}`);
  if (begin < 0) return undefined;
  const rest = printed.subarray(begin + mark.length + 1);
  if (rest[0] !== 0x0d) return rest.subarray(1);
  return Buffer.from(rest.subarray(2).toString("latin1").replaceAll("\r\n", "\n"), "latin1");
}

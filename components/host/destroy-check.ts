import type { local } from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";

/** A question that a destroy asks before it takes anything away. */
export interface DestroyCheck {
  /** What is asked, as an error shows it; the script's argument. */
  question: string;
  /** For `node -e`: fails with the text of `$MESSAGE` where the answer is no. */
  script: string;
  /** What to do then. */
  message: pulumi.Input<string>;
  /** What else the script finds in its environment. @default nothing */
  environment?: Readonly<Record<string, pulumi.Input<string>>>;
}

/** What is asked when the command is made. */
const nothing = "nothing";

/**
 * The command that asks it, on the machine that Pulumi runs on. The plugin prints a command that fails whole: so the command is
 * the question, and the script is its interpreter.
 */
export function atDestroy({ question, script, message, environment = {} }: DestroyCheck): local.CommandArgs {
  const ask = `if (process.argv[1] !== "${nothing}") { ${script} }`;
  return {
    create: nothing,
    delete: question,
    interpreter: ["node", "-e", ask.replace(/\s*\n\s*/g, " ").trim()],
    environment: { ...environment, MESSAGE: message },
  };
}

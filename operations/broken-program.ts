import { output } from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import * as internal from "@pulumi/pulumi/automation/server";

type Answer = (error: Error | null | undefined, response?: unknown) => void;

/** What of the Automation API's language host is used here; it is left out of its published types. */
interface LanguageServer {
  program: PulumiFn;
  run: (call: unknown, answer: Answer) => Promise<void>;
}

/**
 * Has the Automation API tell the engine of each program that has not come to its end. It takes an error with the code 1 or 14 for
 * the engine's own end (they are gRPC's; 1 is also the code of a command that has failed), and answers that all went well. The
 * engine then deletes what was not declared (Pulumi 3.259, `automation/server.js`). `pulumi up` does not do so: there the
 * program is a process, whose exit code tells.
 */
export function tellOfBrokenPrograms(): void {
  const { prototype } = (internal as unknown as { LanguageServer: { prototype: LanguageServer } })
    .LanguageServer;
  if (told.has(prototype)) return;
  told.add(prototype);
  const run = prototype.run;
  prototype.run = function (this: LanguageServer, call: unknown, answer: Answer): Promise<void> {
    let broken: string | undefined = "it was not begun";
    const { program } = this;
    const watched: PulumiFn = async () => {
      try {
        const declared = await program();
        // What it declares may fail later.
        await settled(declared ?? {});
        broken = undefined;
        return declared;
      } catch (error) {
        broken = error instanceof Error ? error.message : String(error);
        throw error;
      }
    };
    const watching = Object.assign(Object.create(prototype) as LanguageServer, { program: watched });
    return run.call(watching, call, (error, response) => {
      if (broken === undefined || error != null) answer(error, response);
      else answer(new Error(`The program has not come to its end: ${broken}`));
    });
  };
}

const told = new WeakSet<LanguageServer>();

/** The end of all outputs in something, also where a preview does not know them. */
async function settled(outputs: object): Promise<void> {
  // It is a property of all outputs, and left out of their published type.
  await (output(outputs) as unknown as { promise(): Promise<unknown> }).promise();
}

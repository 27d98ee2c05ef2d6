import { type Readable } from "node:stream";
import { type Logger } from "../serve";
import { type Logging, type Output } from "./lifecycle";

/** Collects what a running command prints, and shows it line by line as far as `logging` allows. */
export class Capture {
  private readonly printed = { stdout: "", stderr: "" };
  private both = "";
  private line = "";

  constructor(
    stdout: Readable,
    stderr: Readable,
    private readonly logging: Logging | undefined,
    private readonly logger: Logger,
  ) {
    stdout.setEncoding("utf8").on("data", (text: string) => {
      this.take("stdout", text);
    });
    stderr.setEncoding("utf8").on("data", (text: string) => {
      this.take("stderr", text);
    });
  }

  private take(from: keyof Output, text: string): void {
    this.printed[from] += text;
    this.both += text;
    if ((this.logging ?? "stdoutAndStderr").toLowerCase().includes(from)) this.show(text);
  }

  private show(text: string): void {
    const lines = (this.line + text).split("\n");
    this.line = lines.pop() ?? "";
    for (const line of lines) this.logger.status(line);
  }

  /** The output once the command has ended. `failure` says how it failed; it becomes an error with all of the output. */
  finish(command: string, failure: string | undefined): Output {
    if (this.line !== "") this.logger.status(this.line);
    if (failure !== undefined) {
      throw new Error(`${failure}: running ${JSON.stringify(command)}:\n${this.both}`);
    }
    const { stdout, stderr } = this.printed;
    return { stdout: stdout.replace(/\n$/, ""), stderr: stderr.replace(/\n$/, "") };
  }
}

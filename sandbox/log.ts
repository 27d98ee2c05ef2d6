import { spawn } from "node:child_process";

/** A failure that the user can mend: told in one line, with the remedy, without a stack. */
export class UserError extends Error {
  constructor(problem: string, remedy: string) {
    super(`${problem}: ${remedy}`);
    this.name = "UserError";
  }
}

/** Runs a step that may take long, saying what it does and how long it has taken (again every 15 s while it runs). */
export async function step<T>(what: string, action: () => Promise<T>): Promise<T> {
  const start = Date.now();
  const taken = (): string => `${((Date.now() - start) / 1000).toFixed(1)} s`;
  process.stderr.write(`==> ${what}\n`);
  const progress = setInterval(() => process.stderr.write(`    ... ${what}: ${taken()}\n`), 15_000);
  try {
    const result = await action();
    process.stderr.write(`    done in ${taken()}: ${what}\n`);
    return result;
  } catch (error) {
    process.stderr.write(`    failed after ${taken()}: ${what}\n`);
    throw error;
  } finally {
    clearInterval(progress);
  }
}

export interface RunOptions {
  cwd?: string;
  /** Added to the environment of this process; `undefined` removes a variable. */
  env?: Record<string, string | undefined>;
  input?: string | Buffer;
  /** Milliseconds after which the process is ended; no limit by default. */
  timeout?: number;
  /** Return a non-zero exit code instead of throwing. */
  allowFailure?: boolean;
}

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end and returns what it printed; throws with its output when it fails. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      timeout: options.timeout,
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const result: RunResult = { code: code ?? 128, stdout, stderr };
      if (result.code === 0 || options.allowFailure === true) resolve(result);
      else {
        const reason = signal === null ? `exit code ${result.code}` : `signal ${signal}`;
        reject(
          new Error(`${command} ${args.join(" ")} failed with ${reason}\n${(stdout + stderr).slice(-8000)}`),
        );
      }
    });
    if (options.input !== undefined) {
      child.stdin?.on("error", () => undefined); // The program may end without reading all of it.
      child.stdin?.end(options.input);
    }
  });
}

import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach } from "vitest";

/** Where the host's scripts are. */
export const scripts = path.resolve(__dirname, "../../components/host/scripts");

/** For the beginning of a script: the user of the tests, who need not be root, stands for root. */
export const userIsRoot =
  'stat() { command stat "$@" | sed -e "s/^$(id -u)\\\\b/0/" -e "s/^0 $(id -g) /0 0 /"; }';

/**
 * A throw-away directory for each test of the suite that calls this, in which the host's scripts run.
 * @returns the path of a name in it; that of the directory itself for ""
 */
export function scratchDirectory(): (name: string) => string {
  let directory: string;
  beforeEach(() => {
    directory = realpathSync(mkdtempSync(path.join(tmpdir(), "soar-scripts-")));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });
  return (name) => path.join(directory, name);
}

import { expect, it } from "vitest";
import { sudoArguments } from "../../sandbox/sudo";

it("sudo keeps every variable by its name, and shows no value but those it would set itself", () => {
  const env = {
    HOME: "/home/a",
    PATH: "/opt/node:/bin",
    GOPROXY: "https://name:secret@proxy",
    "BASH_FUNC_x%%": "()",
  };
  expect(sudoArguments(["node", "cli.ts"], env)).toEqual([
    "-n",
    "--preserve-env=HOME,PATH,GOPROXY",
    "env",
    "PATH=/opt/node:/bin",
    "HOME=/home/a",
    "node",
    "cli.ts",
  ]);
});

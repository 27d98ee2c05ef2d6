import { UserError } from "./log";
import { ensurePackages } from "./prerequisites";

// Installs Debian packages that a script of this project needs: `require.ts PACKAGE...`.
ensurePackages(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof UserError ? error.message : error);
  process.exitCode = 1;
});

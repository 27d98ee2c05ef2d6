import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { projectFile } from "./project-file";
import { settingsPage } from "./settings-page";

/** Writes what is made of the schema of the settings: `docs/settings.md`, and the config keys in `Pulumi.yaml`. */
const root = path.resolve(__dirname, "..");
const pulumi = path.join(root, "Pulumi.yaml");

mkdirSync(path.join(root, "docs"), { recursive: true });
writeFileSync(path.join(root, "docs/settings.md"), settingsPage());
writeFileSync(pulumi, projectFile(readFileSync(pulumi, "utf8")));

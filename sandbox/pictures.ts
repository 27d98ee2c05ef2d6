import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { drawPage } from "./chromium";
import { run, step } from "./log";
import { projectRoot } from "./paths";

// `npm run pictures`, as root: the pictures of the documents, of what was really run. It brings the sandbox up.
const pictures = path.join(projectRoot, "docs", "pictures");

/** What `make up` prints, on a page like a terminal. */
async function drawUp(): Promise<void> {
  const { stdout } = await run("make", ["up"], { cwd: projectRoot });
  const lines = stdout.trimEnd().split("\n");
  const table = lines.slice(lines.findIndex((line) => line.startsWith("SERVICE")));
  const text = ["$ make up", "...", ...table].join("\n");
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const style =
    "margin:0;padding:12px;background:#1d1f21;color:#d5d8d6;font:12px/1.4 'DejaVu Sans Mono',monospace";
  const directory = await mkdtemp(path.join(tmpdir(), "pictures-"));
  const page = path.join(directory, "up.html");
  await writeFile(
    page,
    `<!doctype html><meta charset="utf-8"><body style="${style}"><pre style="margin:0">${escaped}</pre>`,
  );
  const width = Math.max(...table.map((line) => line.length)) * 7.3 + 24;
  const size = [Math.ceil(width), Math.ceil((table.length + 2) * 16.8) + 24];
  await drawPage(pathToFileURL(page).href, path.join(pictures, "make-up.png"), size);
  await rm(directory, { recursive: true });
}

/** The page of `make flamegraph` in a browser. */
async function drawFlamegraph(): Promise<void> {
  const words = ["-s", "flamegraph", "SERVICE=soar-run", "PROFILE=cpu", "SINCE=15m"];
  const shown = spawn("make", words, {
    cwd: projectRoot,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const closed = once(shown, "close");
  try {
    let printed = "";
    for await (const chunk of shown.stdout) {
      printed += String(chunk);
      if (printed.includes("Ctrl-C ends it.")) break;
    }
    const url = /^Open (\S+)$/m.exec(printed)?.[1];
    if (url === undefined) throw new Error(`make flamegraph said: ${printed}`);
    await drawPage(url, path.join(pictures, "flamegraph.png"), [1280, 460]);
  } finally {
    // With what make has started.
    if (shown.pid !== undefined && shown.exitCode === null) process.kill(-shown.pid, "SIGINT");
    await closed;
  }
}

async function main(): Promise<void> {
  await step("docs/pictures/make-up.png", drawUp);
  await step("docs/pictures/flamegraph.png", drawFlamegraph);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

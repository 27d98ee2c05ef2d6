import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { run } from "./log";
import { ensurePackages } from "./prerequisites";

/** Debian's Chromium, without a screen and without a graphics card. */
const options = [
  "--headless=new",
  "--no-sandbox",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--virtual-time-budget=15000",
];

/** The elements of a page as they are once its scripts have run: of a list, those that a high window shows. */
export async function renderedPage(url: string): Promise<string> {
  return chromium(["--window-size=1280,2000", "--dump-dom", url]);
}

/**
 * Draws a page into a PNG file.
 * @param size of the window, in pixels
 */
export async function drawPage(url: string, file: string, size = [1280, 800]): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await chromium([`--window-size=${size.join(",")}`, "--hide-scrollbars", `--screenshot=${file}`, url]);
}

async function chromium(args: readonly string[]): Promise<string> {
  await ensurePackages(["chromium"]);
  const profile = await mkdtemp(path.join(tmpdir(), "chromium-"));
  try {
    const { stdout } = await run("chromium", [...options, `--user-data-dir=${profile}`, ...args], {
      timeout: 120_000,
    });
    return stdout;
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
}

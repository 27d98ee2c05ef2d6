import { spawn } from "node:child_process";
import { callingUser } from "./user";

/**
 * Opens a page in the user's browser where there is a screen; where there is none, or no browser, nothing happens. Under
 * sudo it is the browser of the user who called sudo: one does not want it as root, and most refuse.
 */
export function openInBrowser(
  url: string,
  env: NodeJS.ProcessEnv = process.env,
  platform = process.platform,
): void {
  const command = opener(env, platform);
  if (command === undefined) return;
  const child = spawn(command, [url], { detached: true, stdio: "ignore", env, ...callingUser(env) });
  // The address is printed in any case.
  child.on("error", () => undefined);
  child.unref();
}

/** The program that opens a page on this machine; undefined without a screen. */
export function opener(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string | undefined {
  if (platform === "darwin") return "open";
  const hasScreen = [env["DISPLAY"], env["WAYLAND_DISPLAY"]].some((screen) => (screen ?? "") !== "");
  return hasScreen ? "xdg-open" : undefined;
}

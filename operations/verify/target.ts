import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { PlatformInfo } from "../../components/platform";
import { type PlainConfig, plainSettingsOfTexts } from "../../config/load";
import type { Settings } from "../../config/settings";
import type { PyroscopeAddress } from "./pyroscope";

/** What is verified: a stack as it is set, and what it says of its platform. */
export interface VerifyTarget extends PlainConfig {
  /** The stack's output `platform`: its own, or that of the stack whose platform it shares. */
  platform: PlatformInfo;
  /** All settings, where those are of one of several hosts. */
  whole?: Settings;
  /** The output `platforms`, where there are several hosts. */
  platforms?: Readonly<Record<string, PlatformInfo>> | undefined;
}

const run = promisify(execFile);

/**
 * What Pulumi knows of a stack; nothing is changed, and the secrets stay in this process.
 * @param stack @default the selected one
 */
export async function targetOfStack(stack: string | undefined): Promise<VerifyTarget> {
  const [texts, outputs] = await Promise.all([
    textsOfStack(stack),
    pulumi<{ platform?: PlatformInfo; platforms?: Record<string, PlatformInfo>; gitRef?: string }>([
      "stack",
      "output",
      ...options(stack),
    ]),
  ]);
  if (outputs.platform === undefined)
    throw new Error("The stack has no output `platform` yet: pulumi up it first");
  // Of the last up, whose command may have been given another than the settings have.
  if (outputs.gitRef !== undefined) texts["gitRef"] = outputs.gitRef;
  return { ...plainSettingsOfTexts(texts), platform: outputs.platform, platforms: outputs.platforms };
}

/** The settings and secrets of a stack, as Pulumi keeps them. */
export async function textsOfStack(stack: string | undefined): Promise<Record<string, string>> {
  const config = await pulumi<Record<string, { value?: string }>>(["config", ...options(stack)]);
  const texts: Record<string, string> = {};
  for (const [key, { value = "" }] of Object.entries(config)) texts[key.replace(/^[^:]*:/, "")] = value;
  return texts;
}

function options(stack: string | undefined): string[] {
  return ["--json", "--show-secrets", ...(stack === undefined ? [] : ["--stack", stack])];
}

async function pulumi<T>(words: string[]): Promise<T> {
  try {
    const { stdout } = await run("pulumi", words, { maxBuffer: 256 * 1024 * 1024 });
    return JSON.parse(stdout) as T;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(`pulumi ${words.slice(0, 2).join(" ")}: ${stderr?.trim() ?? message}`);
  }
}

/** Where the stack's profiles go, as the host sees it. */
export function pyroscopeAddress({ settings, secrets, platform }: VerifyTarget): PyroscopeAddress {
  const { pyroscope } = settings;
  if (settings.platform.kind !== "own" || pyroscope.kind === "local") return { url: platform.pyroscopeUrl };
  const { url, tenant, user, ca } = pyroscope;
  const { pyroscopePassword: password = "" } = secrets;
  return { url, tenant, user: user === undefined ? undefined : { name: user, password }, ca };
}

/** Whether Pyroscope runs on the host itself. */
export function isLocal({ platform }: VerifyTarget): boolean {
  return platform.storage !== undefined;
}

import type { PlatformInfo } from "../../components/platform";
import { plainSettingsOfTexts } from "../../config/load";
import { parseDuration } from "../../config/units";
import type { VerifyTarget } from "../../operations/verify/target";
import { minimal } from "../components/stack";

const platform: PlatformInfo = {
  environment: "production",
  alloy: { version: "1.10.0-1", httpPort: 12345 },
  format: 2,
  pyroscopeUrl: "http://127.0.0.1:4040",
  authenticates: false,
  storage: { version: "1.21.1-1", retention: parseDuration("30d") },
};

/** A stack's configuration, as Pulumi keeps it. */
const texts = (changes: Record<string, string> = {}): Record<string, string> => ({
  environment: "production",
  host: JSON.stringify(minimal.host),
  services: JSON.stringify(minimal.services),
  grafana: "{}",
  purgeData: "false",
  sshPrivateKey: "",
  ...changes,
});
/** A stack of three services with a Pyroscope on its host, as `verify` knows it. */
export const target = (changes: Record<string, string> = {}): VerifyTarget => ({
  ...plainSettingsOfTexts(texts(changes)),
  platform,
});

import { holds } from "../../config/versions";
import { broken, ok } from "./chain";
import { check, type Check } from "./checks";
import type { ProbeResult } from "./probe";
import { readableSize } from "../../config/units";
import { list, percent } from "./words";

/** What the probe says of the way from Alloy into the flame graph. */
export function judgeProbe(results: readonly ProbeResult[], version: string | undefined): Check[] {
  return results.map((result) => {
    const { name, kind, sent, stored, refusal, size, lost } = result;
    const amount = (value: number): string => (kind === "cpu" ? `${value} samples` : readableSize(value));
    const title = `probe ${name}`;
    if (refusal !== undefined) {
      const what =
        name === "large"
          ? `a profile of ${readableSize(size)} does not get in`
          : "a known profile was not taken";
      return check(title, broken(`${what}: ${refusal}`, name === "push" ? ofAlloy : remedyOf(refusal)));
    }
    if (stored === sent && lost.length === 0)
      return check(title, ok(`${amount(stored)} of a profile of ${readableSize(size)}, all that was sent`));
    const share = stored < sent ? `, ${percent(1 - stored / sent)} are lost` : "";
    const threads = lost.length === 0 ? "" : `: of the threads ${list(lost)} less arrived than was sent`;
    const remedy = name === "push" && stored === 0 ? ofAlloy : lossRemedy(version);
    return check(title, broken(`${stored} of ${sent} arrived${share}${threads}`, remedy));
  });
}

/** What Alloy does not take at `push.port`, or not with the label `environment`. */
const ofAlloy =
  "see journalctl -u alloy; a pulumi up puts its configuration back, and with detectDrift a preview shows what was changed by hand";

function remedyOf(refusal: string): string {
  if (/rate limit|burst/i.test(refusal)) {
    return "set Pyroscope's limits.ingestion_burst_size_mb to at least max_profile_size_bytes; a pulumi up does";
  }
  return "see journalctl -u pyroscope";
}

function lossRemedy(version: string | undefined): string {
  if (version !== undefined && !holds("keepsRelabeledSamples", version)) {
    return (
      `Pyroscope ${version} loses samples where a labeldrop rule makes groups of them equal, such as that of "thread": ` +
      "set pyroscope.version to 1.17 or later"
    );
  }
  return "see Pyroscope's limits.ingestion_relabeling_rules and journalctl -u pyroscope";
}

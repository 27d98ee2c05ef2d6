import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { addDurations, formatDuration } from "../../config/units";
import { HostSession } from "../verify/session";
import type { VerifyTarget } from "../verify/target";
import { plural } from "../verify/words";
import { openInBrowser } from "./browser";
import { fetchMerged, labelsOf, type Merged } from "./merged";
import { chooseWay, type FlamegraphOptions, type Way } from "./options";
import { servePage } from "./server";
import { nothing, type Sides, sidesOfLabel, sidesOfTimes, type Subject } from "./sides";
import { formatComparison } from "./table";
import { writeForUser } from "./user";

/**
 * Shows the flame graph of a service until it is interrupted, or writes the profile to a file, or prints what changed.
 * @throws Error where there is nothing to show, or the host cannot be asked
 */
export async function flamegraph(target: VerifyTarget, options: FlamegraphOptions): Promise<void> {
  const { environment } = target.settings;
  const way = chooseWay(target.settings, options);
  const found = await look(target, way, options);
  if ("sides" in found) console.log(formatComparison(way, environment, found.sides));
  else await show(way, environment, found.merged, options);
}

/** The SSH connection ends with it: what is looked at then is here. */
async function look(
  target: VerifyTarget,
  way: Way,
  options: FlamegraphOptions,
): Promise<{ merged: Merged } | { sides: Sides }> {
  const { since, diff, by } = options;
  const now = Date.now();
  const whole = diff === undefined ? since : addDurations(since, diff);
  const range = { start: now - whole * 1000, end: now };
  const session = await HostSession.open(target);
  try {
    const labels = labelsOf(way, target.settings.environment);
    const subject: Subject = { pyroscope: session.pyroscope(target), way, labels };
    const when = `the last ${formatDuration(whole)}`;
    if (by !== undefined) return { sides: await sidesOfLabel(subject, by, range, when) };
    if (diff !== undefined) return { sides: await sidesOfTimes(subject, since, diff, now) };
    const merged = await fetchMerged(subject.pyroscope, way, labels, range);
    if (merged === undefined) throw nothing(subject, when);
    return { merged };
  } finally {
    session.end();
  }
}

async function show(
  { service, kind }: Way,
  environment: string,
  merged: Merged,
  { since, output }: FlamegraphOptions,
): Promise<void> {
  const { profiles, samples } = merged;
  const what = `${service.name} ${kind}, ${environment}, the last ${formatDuration(since)}`;
  console.log(`${what}: ${plural(profiles, "profile")}, ${plural(samples, "sample")}`);
  const content = gzipSync(merged.pprof);
  if (output !== undefined) {
    await writeForUser(output, content);
    console.log(`Written to ${output}`);
    return;
  }
  const page = await servePage({ name: `${service.name}.${kind}.pb.gz`, title: what, content });
  console.log(`Open ${page.url}\nCtrl-C ends it.`);
  openInBrowser(page.once);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await page.end();
}

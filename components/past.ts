import * as pulumi from "@pulumi/pulumi";
import { ownJobs } from "../config/observability-rules";
import { otlpLogs, otlpReceiver } from "../config/otlp";
import type { Settings } from "../config/settings";
import { renderDestination } from "../render/alloy/destination";
import { renderLogs } from "../render/alloy/logs";
import { renderAlloyPlatform } from "../render/alloy/platform";
import { renderProfiles } from "../render/alloy/profiles";
import { renderPush } from "../render/alloy/push";
import { renderOtlp } from "../render/alloy/otlp";
import { renderCurlOptions } from "../render/prometheus/curl-options";
import { scrapeTargets } from "../render/prometheus/jobs";
import type { PastRequirement, ScrapedRequirement } from "./host/past";
import { monitoredPlatform, needsLogin, prometheusDirectory } from "./prometheus-jobs";
import { pyroscopeDisk, pyroscopeFile } from "./pyroscope";

/** What the host may have from before a take-over, for who owns its platform: it is told before anything is changed. */
export function platformPast(settings: Settings): PastRequirement {
  const local = settings.pyroscope.kind === "local" ? settings.pyroscope : undefined;
  return {
    replaced: [...(local === undefined ? [] : [pyroscopeFile]), "/etc/default/alloy"],
    // Alloy's package runs this one file; ours runs a directory.
    unread: [{ file: "/etc/alloy/config.alloy", components: alloyComponents(settings) }],
    stored:
      // Of a bucket it is told with that (components/host/scripts/object-storage.sh).
      local === undefined || local.storage !== undefined
        ? []
        : // What Pyroscope 1.x and 2.x have there, as `renderPyroscope` sets it.
          [{ directory: pyroscopeDisk(local).directory, folders: ["data", "shared"], file: pyroscopeFile }],
  };
}

/** What Prometheus is to scrape, and may scrape already; undefined without Prometheus. */
export function scrapedRequirement(settings: Settings): ScrapedRequirement | undefined {
  const { prometheus, services } = settings;
  if (prometheus === undefined) return undefined;
  return {
    url: prometheus.url,
    directory: prometheusDirectory,
    targets: scrapeTargets(services, monitoredPlatform(settings), prometheus.skip).map(
      ({ name, address, path }) => ({
        name,
        // Of a service any path: another one is then no reason to look at the host again.
        url: `http://${address}${ownJobs.includes(name) ? path : "/"}`,
      }),
    ),
  };
}

/** Options of curl that let one in at that Prometheus; undefined where it lets in everybody. */
export function scrapedLogin(
  { environment, prometheus }: Settings,
  password: pulumi.Output<string> | undefined,
): pulumi.Output<string> | undefined {
  if (prometheus === undefined || !needsLogin(prometheus)) return undefined;
  const { user, insecureSkipVerify } = prometheus;
  return pulumi
    .output(password)
    .apply((text) => renderCurlOptions({ environment, user, password: text, insecureSkipVerify }));
}

/** The kinds of Alloy's components that the stack has, without the fragments: a change of them is none of what the host must offer. */
function alloyComponents(settings: Settings): string[] {
  const { environment, services, push, logs, traces } = settings;
  const receiver = otlpReceiver(settings);
  const fileOf = ({ user }: { user?: string | undefined }): string | undefined =>
    user === undefined ? undefined : "/";
  const spans =
    traces === undefined ? undefined : { services, settings: traces, passwordFile: fileOf(traces) };
  const ofOtlp = otlpLogs(settings);
  const records =
    ofOtlp === undefined ? undefined : { settings: ofOtlp, services, passwordFile: fileOf(ofOtlp) };
  const texts = [
    renderAlloyPlatform({ isMeasured: settings.prometheus !== undefined }),
    renderDestination({ pyroscopeUrl: "http://127.0.0.1" }),
    renderProfiles({ environment, services, authenticates: false }),
    ...(push === undefined
      ? []
      : [renderPush({ environment, services: [], port: push.port, authenticates: false })]),
    ...(logs?.source.includes("journal") === true
      ? [renderLogs({ environment, services, settings: logs, passwordFile: fileOf(logs) })]
      : []),
    ...(receiver === undefined ? [] : [renderOtlp({ environment, ports: receiver, spans, records })]),
  ];
  const kinds = texts.flatMap((text) =>
    [...text.matchAll(/^([a-z_]+(?:\.[a-z0-9_]+)+)(?: +"[^"]*")? *\{/gm)].map(([, kind = ""]) => kind),
  );
  return [...new Set(kinds)].sort();
}

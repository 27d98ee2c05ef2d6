import { kinds } from "./contract";
import type { ProfileKind } from "../../config/service";
import type { HostHttp, HttpAnswer } from "./http";
import { parseJson } from "./pyroscope";

/** A component of Alloy, by its own word. */
export interface AlloyComponent {
  /** Such as `pyroscope.scrape.production_cpu_60s_5s`. */
  id: string;
  health: string;
  message: string;
}

/** What Alloy says of one target of a `pyroscope.scrape`. */
export interface ScrapeTarget {
  component: string;
  url: string;
  /** `up` once a profile has been taken and was sent on. */
  health: string;
  labels: Record<string, string>;
  lastError: string;
  /** In milliseconds; 0 before the first. */
  lastScrape: number;
}

/** What Alloy tells of itself; an error where it could not be asked. */
export type AlloyState =
  | {
      components: AlloyComponent[];
      targets: ScrapeTarget[];
      version?: string;
      /** When it has last loaded its configuration, in milliseconds. */
      loaded?: number;
    }
  | { error: string };

/** Asks an Alloy on the host for its components, and for the targets of those that scrape profiles. */
export async function askAlloy(http: HostHttp, url: string): Promise<AlloyState> {
  try {
    const paths = ["/api/v0/web/components", "/metrics"];
    const [list, metrics] = await http.ask(paths.map((path) => ({ url: url + path })));
    const components = parseComponents(list);
    const scraping = components.filter(({ id }) => id.startsWith("pyroscope.scrape."));
    const details = await http.ask(scraping.map(({ id }) => ({ url: `${url}/api/v0/web/components/${id}` })));
    const exposed = metrics?.body.toString() ?? "";
    const version = /^alloy_build_info\{.*\bversion="v?([^"]+)"/m.exec(exposed)?.[1];
    const loaded = /^alloy_config_last_load_success_timestamp_seconds\S* (\S+)$/m.exec(exposed)?.[1];
    return {
      components,
      targets: details.flatMap((answer) => parseTargets(answer)),
      ...(version === undefined ? {} : { version }),
      ...(loaded === undefined ? {} : { loaded: Number(loaded) * 1000 }),
    };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

export function parseComponents(answer: HttpAnswer | undefined): AlloyComponent[] {
  const list = parseJson(answer) as { localID: string; health: { state: string; message: string } }[];
  return list.map(({ localID, health }) => ({ id: localID, health: health.state, message: health.message }));
}

/** A value as Alloy's interface writes it. */
interface AlloyValue {
  type: string;
  value?: unknown;
}

/** The targets among what a `pyroscope.scrape` tells for debugging. */
export function parseTargets(answer: HttpAnswer | undefined): ScrapeTarget[] {
  const { localID, debugInfo = [] } = parseJson(answer) as {
    localID: string;
    debugInfo?: { name: string; body?: { name: string; value: AlloyValue }[] }[];
  };
  return debugInfo
    .filter(({ name }) => name === "target")
    .map(({ body = [] }) => {
      const value = (name: string): unknown => body.find((entry) => entry.name === name)?.value.value;
      const text = (name: string): string => {
        const found = value(name);
        return typeof found === "string" ? found : "";
      };
      const labels = (value("labels") ?? []) as { key: string; value: AlloyValue }[];
      return {
        component: localID,
        url: text("url"),
        health: text("health"),
        labels: Object.fromEntries(labels.map(({ key, value: of }) => [key, String(of.value)])),
        lastError: text("last_error"),
        lastScrape: Math.max(0, Date.parse(text("last_scrape")) || 0),
      };
    });
}

/** The target of a kind of profile of a service, if Alloy has it. */
export function targetOf(
  targets: readonly ScrapeTarget[],
  { service, environment, kind }: { service: string; environment: string; kind: ProfileKind },
): ScrapeTarget | undefined {
  return targets.find(
    (target) =>
      target.labels["service_name"] === service &&
      target.labels["environment"] === environment &&
      isOfKind(target, kind),
  );
}

/** Whether a target is of a kind of profile. */
export function isOfKind({ url }: ScrapeTarget, kind: ProfileKind): boolean {
  return new URL(url).pathname === kinds[kind].path;
}

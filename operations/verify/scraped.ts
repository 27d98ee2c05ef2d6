import { scrapedRequirement } from "../../components/past";
import { broken, ok, unknown } from "./chain";
import { check, type Check } from "./checks";
import type { HostHttp, HttpAnswer } from "./http";
import type { VerifyTarget } from "./target";
import { list } from "./words";

/** A target as Prometheus's API has it. */
interface ActiveTarget {
  scrapePool: string;
  scrapeUrl: string;
}

/** A target of the stack, as it may be found among those of Prometheus. */
interface Wanted {
  name: string;
  /** One that ends with `/` stands for every path there. */
  url: string;
}

/** Whether only jobs of the stack scrape its targets: an old deploy that runs again may have brought its own back. */
export async function checkScraped({ settings, secrets }: VerifyTarget, http: HostHttp): Promise<Check[]> {
  const { prometheus, environment } = settings;
  const wanted = scrapedRequirement(settings)?.targets ?? [];
  if (prometheus === undefined || wanted.length === 0) return [];
  const { url, user, insecureSkipVerify, discovery } = prometheus;
  const { prometheusPassword: password = "" } = secrets;
  const [answer] = await http.ask([
    {
      url: `${url}/api/v1/targets?state=active`,
      user: user === undefined ? undefined : { name: user, password },
      insecureSkipVerify,
    },
  ]);
  const isOwn = (job: string): boolean =>
    discovery === "file_sd"
      ? job === "soar-profiling"
      : wanted.some(({ name }) => job === `${environment}-${name}`);
  return judgeScraped(wanted, answer, isOwn);
}

/** What is known of it by Prometheus's answer, one for each job of somebody else. */
export function judgeScraped(
  wanted: readonly Wanted[],
  answer: HttpAnswer | undefined,
  isOwn: (job: string) => boolean,
): Check[] {
  const name = "prometheus";
  const active = answer?.status === 200 ? targetsIn(answer.body.toString()) : undefined;
  if (active === undefined) {
    const how = answer?.error ?? `status ${answer?.status ?? 0}`;
    return [check(name, unknown(`it does not say what it scrapes: ${how}`))];
  }
  const jobs = new Map<string, Set<string>>();
  for (const { scrapePool, scrapeUrl } of active) {
    const twice = wanted.find((one) => isAt(scrapeUrl, one.url));
    if (twice === undefined || isOwn(scrapePool)) continue;
    jobs.set(scrapePool, (jobs.get(scrapePool) ?? new Set()).add(twice.name));
  }
  if (jobs.size === 0) return [check(name, ok("no other job scrapes what the stack does"))];
  return [...jobs].map(([job, names]) =>
    check(
      name,
      broken(
        `the job "${job}" scrapes what the stack does (${list([...names])}), so that every sum doubles`,
        `take that job away, and out of what has brought it; or add ${list([...names])} to prometheus.skip`,
      ),
    ),
  );
}

function targetsIn(text: string): ActiveTarget[] | undefined {
  try {
    return (JSON.parse(text) as { data: { activeTargets: ActiveTarget[] } }).data.activeTargets;
  } catch {
    return undefined;
  }
}

function isAt(found: string, wanted: string): boolean {
  const url = found.replace("//localhost", "//127.0.0.1");
  return wanted.endsWith("/") ? url.startsWith(wanted) : url === wanted;
}

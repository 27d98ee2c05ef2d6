import { hostPort } from "../../config/ports";
import type { Service } from "../../config/settings";
import { away, broken, type Link, ok } from "./chain";
import { check, type Check } from "./checks";
import type { Chosen } from "./declared";
import { type HostFacts, whyStopped } from "./host-facts";
import type { HostHttp, HttpAnswer } from "./http";
import { list } from "./words";

/** What is looked at of services without profiles: whether their units run, and their metrics answer. */
export async function checkUnprofiled(
  http: HostHttp,
  services: readonly Chosen[],
  facts: HostFacts,
): Promise<Check[]> {
  const urls = services.map(({ service }) => metricsUrl(service));
  const asked = urls.filter((url) => url !== undefined);
  const answers = await http.ask(asked.map((url) => ({ url })));
  const answerOf = new Map(asked.map((url, i) => [url, answers[i]]));
  return services.map((one, i) => judgeUnprofiled(one, urls[i], answerOf.get(urls[i] ?? ""), facts));
}

/** Where the metrics of a service are, as the host sees it; undefined for one without. */
function metricsUrl({ address, port, metrics }: Service): string | undefined {
  const at = metrics?.port ?? port;
  return metrics === undefined || at === undefined
    ? undefined
    : `http://${hostPort(address, at)}${metrics.path}`;
}

/** What is known of a service without profiles. */
export function judgeUnprofiled(
  { service, setting }: Chosen,
  url: string | undefined,
  answer: HttpAnswer | undefined,
  facts: HostFacts,
): Check {
  const { name, unit } = service;
  const links = [
    ...(unit === undefined ? [] : [judgeUnit(service, unit, facts, setting)]),
    ...(url === undefined || answer === undefined ? [] : [judgeMetrics(service, url, answer, setting)]),
  ];
  const worst = links.find(({ state }) => state === "broken") ?? links.find(({ state }) => state === "away");
  const detail = list(
    links.filter((link) => link.state === (worst?.state ?? "ok")).map((link) => link.detail),
  );
  return check(`service ${name}`, {
    ...(worst ?? ok(detail)),
    detail: `no profiles are declared; ${detail}`,
  });
}

function judgeUnit({ schedule }: Service, unit: string, facts: HostFacts, setting: string): Link {
  if (facts.units.get(unit)?.state === "not-found")
    return broken(`there is no unit ${unit}`, `set ${setting}.unit to the one whose journal is meant`);
  const stopped = whyStopped(facts, unit);
  if (stopped === undefined) return ok(`${unit} runs`);
  if (schedule === "intermittent") return away(stopped);
  return broken(stopped, `start it (systemctl start ${unit}), and see why it ended: journalctl -u ${unit}`);
}

function judgeMetrics({ name, schedule }: Service, url: string, answer: HttpAnswer, setting: string): Link {
  if (answer.status >= 200 && answer.status <= 299) return ok(`${url} answers`);
  if (answer.isRefused && schedule === "intermittent") return away(`nothing listens at ${url}`);
  const how =
    answer.status === 0 ? `gives no answer: ${answer.error ?? ""}` : `answers with status ${answer.status}`;
  return broken(`${url} ${how}`, `let ${name} serve its metrics there, or correct ${setting}.metrics`);
}

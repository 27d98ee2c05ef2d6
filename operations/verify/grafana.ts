import { authorization } from "../../components/grafana/access";
import { existingUids, sourcesOf, uidsOf } from "../../components/grafana/datasources";
import { type DatasourceKind, datasourceTypes } from "../../render/grafana/datasources";
import { broken, ok } from "./chain";
import { check, type Check } from "./checks";
import type { HostHttp, HttpAnswer } from "./http";
import type { VerifyTarget } from "./target";

/** A datasource that has to be there: one of the stack's with its address, or another's with its type. */
interface Wanted {
  readonly uid: string;
  readonly kind: "url" | "type";
  readonly value: string;
}

/** Whether Grafana has the datasources that are declared or used, with the addresses that are declared. */
export async function checkGrafana({ settings, secrets }: VerifyTarget, http: HostHttp): Promise<Check[]> {
  const { grafana, environment } = settings;
  const { grafanaAuth } = secrets;
  if (grafana === undefined || grafanaAuth === undefined) return [];
  const sources = sourcesOf(settings);
  const declared = Object.entries(uidsOf(environment, sources)).map(([kind, uid]): Wanted => {
    return { uid, kind: "url", value: sources[kind as DatasourceKind]?.url ?? "" };
  });
  const existing = Object.entries(existingUids(settings)).map(([kind, uid]): Wanted => {
    return { uid, kind: "type", value: datasourceTypes[kind as DatasourceKind] };
  });
  const wanted = [...declared, ...existing];
  const urls = wanted.map(({ uid }) => `${grafana.url.replace(/\/+$/, "")}/api/datasources/uid/${uid}`);
  // With a tunnel it is on the host's loopback, else where Pulumi runs reaches it.
  const answers =
    grafana.tunnel === undefined
      ? await Promise.all(urls.map((url) => askFromHere(url, grafanaAuth)))
      : await http.ask(urls.map((url) => ({ url, headers: authorization(grafanaAuth) })));
  return wanted.map((one, i) => judge(one, answers[i]));
}

type Answer = Pick<HttpAnswer, "status" | "body" | "error">;

async function askFromHere(url: string, auth: string): Promise<Answer> {
  try {
    const response = await fetch(url, { headers: authorization(auth), signal: AbortSignal.timeout(20_000) });
    return { status: response.status, body: Buffer.from(await response.arrayBuffer()), error: undefined };
  } catch (error) {
    return { status: 0, body: Buffer.alloc(0), error: String(error) };
  }
}

function judge({ uid, kind, value }: Wanted, answer: Answer | undefined): Check {
  const name = `datasource ${uid}`;
  const remedy =
    kind === "url"
      ? "pulumi refresh, then pulumi up puts it back; see what else provisions Grafana's datasources"
      : "set the uid of another in grafana.datasources, or an address for one of the stack's own";
  if (answer === undefined || answer.status === 0) {
    return check(
      name,
      broken(`Grafana does not answer: ${answer?.error ?? "nothing"}`, "see journalctl -u grafana-server"),
    );
  }
  if (answer.status === 404) return check(name, broken("Grafana has no such datasource", remedy));
  if (answer.status !== 200) {
    return check(name, broken(`Grafana answers with status ${answer.status}`, "see the secret grafanaAuth"));
  }
  const { [kind]: there = "" } = JSON.parse(answer.body.toString()) as Partial<
    Record<Wanted["kind"], string>
  >;
  if (there === value) return check(name, ok(value));
  return check(
    name,
    kind === "url"
      ? broken(`points at ${there || "nothing"}, and ${value} is declared`, remedy)
      : broken(`is of type ${there}, not ${value}`, remedy),
  );
}

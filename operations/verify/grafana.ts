import { sourcesOf, uidsOf } from "../../components/grafana/datasources";
import type { DatasourceKind } from "../../render/grafana/datasources";
import { broken, ok } from "./chain";
import { check, type Check } from "./checks";
import type { HostHttp, HttpAnswer } from "./http";
import type { VerifyTarget } from "./target";

/** Whether Grafana has the datasources that are declared, with the addresses that are declared. */
export async function checkGrafana({ settings, secrets }: VerifyTarget, http: HostHttp): Promise<Check[]> {
  const { grafana, environment } = settings;
  const { grafanaAuth } = secrets;
  if (grafana === undefined || grafanaAuth === undefined) return [];
  const sources = sourcesOf(settings);
  const declared = Object.entries(uidsOf(environment, sources)).map(([kind, uid]) => ({
    uid,
    url: sources[kind as DatasourceKind]?.url ?? "",
  }));
  const urls = declared.map(({ uid }) => `${grafana.url.replace(/\/+$/, "")}/api/datasources/uid/${uid}`);
  // With a tunnel it is on the host's loopback, else where Pulumi runs reaches it.
  const answers =
    grafana.tunnel === undefined
      ? await Promise.all(urls.map((url) => askFromHere(url, grafanaAuth)))
      : await http.ask(urls.map((url) => ({ url, headers: authorization(grafanaAuth) })));
  return declared.map(({ uid, url }, i) => judge(uid, url, answers[i]));
}

/** `user:password`, or a token. */
function authorization(auth: string): Record<string, string> {
  const isUser = auth.includes(":");
  return { Authorization: isUser ? `Basic ${Buffer.from(auth).toString("base64")}` : `Bearer ${auth}` };
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

function judge(uid: string, url: string, answer: Answer | undefined): Check {
  const name = `datasource ${uid}`;
  const remedy =
    "pulumi refresh, then pulumi up puts it back; see what else provisions Grafana's datasources";
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
  const { url: there = "" } = JSON.parse(answer.body.toString()) as { url?: string };
  if (there === url) return check(name, ok(url));
  return check(name, broken(`points at ${there || "nothing"}, and ${url} is declared`, remedy));
}

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestStack } from "./stack";

interface Frame {
  data: { values: unknown[][] };
}

interface Rule {
  name: string;
  state: string;
  lastEvaluation: string;
}

/** The Grafana of a host, as an operator on the host sees it. */
export interface GrafanaOnHost {
  /** A request to its API; "404" where there is nothing. A body makes it a POST. */
  readonly api: (path: string, body?: unknown, method?: string) => Promise<unknown>;
  /** How many series or streams an expression has now, asked through the sandbox's datasource. */
  readonly query: (type: "prometheus" | "loki", expr: string) => Promise<number>;
  /** An alert rule, with its state, such as `firing`, and when that was looked at last. */
  readonly rule: (name: string) => Promise<Rule | undefined>;
}

export function grafanaOn(stack: TestStack, url: string, auth: string): GrafanaOnHost {
  const api: GrafanaOnHost["api"] = async (path, body, method = body === undefined ? "GET" : "POST") => {
    const text = body === undefined ? "" : JSON.stringify(body).replaceAll("'", `'\\''`);
    const curl = `curl -sS -w '\\n%{http_code}' -u '${auth}' -H 'Content-Type: application/json' -X ${method}`;
    const data = body === undefined ? "" : `-d '${text}'`;
    const answer = await stack.operator(`${curl} ${data} '${url}${path}'`);
    const [, content = "", status = ""] = /^([\s\S]*)\n(\d+)$/.exec(answer) ?? [];
    if (status === "404") return "404";
    if (!status.startsWith("2")) throw new Error(`${method} ${path}: ${status} ${content}`);
    return content === "" ? {} : (JSON.parse(content) as unknown);
  };
  return {
    api,
    async query(type, expr) {
      const datasource = { type, uid: `sandbox-${type}` };
      // Loki takes no log query for one moment.
      const kind = type === "loki" ? { queryType: "range", maxLines: 10 } : { instant: true };
      const target = { refId: "A", datasource, expr, intervalMs: 15_000, ...kind };
      const answer = await api("/api/ds/query", { queries: [target], from: "now-10m", to: "now" });
      const { A } = (answer as { results: { A: { frames?: Frame[]; error?: string } } }).results;
      if (A.error !== undefined) throw new Error(`${expr}: ${A.error}`);
      return (A.frames ?? []).filter(({ data }) => data.values.some(({ length }) => length > 0)).length;
    },
    async rule(wanted) {
      const answer = await api("/api/prometheus/grafana/api/v1/rules");
      const { groups } = (answer as { data: { groups: { rules: Rule[] }[] } }).data;
      return groups.flatMap(({ rules }) => rules).find(({ name }) => name === wanted);
    },
  };
}

interface Alert {
  status: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** A webhook's other end, on the address at which the host sees this machine. */
export async function startReceiver(
  address: string,
): Promise<{ url: string; alerts: Alert[]; stop(): void }> {
  const alerts: Alert[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      alerts.push(...(JSON.parse(body) as { alerts: Alert[] }).alerts);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return {
    url: `http://${address}:${(server.address() as AddressInfo).port}/alerts`,
    alerts,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

interface StateOf {
  deployment: { resources: { type: string; inputs?: Record<string, unknown> }[] };
}

async function inputsOf(stack: TestStack, type: string): Promise<Record<string, unknown>[]> {
  const { deployment } = JSON.parse(await stack.state()) as StateOf;
  return deployment.resources.filter((resource) => resource.type === type).map(({ inputs = {} }) => inputs);
}

/** The dashboards in the state of a stack. */
export async function declaredDashboards(stack: TestStack): Promise<{ uid: string }[]> {
  const inputs = await inputsOf(stack, "grafana:oss/dashboard:Dashboard");
  return inputs.map(({ configJson }) => JSON.parse(String(configJson)) as { uid: string });
}

/** All PromQL of the declared dashboards' panels and of the rules, with the interval that Grafana would set. */
export async function expressions(stack: TestStack): Promise<Record<"panels" | "rules", string[]>> {
  const dashboards = JSON.stringify(await declaredDashboards(stack));
  const [group] = await inputsOf(stack, "grafana:alerting/ruleGroup:RuleGroup");
  const rules = (group?.["rules"] as { datas: { model: string }[] }[]).flatMap(({ datas }) =>
    datas.map(({ model }) => model),
  );
  const found = (text: string): string[] =>
    [...text.matchAll(/"expr":("(?:[^"\\]|\\.)*")/g)].map(([, quoted = '""']) =>
      (JSON.parse(quoted) as string).replaceAll("$__rate_interval", "1m"),
    );
  return { panels: found(dashboards), rules: rules.flatMap(found) };
}

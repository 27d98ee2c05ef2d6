import { isDeepStrictEqual } from "node:util";
import { newId, type Properties, typeOf } from "../values";
import { type Api, connect } from "./api";
import { contactPoint } from "./contact-point";
import { keyOf, type Kind, required } from "./kind";
import { notificationPolicy } from "./notification-policy";
import { dashboard, dataSource, folder } from "./oss";
import { ruleGroup } from "./rule-group";
import { type ConfiguredProvider } from "./server";

const kinds: Record<string, Kind> = {
  "grafana:oss/dataSource:DataSource": dataSource,
  "grafana:oss/folder:Folder": folder,
  "grafana:oss/dashboard:Dashboard": dashboard,
  "grafana:alerting/ruleGroup:RuleGroup": ruleGroup,
  "grafana:alerting/contactPoint:ContactPoint": contactPoint,
  "grafana:alerting/notificationPolicy:NotificationPolicy": notificationPolicy,
};

const settingsOfEngine = ["version", "pluginDownloadURL"];

function kindOf(urn: string): Kind {
  const kind = kinds[typeOf(urn)];
  if (kind === undefined) throw new Error(`the sandbox's grafana plugin has no ${typeOf(urn)}`);
  return kind;
}

/** Grafana's first organisation, which is all that the sandbox uses; the official ids begin with it. */
const organisation = "1";

/** The inputs in which the two differ. */
function differences(kind: Kind, state: Properties, inputs: Properties): string[] {
  const [before, after] = [kind.comparable(state), kind.comparable(inputs)];
  const names = new Set([...kind.inputs, ...kind.replaces]);
  // What was left out and has no default is Grafana's to choose.
  return [...names].filter((key) => after[key] !== undefined && !isDeepStrictEqual(before[key], after[key]));
}

/** The resources of `@pulumiverse/grafana` that the project uses, as calls to Grafana's HTTP API. */
export function grafanaProvider(): ConfiguredProvider {
  let configured: Api | undefined;
  const api = (): Api => {
    if (configured === undefined) throw new Error("the grafana provider needs url and auth");
    return configured;
  };
  const stateOf = async (
    kind: Kind,
    key: string,
    properties: Properties,
  ): Promise<Properties | undefined> => {
    const found = await kind.read(api(), key, properties);
    return found && { ...properties, ...found, orgId: organisation };
  };
  return {
    version: "2.40.0",
    configure(settings) {
      const { url, auth, ...others } = settings;
      const unknown = Object.keys(others).filter((key) => !settingsOfEngine.includes(key));
      if (unknown.length > 0) {
        throw new Error(`the sandbox's grafana plugin has no provider setting ${unknown.join(", ")}`);
      }
      if (typeof url === "string" && typeof auth === "string") configured = connect(url, auth);
    },
    check(urn, olds, news) {
      const kind = kindOf(urn);
      const failures = Object.keys(news)
        .filter((key) => !kind.inputs.includes(key))
        .map((property) => ({ property, reason: "the sandbox's grafana plugin does not know it" }));
      if (!kind.inputs.includes("name")) return { inputs: news, failures };
      return { inputs: { ...news, name: news["name"] ?? olds["name"] ?? newId(urn) }, failures };
    },
    diff(urn, state, news) {
      const kind = kindOf(urn);
      const changed = differences(kind, state, news);
      return { changed, replaces: changed.filter((key) => kind.replaces.includes(key)) };
    },
    async create(urn, inputs) {
      const kind = kindOf(urn);
      const key = await kind.create(api(), inputs);
      const state = required(await stateOf(kind, key, inputs), urn);
      return { id: `${organisation}:${key}`, state };
    },
    async read(urn, id, state, inputs) {
      const kind = kindOf(urn);
      const found = await stateOf(kind, keyOf(id), state);
      if (found === undefined) return undefined;
      const drifted = differences(kind, found, inputs).filter((key) => key in inputs);
      const actual = drifted.map((key) => [key, found[key]] as const);
      return { id, state: found, inputs: { ...inputs, ...Object.fromEntries(actual) } };
    },
    async update(urn, id, state, inputs) {
      const kind = kindOf(urn);
      await kind.update(api(), keyOf(id), state, inputs);
      return required(await stateOf(kind, keyOf(id), inputs), urn);
    },
    async delete(urn, id) {
      await kindOf(urn).delete(api(), keyOf(id));
    },
  };
}

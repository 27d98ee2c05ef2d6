import { type Properties } from "../values";
import { type Kind, without } from "./kind";
import { seconds } from "./rule-group";

/** A policy as Grafana's API has it. */
interface Route {
  receiver?: string;
  group_by?: string[];
  group_wait?: string;
  group_interval?: string;
  repeat_interval?: string;
  object_matchers?: [label: string, match: string, value: string][];
  mute_time_intervals?: string[];
  continue?: boolean;
  routes?: Route[];
}

/** What the official plugin calls that which is named alike. */
const names = {
  contactPoint: "receiver",
  groupBies: "group_by",
  groupWait: "group_wait",
  groupInterval: "group_interval",
  repeatInterval: "repeat_interval",
  muteTimings: "mute_time_intervals",
  continue: "continue",
} as const;

const durations = ["groupWait", "groupInterval", "repeatInterval"];

interface Matcher {
  label: string;
  match: string;
  value: string;
}

function toRoute(policy: Properties): Route {
  const plain = Object.entries(names).map(([key, name]) => [name, policy[key]] as const);
  const { matchers, policies } = policy as { matchers?: Matcher[]; policies?: Properties[] };
  return {
    ...(Object.fromEntries(plain.filter(([, value]) => value !== undefined)) as Route),
    ...(matchers && { object_matchers: matchers.map(({ label, match, value }) => [label, match, value]) }),
    ...(policies && { routes: policies.map(toRoute) }),
  };
}

function fromRoute(route: Route): Properties {
  const plain = Object.entries(names).map(([key, name]) => [key, route[name]] as const);
  const { object_matchers: matchers, routes } = route;
  return {
    ...Object.fromEntries(plain.filter(([, value]) => value !== undefined)),
    ...(matchers && { matchers: matchers.map(([label, match, value]) => ({ label, match, value })) }),
    ...(routes && { policies: routes.map(fromRoute) }),
  };
}

/** The policy without what says nothing, durations in seconds. */
function comparable(policy: Properties): Properties {
  const policies = policy["policies"] ?? [];
  const given = Object.entries(policy).map(([key, value]) => [
    key,
    durations.includes(key) && typeof value === "string" ? seconds(value) : value,
  ]);
  return {
    continue: false,
    ...(Object.fromEntries(given) as Properties),
    policies: Array.isArray(policies) ? (policies as Properties[]).map(comparable) : policies,
  };
}

const path = "/api/v1/provisioning/policies";

const inTree = ["contactPoint", "groupBies", "groupWait", "groupInterval", "repeatInterval", "policies"];

/** The organisation's one tree of policies: to create it is to replace it, and to delete it brings back Grafana's own. */
export const notificationPolicy: Kind = {
  inputs: [...inTree, "disableProvenance"],
  replaces: [],
  comparable: (properties) => ({ disableProvenance: false, ...comparable(properties) }),
  async create(api, inputs) {
    const headers = inputs["disableProvenance"] === true ? { "X-Disable-Provenance": "true" } : undefined;
    await api.send("PUT", path, toRoute(inputs), headers);
    return "policy";
  },
  async read(api) {
    const route = (await api.send("GET", path)) as Route | undefined;
    if (route === undefined) return undefined;
    // What Grafana does not tell is not set, whatever the state says.
    const unset = Object.fromEntries(inTree.map((key) => [key, undefined]));
    return { ...unset, ...without(fromRoute(route), "continue") };
  },
  async update(api, _key, _state, inputs) {
    await this.create(api, inputs);
  },
  async delete(api) {
    await api.send("DELETE", path);
  },
};

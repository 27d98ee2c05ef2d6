import { isDeepStrictEqual } from "node:util";
import { type Properties } from "../values";
import { type Api } from "./api";
import { type Kind, required, without } from "./kind";

/** One receiver of a contact point as Grafana's API has it. */
interface PointModel {
  uid: string;
  name: string;
  type: string;
  settings: Properties;
  disableResolveMessage: boolean;
}

interface Notifier {
  type: string;
  /** Settings that Grafana calls by another name. */
  renamed: Record<string, string>;
}

const notifiers: Record<string, Notifier> = {
  emails: { type: "email", renamed: {} },
  webhooks: {
    type: "webhook",
    renamed: {
      basicAuthUser: "username",
      basicAuthPassword: "password",
      authorizationScheme: "authorization_scheme",
      authorizationCredentials: "authorization_credentials",
    },
  },
};

const separator = ";";
/** What Grafana tells instead of a secret. */
const redacted = "[REDACTED]";

function toModel(name: string, { type, renamed }: Notifier, receiver: Properties): Omit<PointModel, "uid"> {
  const known = Object.entries(without(receiver, "uid", "disableResolveMessage", "settings"));
  const named = known.map(([key, value]): [string, unknown] => [
    renamed[key] ?? key,
    key === "addresses" && Array.isArray(value) ? value.join(separator) : value,
  ]);
  return {
    name,
    type,
    disableResolveMessage: receiver["disableResolveMessage"] === true,
    settings: { ...Object.fromEntries(named), ...(receiver["settings"] as Properties | undefined) },
  };
}

/** @param before the same receiver in the state, for the secrets and for what belongs to `settings` */
function fromModel({ renamed }: Notifier, model: PointModel, before: Properties = {}): Properties {
  const official = new Map(Object.entries(renamed).map(([key, name]) => [name, key]));
  const extra = (before["settings"] ?? {}) as Properties;
  const settings: Properties = {};
  const receiver: Properties = { uid: model.uid, disableResolveMessage: model.disableResolveMessage };
  for (const [name, value] of Object.entries(model.settings)) {
    const key = official.get(name) ?? name;
    if (name in extra) settings[name] = value === redacted ? extra[name] : value;
    else if (key === "addresses") receiver[key] = String(value).split(separator);
    else receiver[key] = value === redacted ? before[key] : value;
  }
  return { ...receiver, ...(Object.keys(extra).length > 0 ? { settings } : {}) };
}

function receiversOf(properties: Properties, list: string): Properties[] {
  return (properties[list] ?? []) as Properties[];
}

const path = "/api/v1/provisioning/contact-points";

async function find(api: Api, name: string): Promise<PointModel[]> {
  const answer = await api.send("GET", `${path}?name=${encodeURIComponent(name)}`);
  return (answer ?? []) as PointModel[];
}

/** The receiver as it is compared. */
function comparable(receiver: Properties): Properties {
  return { disableResolveMessage: false, ...without(receiver, "uid") };
}

/** Grafana's receivers in the order of those that are known: by uid, else by what they say. Others come last. */
function inOrder(notifier: Notifier, known: Properties[], models: PointModel[]): PointModel[] {
  const left = [...models];
  const take = (matches: (model: PointModel) => boolean): PointModel | undefined => {
    const index = left.findIndex(matches);
    return index < 0 ? undefined : left.splice(index, 1)[0];
  };
  const found = known.map((receiver) => {
    const says = (model: PointModel): boolean =>
      isDeepStrictEqual(comparable(fromModel(notifier, model, receiver)), comparable(receiver));
    return take(({ uid }) => uid === receiver["uid"]) ?? take(says);
  });
  return [...found.filter((model) => model !== undefined), ...left];
}

/** Changes the receivers of the state one by one, makes those that are missing, deletes those that are too many. */
async function save(api: Api, inputs: Properties, state: Properties, left: PointModel[]): Promise<string> {
  const name = inputs["name"] as string;
  const headers = inputs["disableProvenance"] === true ? { "X-Disable-Provenance": "true" } : undefined;
  for (const [list, notifier] of Object.entries(notifiers)) {
    const before = receiversOf(state, list);
    for (const [index, receiver] of receiversOf(inputs, list).entries()) {
      const model = toModel(name, notifier, receiver);
      const position = left.findIndex(({ uid }) => uid === before[index]?.["uid"]);
      const [existing] = position < 0 ? [] : left.splice(position, 1);
      if (existing === undefined) await api.send("POST", path, model, headers);
      else
        required(await api.send("PUT", `${path}/${existing.uid}`, model, headers), `the receiver of ${name}`);
    }
  }
  for (const { uid } of left) await api.send("DELETE", `${path}/${uid}`);
  return name;
}

export const contactPoint: Kind = {
  inputs: ["name", "disableProvenance", ...Object.keys(notifiers)],
  replaces: ["name", "disableProvenance"],
  comparable(properties) {
    const lists = Object.keys(notifiers).map((list): [string, unknown] => {
      const receivers = properties[list] ?? [];
      if (!Array.isArray(receivers)) return [list, receivers];
      return [list, (receivers as Properties[]).map(comparable)];
    });
    return { disableProvenance: false, ...properties, ...Object.fromEntries(lists) };
  },
  create: (api, inputs) => save(api, inputs, {}, []),
  async read(api, key, state) {
    const points = await find(api, key);
    if (points.length === 0) return undefined;
    const lists = Object.entries(notifiers).map(([list, notifier]) => {
      const before = receiversOf(state, list);
      const models = points.filter(({ type }) => type === notifier.type);
      return [
        list,
        inOrder(notifier, before, models).map((model, index) => fromModel(notifier, model, before[index])),
      ] as const;
    });
    const present = lists.filter(([list, receivers]) => receivers.length > 0 || list in state);
    return { name: key, ...Object.fromEntries(present) };
  },
  async update(api, key, state, inputs) {
    await save(api, inputs, state, await find(api, key));
  },
  async delete(api, key) {
    for (const { uid } of await find(api, key)) await api.send("DELETE", `${path}/${uid}`);
  },
};

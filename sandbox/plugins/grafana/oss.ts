import { type Properties } from "../values";
import { keyOf, type Kind, parsed, required, without } from "./kind";

interface DataSourceModel {
  uid: string;
  orgId: number;
  name: string;
  type: string;
  url: string;
  access: string;
  user: string;
  database: string;
  basicAuth: boolean;
  basicAuthUser: string;
  isDefault: boolean;
  jsonData: Properties;
}

const dataSourceDefaults = {
  url: "",
  accessMode: "proxy",
  username: "",
  databaseName: "",
  isDefault: false,
  basicAuthEnabled: false,
  basicAuthUsername: "",
  jsonDataEncoded: "{}",
  secureJsonDataEncoded: "{}",
};

function dataSourceBody(inputs: Properties): Properties {
  const all = { ...dataSourceDefaults, ...inputs };
  return {
    uid: inputs["uid"],
    name: inputs["name"],
    type: inputs["type"],
    url: all.url,
    access: all.accessMode,
    user: all.username,
    database: all.databaseName,
    isDefault: all.isDefault,
    basicAuth: all.basicAuthEnabled,
    basicAuthUser: all.basicAuthUsername,
    jsonData: parsed(all.jsonDataEncoded),
    secureJsonData: parsed(all.secureJsonDataEncoded),
  };
}

export const dataSource: Kind = {
  inputs: ["uid", "name", "type", ...Object.keys(dataSourceDefaults)],
  replaces: ["uid"],
  comparable(properties) {
    const all = { ...dataSourceDefaults, ...properties };
    return {
      ...all,
      jsonDataEncoded: parsed(all.jsonDataEncoded),
      secureJsonDataEncoded: parsed(all.secureJsonDataEncoded),
    };
  },
  async create(api, inputs) {
    const answer = await api.send("POST", "/api/datasources", dataSourceBody(inputs));
    return (answer as { datasource: DataSourceModel }).datasource.uid;
  },
  async read(api, key) {
    const model = (await api.send("GET", `/api/datasources/uid/${key}`)) as DataSourceModel | undefined;
    if (model === undefined) return undefined;
    return {
      uid: model.uid,
      name: model.name,
      type: model.type,
      url: model.url,
      accessMode: model.access,
      username: model.user,
      databaseName: model.database,
      isDefault: model.isDefault,
      basicAuthEnabled: model.basicAuth,
      basicAuthUsername: model.basicAuthUser,
      jsonDataEncoded: JSON.stringify(model.jsonData),
    };
  },
  async update(api, key, _state, inputs) {
    const body = { ...dataSourceBody(inputs), uid: key };
    required(await api.send("PUT", `/api/datasources/uid/${key}`, body), `the datasource ${key}`);
  },
  async delete(api, key) {
    await api.send("DELETE", `/api/datasources/uid/${key}`);
  },
};

interface FolderModel {
  uid: string;
  title: string;
  url: string;
}

export const folder: Kind = {
  inputs: ["uid", "title"],
  replaces: ["uid"],
  comparable: (properties) => properties,
  async create(api, { uid, title }) {
    return ((await api.send("POST", "/api/folders", { uid, title })) as FolderModel).uid;
  },
  async read(api, key) {
    const model = (await api.send("GET", `/api/folders/${key}`)) as FolderModel | undefined;
    return model && { uid: model.uid, title: model.title, url: api.url + model.url };
  },
  async update(api, key, _state, { title }) {
    const answer = await api.send("PUT", `/api/folders/${key}`, { title, overwrite: true });
    required(answer, `the folder ${key}`);
  },
  async delete(api, key) {
    await api.send("DELETE", `/api/folders/${key}?forceDeleteRules=true`);
  },
};

interface DashboardModel {
  dashboard: Properties & { id: number; uid: string; version: number };
  meta: { url: string; folderUid: string };
}

/** The dashboard, a JSON text or its value, without what Grafana itself sets in it. */
function ownPart(config: unknown): unknown {
  const value = parsed(config);
  if (typeof value !== "object" || value === null) return value;
  const own = without(value as Properties, "id", "version");
  if (!Array.isArray(own["panels"])) return own;
  return { ...own, panels: (own["panels"] as Properties[]).map((panel) => without(panel, "id")) };
}

function uidIn(config: unknown): unknown {
  const value = parsed(config);
  return typeof value === "object" && value !== null ? (value as Properties)["uid"] : undefined;
}

async function saveDashboard(api: Parameters<Kind["create"]>[0], inputs: Properties, more: Properties) {
  const config = without(parsed(inputs["configJson"]) as Properties, "id", "version");
  const answer = await api.send("POST", "/api/dashboards/db", {
    dashboard: { ...config, ...more },
    folderUid: keyOf(inputs["folder"] ?? ""),
    message: inputs["message"],
    overwrite: inputs["overwrite"] === true || more["uid"] !== undefined,
  });
  return required(answer as { uid: string } | undefined, `the folder ${String(inputs["folder"])}`).uid;
}

export const dashboard: Kind = {
  inputs: ["configJson", "folder", "message", "overwrite"],
  replaces: ["folder", "uidInConfig"],
  comparable: (properties) => ({
    overwrite: false,
    message: "",
    ...properties,
    folder: keyOf(properties["folder"] ?? ""),
    configJson: ownPart(properties["configJson"]),
    uidInConfig: uidIn(properties["configJson"]),
  }),
  create: (api, inputs) => saveDashboard(api, inputs, {}),
  async read(api, key, state) {
    const model = (await api.send("GET", `/api/dashboards/uid/${key}`)) as DashboardModel | undefined;
    if (model === undefined) return undefined;
    const { uid } = model.dashboard;
    // A uid that Grafana has chosen is no part of what was declared; of an import nothing is known.
    const isChosen = state["configJson"] !== undefined && uidIn(state["configJson"]) === undefined;
    const declared = isChosen ? without(model.dashboard, "uid") : model.dashboard;
    return {
      configJson: JSON.stringify(ownPart(declared)),
      folder: model.meta.folderUid,
      uid,
      url: api.url + model.meta.url,
      dashboardId: model.dashboard.id,
      version: model.dashboard.version,
    };
  },
  async update(api, key, _state, inputs) {
    await saveDashboard(api, inputs, { uid: key });
  },
  async delete(api, key) {
    await api.send("DELETE", `/api/dashboards/uid/${key}`);
  },
};

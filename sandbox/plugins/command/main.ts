import type { CheckResult, Provider } from "@pulumi/pulumi/provider";
import { loggerOf, serve } from "../serve";
import { isUnknown, plain, type Properties, secret, typeOf } from "../values";
import { type Endpoint, endpointDefaults } from "./connection";
import { lifecycle } from "./lifecycle";
import { type RunFunctionInputs, runLocally } from "./local";
import { runRemotely } from "./remote";

const resources: Record<string, ReturnType<typeof lifecycle>> = {
  "command:remote:Command": lifecycle(runRemotely),
  "command:local:Command": lifecycle(runLocally),
};

function resource(urn: string): ReturnType<typeof lifecycle> {
  const found = resources[typeOf(urn)];
  if (found === undefined) throw new Error(`the sandbox's command plugin has no ${typeOf(urn)}`);
  return found;
}

/** Fills in the defaults and marks the credentials as secrets, so that the state is that of the official provider. */
function checkedEndpoint(value: unknown): Properties {
  const given = plain(value) as Partial<Endpoint> & { proxy?: unknown };
  const checked: Properties = { ...endpointDefaults, ...given };
  for (const key of ["password", "privateKey", "privateKeyPassword"]) {
    if (checked[key] !== undefined) checked[key] = secret(checked[key]);
  }
  if (given.proxy !== undefined && !isUnknown(given.proxy)) checked["proxy"] = checkedEndpoint(given.proxy);
  return checked;
}

function check(urn: string, news: Properties): CheckResult {
  if (typeOf(urn) !== "command:remote:Command" || isUnknown(news["connection"])) return { inputs: news };
  const { host } = (plain(news["connection"]) ?? {}) as Partial<Endpoint>;
  if (host === undefined) {
    return { inputs: news, failures: [{ property: "connection.host", reason: "missing required value" }] };
  }
  return { inputs: { ...news, connection: secret(checkedEndpoint(news["connection"])) } };
}

const provider: Provider = {
  version: "1.2.1",

  check: (urn: string, _olds: Properties, news: Properties) => Promise.resolve(check(urn, news)),
  create: async (urn, inputs) => resource(urn).create(urn, inputs),
  update: async (id, urn, olds, news) => resource(urn).update(id, urn, olds, news),
  delete: async (id, urn, props) => resource(urn).delete(id, urn, props),

  async invoke(token: string, args: Properties) {
    if (token !== "command:local:run")
      throw new Error(`the sandbox's command plugin has no function ${token}`);
    const inputs = plain(args) as RunFunctionInputs;
    const output = await runLocally(inputs.command, inputs, { stdout: "", stderr: "" }, loggerOf(""));
    return { outputs: { ...args, ...output } };
  },
};

void serve(provider);

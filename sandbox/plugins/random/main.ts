import { isDeepStrictEqual } from "node:util";
import { type Provider } from "@pulumi/pulumi/provider";
import { serve } from "../serve";
import { plain, type Properties, typeOf } from "../values";
import { kinds, type Kind } from "./kinds";

function kindOf(urn: string): Kind {
  const kind = kinds[typeOf(urn)];
  if (kind === undefined) throw new Error(`the sandbox's random plugin has no ${typeOf(urn)}`);
  return kind;
}

/** What is random is made once: any changed input makes a new resource. */
const provider: Provider = {
  version: "4.21.2",
  diff(_id, urn: string, olds: Properties, news: Properties) {
    const { inputs, complete } = kindOf(urn);
    const before = plain(olds) as Properties;
    const after = complete(plain(news) as Properties);
    const replaces = inputs.filter((key) => !isDeepStrictEqual(before[key], after[key]));
    return Promise.resolve({ changes: replaces.length > 0, replaces });
  },
  create(urn: string, properties: Properties) {
    const { complete, make } = kindOf(urn);
    const inputs = complete(plain(properties) as Properties);
    const { id, outputs } = make(inputs);
    // The official plugin reads the id from there when it refreshes.
    return Promise.resolve({ id, outs: { ...inputs, ...outputs, id } });
  },
};

void serve(provider);

import { pushAddresses } from "../../config/push";
import type { Service } from "../../config/settings";
import { byText, managedBy } from "../header";
import { type DestinationForm, writeProfiles } from "./destination";
import { environmentLabel } from "./label";
import { type Block, reference, renderAlloy } from "./syntax";

/** With the form of the platform's destination. */
export interface PushArgs extends DestinationForm {
  /** Part of the component names, and the environment of profiles that have none. */
  readonly environment: string;
  readonly port: number;
  /** That of the programs that are none of the services. @default none is added */
  readonly gitRef?: string | undefined;
  /** In any order; what they push gets the git reference that what is scraped of them has. */
  readonly services: readonly Pick<Service, "name" | "gitRef">[];
  /** The label `host` of profiles that have none, where there are several hosts. @default none is added */
  readonly host?: string | undefined;
}

/**
 * Renders the taking of profiles that programs push: on loopback, with the labels that scraped ones have of the environment,
 * where the program sends none of the name.
 */
export function renderPush({ environment, port, gitRef, services, host, ...destination }: PushArgs): string {
  // Upper-case letters: no other environment's label has one.
  const label = `${environmentLabel(environment)}_PUSH`;
  const listen = (name: keyof typeof pushAddresses): Block => ({
    name,
    attributes: { listen_address: pushAddresses[name], listen_port: port },
  });
  const own = services
    .filter((service) => service.gitRef !== gitRef)
    .sort((a, b) => byText(a.name, b.name))
    .flatMap((service) => (service.gitRef === undefined ? [] : [gitRefOf(service.name, service.gitRef)]));
  return renderAlloy(managedBy(environment), [
    {
      name: "pyroscope.receive_http",
      label,
      attributes: { forward_to: [reference(`pyroscope.relabel.${label}.receiver`)] },
      blocks: [listen("http"), listen("grpc")],
    },
    {
      name: "pyroscope.relabel",
      label,
      attributes: { forward_to: [reference(`pyroscope.write.${label}.receiver`)] },
      blocks: [
        where({ environment: "" }, "environment", environment),
        ...(host === undefined ? [] : [where({ host: "" }, "host", host)]),
        ...own,
        ...(gitRef === undefined ? [] : [where({ service_git_ref: "" }, "service_git_ref", gitRef)]),
      ],
    },
    writeProfiles(label, destination),
  ]);
}

function gitRefOf(service: string, gitRef: string): Block {
  return where(
    { service_name: service.replaceAll(".", "[.]"), service_git_ref: "" },
    "service_git_ref",
    gitRef,
  );
}

/** Sets a label where others match; "" is for one that is not there. */
function where(labels: Readonly<Record<string, string>>, target: string, value: string): Block {
  return {
    name: "rule",
    attributes: {
      source_labels: Object.keys(labels),
      regex: `^${Object.values(labels).join(";")}$`,
      target_label: target,
      // `$` begins a reference to a part of what matched.
      replacement: value.replaceAll("$", "$$$$"),
    },
  };
}

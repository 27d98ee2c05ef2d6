import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { projectRoot } from "../paths";

/** A service to profile, as it runs on the sandbox's host. */
export interface Service {
  /** The name in profiles, metrics and the journal. */
  name: string;
  /** The systemd unit. Defaults to `<name>.service`. */
  unit: string;
  /** TCP port on the host's loopback. */
  port: number;
  profiles: ("cpu" | "heap")[];
  environment: string;
}

/** Only what the sandbox itself takes from the stack's configuration; `config/` is where all of it is checked. */
const stackConfig = z.object({
  config: z.object({
    "soar-profiling:environment": z.string(),
    "soar-profiling:services": z.array(
      z.object({
        name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/),
        port: z.number().int().min(1).max(65535),
        profiles: z.array(z.enum(["cpu", "heap"])).default(["cpu"]),
        unit: z.string().optional(),
      }),
    ),
  }),
});

/** Reads the services out of the text of a `Pulumi.<stack>.yaml`; throws where one cannot be run as declared. */
export function parseServices(stackFile: string): Service[] {
  const { config } = stackConfig.parse(parse(stackFile));
  const environment = config["soar-profiling:environment"];
  return config["soar-profiling:services"].map((service) => ({
    ...service,
    unit: service.unit ?? `${service.name}.service`,
    environment,
  }));
}

/** The services of the stack `sandbox`: the host runs those that the stack declares. */
export const services: Service[] = parseServices(
  readFileSync(path.join(projectRoot, "Pulumi.sandbox.yaml"), "utf8"),
);

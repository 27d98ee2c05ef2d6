import { byText } from "../header";

/** A service by its name in profiles, logs and metrics, and what it calls itself in OpenTelemetry. */
export interface NamedService {
  readonly name: string;
  /** @default its name */
  readonly telemetryName?: string | undefined;
}

/**
 * The resource attribute that has the service's name as profiles, logs and metrics have it in `service_name`. Grafana's
 * links put an attribute's value into a label and cannot translate it, so the names meet here, where telemetry comes in:
 * `service.name` stays what the program says, no label is added to anything that is stored, and no series changes.
 */
export const serviceAttribute = "soar.service";

const own = `attributes["${serviceAttribute}"]`;
const told = `attributes["service.name"]`;

/**
 * Statements of `otelcol.processor.transform`, in the context of a resource, that set {@link serviceAttribute} where the
 * sender has not. Of what is not declared it is `service.name`. The order of the services does not change them.
 */
export function serviceStatements(services: readonly NamedService[]): string[] {
  const others = services.flatMap(({ name, telemetryName = name }) =>
    telemetryName === name ? [] : [{ name, telemetryName }],
  );
  others.sort((a, b) => byText(a.telemetryName, b.telemetryName));
  return [
    ...others.map(
      ({ name, telemetryName }) =>
        `set(${own}, ${JSON.stringify(name)}) where ${own} == nil and ${told} == ${JSON.stringify(telemetryName)}`,
    ),
    `set(${own}, ${told}) where ${own} == nil`,
  ];
}

import type { Issue, PartialSettings } from "./issue";
import type { IsWrong } from "./right-parts";
import type { Service } from "./settings";

/** The units whose own lines about sending would be sent again, without end. */
const pipeline = ["alloy.service", "loki.service"];

/** What logs ask of the other settings. */
export function checkLogs(settings: PartialSettings, isWrong: IsWrong): Issue[] {
  return [...journals(settings, isWrong), ...otlpPorts(settings), ...oneSource(settings, isWrong)];
}

function journals({ logs, services }: PartialSettings, isWrong: IsWrong): Issue[] {
  if (logs === undefined || services === undefined) return [];
  const looping = services.flatMap((service, i): Issue[] => {
    if (service?.unit === undefined || !pipeline.includes(service.unit)) return [];
    const message = `is part of the way to Loki: its lines about sending would be sent again, without end; leave it out`;
    return [{ path: `services[${i}].unit`, message }];
  });
  const found = [...looping, ...sharedUnits(services)];
  const mayHaveUnit = (service: Service | undefined, i: number): boolean =>
    service?.unit !== undefined || isWrong(`services[${i}].unit`);
  if (services.some(mayHaveUnit) || !logs.source.includes("journal")) return found;
  if (logs.source.includes("otlp")) {
    const message = "has journal, and no service has a unit: set services[].unit, or leave journal out";
    return [{ path: "logs.source", message }];
  }
  return [{ path: "logs.url", message: "has nothing to send: set services[].unit, whose journals it takes" }];
}

/** A line is of one unit, and goes to Loki with one service's name. */
function sharedUnits(services: NonNullable<PartialSettings["services"]>): Issue[] {
  const seen = new Map<string, number>();
  return services.flatMap((service, i): Issue[] => {
    if (service?.unit === undefined) return [];
    const first = seen.get(service.unit);
    seen.set(service.unit, first ?? i);
    if (first === undefined) return [];
    const message = `${service.unit} is also the unit of services[${first}], and its lines can be of one service only: leave it out here`;
    return [{ path: `services[${i}].unit`, message }];
  });
}

/** The ports of the receiver where it is there for logs only. */
function otlpPorts({ logs, traces }: PartialSettings): Issue[] {
  if (logs === undefined) return [];
  return (["grpcPort", "httpPort"] as const).flatMap((port): Issue[] => {
    if (logs[port] === undefined) return [];
    const path = `logs.${port}`;
    if (traces !== undefined)
      return [{ path, message: `is for logs without traces: set traces.${port}, which is for both` }];
    if (logs.source.includes("otlp")) return [];
    return [{ path, message: "is for logs by OTLP: add otlp to logs.source, or leave it out" }];
  });
}

/** A service can only have its lines from where lines come. */
function oneSource({ logs, services = [] }: PartialSettings, isWrong: IsWrong): Issue[] {
  if (logs === undefined) return [];
  return services.flatMap((service, i): Issue[] => {
    const from = service?.logs;
    if (service === undefined || from === undefined) return [];
    const path = `services[${i}].logs`;
    if (!logs.source.includes(from) && !isWrong("logs.source"))
      return [{ path, message: `is ${from}, and logs.source is not: add it there, or leave it out here` }];
    if (from === "otlp" || service.unit !== undefined || isWrong(`services[${i}].unit`)) return [];
    return [{ path, message: "is journal, and the service has no unit: set its unit, or leave it out" }];
  });
}

import { describe, expect, test } from "vitest";
import { parseServices, services } from "../../sandbox/services/list";

const stackFile = (services: string): string => `
config:
  soar-profiling:environment: sandbox
  soar-profiling:services: ${services}
`;

describe("the sandbox's services", () => {
  test("are those of the stack, under the seed's names", () => {
    const names = services.map((service) => service.name);
    expect(names).toEqual([
      "soar-run",
      "soar-web",
      "soar-ingest-ogn",
      "soar-ingest-adsb",
      "soar-run-staging",
      "soar-web-staging",
    ]);
    expect(new Set(services.map((service) => service.port)).size).toBe(services.length);
    expect(services.some((service) => service.profiles.includes("heap"))).toBe(true);
  });

  test("have the stack's defaults and ignore what only the stack needs", () => {
    expect(parseServices(stackFile("[{name: soar-run, port: 9091, interval: 15s}]"))).toEqual([
      { name: "soar-run", unit: "soar-run.service", port: 9091, profiles: ["cpu"], environment: "sandbox" },
    ]);
  });

  test("may have a unit of another name", () => {
    const [service] = parseServices(stackFile("[{name: soar-run, port: 9091, unit: soar.service}]"));
    expect(service?.unit).toBe("soar.service");
  });

  test.each([
    ["a name that a unit cannot hold", "[{name: 'a b', port: 9091}]"],
    ["a port out of range", "[{name: soar-run, port: 99999}]"],
    ["an unknown profile", "[{name: soar-run, port: 9091, profiles: [goroutine]}]"],
  ])("are refused with %s", (_, list) => {
    expect(() => parseServices(stackFile(list))).toThrow();
  });
});

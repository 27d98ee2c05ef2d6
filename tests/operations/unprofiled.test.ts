import { expect, test } from "vitest";
import type { Service } from "../../config/settings";
import type { HostFacts } from "../../operations/verify/host-facts";
import type { HttpAnswer } from "../../operations/verify/http";
import { judgeUnprofiled } from "../../operations/verify/unprofiled";
import { accepted } from "../config/sample";
import { answer, facts } from "./answers";

const url = "http://127.0.0.1:9092/metrics";

function serviceOf(changes: object): Service {
  const [service] = accepted({ services: [{ name: "soar-web", profiles: [], ...changes }] }).services;
  if (service === undefined) throw new Error("no service");
  return service;
}

const both = { port: 9092, metrics: true, unit: "soar-web.service" };
const running = unit("active");

function unit(state: string): Partial<HostFacts> {
  return { units: new Map([["soar-web.service", { state, result: "success", words: [] }]]) };
}

/** What is told of it, without what is the same each time. */
function judge(changes: object, known: Partial<HostFacts>, of?: HttpAnswer): string {
  const { name, state, detail } = judgeUnprofiled(
    { service: serviceOf(changes), setting: "services[0]" },
    of === undefined ? undefined : url,
    of,
    facts(known),
  );
  expect(name).toBe("service soar-web");
  expect(detail).toMatch(/^no profiles are declared; /);
  return `${state}: ${detail.replace("no profiles are declared; ", "")}`;
}

const refused = answer("", { status: 0, isRefused: true, error: "(7) Failed to connect" });

test("a service without profiles is well where its unit runs, and its metrics answer", () => {
  expect(judge(both, running, answer("up 1"))).toBe(`ok: soar-web.service runs and ${url} answers`);
  expect(judge({ unit: "soar-web.service" }, running)).toBe("ok: soar-web.service runs");
});

test("it is broken where one of them is not as it should be", () => {
  expect(judge(both, unit("failed"), answer("up 1"))).toBe("broken: soar-web.service is stopped (failed)");
  expect(judge(both, unit("not-found"), answer("up 1"))).toBe("broken: there is no unit soar-web.service");
  expect(judge(both, running, answer("", { status: 404 }))).toBe(`broken: ${url} answers with status 404`);
  expect(judge(both, running, refused)).toBe(`broken: ${url} gives no answer: (7) Failed to connect`);
});

test("it is away where it may be, and broken where it answers wrongly", () => {
  const intermittent = { ...both, schedule: "intermittent" };
  expect(judge(intermittent, unit("inactive"), refused)).toBe(
    `away: soar-web.service is stopped (inactive) and nothing listens at ${url}`,
  );
  expect(judge(intermittent, running, refused)).toBe(`away: nothing listens at ${url}`);
  expect(judge(intermittent, running, answer("", { status: 500 }))).toBe(
    `broken: ${url} answers with status 500`,
  );
});

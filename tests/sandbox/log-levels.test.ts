import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LogsSettings } from "../../config/settings";
import { renderLogs } from "../../render/alloy/logs";
import { renderOtlp } from "../../render/alloy/otlp";
import { datasourceSettings } from "../../render/grafana/datasources";
import { freePort } from "../../sandbox/free-port";
import { accepted } from "../config/sample";
import { writtenLines } from "./harness/log-lines";
import { instead, LogWays, sendRecords, writeLines } from "./harness/log-ways";

const services = [
  { name: "run", port: 1, unit: "run.service" },
  { name: "web", port: 2, unit: "web.service", logs: "otlp" as const },
];
const trace = "4bf92f3577b34da6a3ce929d0e0e4736";

describe("the real Alloy and Loki", { timeout: 60_000 }, async () => {
  const [all, least, httpPort, grpcPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  let ways: LogWays;

  beforeAll(async () => {
    ways = await LogWays.start();
    const settings = (level: string): LogsSettings => {
      const { logs } = accepted({ services, logs: { url: ways.loki, source: ["journal", "otlp"], level } });
      if (logs === undefined) throw new Error("expected logs");
      return logs;
    };
    const journal = (environment: string, level: string, port: number): string =>
      instead(renderLogs({ environment, services, settings: settings(level) }), port);
    const records = { settings: settings("info"), services };
    await ways.alloy({
      "all-logs.alloy": journal("all", "debug", all),
      "least-logs.alloy": journal("least", "info", least),
      "least-traces.alloy": renderOtlp({ environment: "least", ports: { grpcPort, httpPort }, records }),
    });
  }, 3_600_000);
  afterAll(() => ways.stop());

  test("a line of the journal has the level that its text says, and no colours", async () => {
    const expected = Object.values(writtenLines).map(([line, level]) => ({
      level,
      line: line.replaceAll(/\u001b\[[\d;]*m/g, ""),
    }));
    const written = Object.values(writtenLines).map(([line]) => line);
    await writeLines(all, "run.service", [...written, "no more"]);
    await writeLines(least, "run.service", [...written, "no more"]);
    for (const [environment, kept] of Object.entries({
      all: expected,
      least: expected.filter(({ level }) => level !== "debug"),
    })) {
      await ways.until(`{environment="${environment}"}`, "no more");
      const found = await ways.find(`{environment="${environment}"} != "no more"`);
      const pairs = found.map(({ line, labels: { level } }) => ({ level, line }));
      expect(pairs).toHaveLength(kept.length);
      expect(pairs).toEqual(expect.arrayContaining(kept));
    }
  });

  test("a log record has the labels of a line of the journal, and the rest beside it", async () => {
    const body = (stringValue: string): object => ({ body: { stringValue } });
    const attributes = [
      { key: "flight.id", value: { intValue: "7" } },
      { key: "level", value: { intValue: "350" } },
    ];
    const error = { severityNumber: 17, ...body("an error"), traceId: trace, spanId: "00f067aa0ba902b7" };
    await sendRecords(httpPort, { "service.name": "web", "service.instance.id": "i" }, [
      { ...error, attributes },
      { severityNumber: 5, ...body("a debug record") },
      { severityNumber: 13, body: { kvlistValue: { values: [{ key: "a", value: { stringValue: "b" } }] } } },
      { severityNumber: 21, ...body("fatal") },
      { ...body("without a severity") },
      { severityText: "WARN", ...body("with the text of one") },
      { severityText: "debug", ...body("with that of a low one") },
    ]);
    await sendRecords(httpPort, { "service.name": "other", "deployment.environment": "canary" }, [
      { severityNumber: 9, ...body("last") },
    ]);
    await ways.until(`{service_name="other", environment="canary", level="info"}`, "last");
    const found = await ways.find(`{service_name="web", environment="least"}`);
    expect(found.map(({ line, labels: { level } }) => [line, level]).sort()).toEqual([
      ["an error", "error"],
      ["fatal", "crit"],
      ["with the text of one", "warning"],
      ["without a severity", "info"],
      [`{"a":"b"}`, "warning"],
    ]);
    const {
      attributes: more = "",
      resource_attributes: resource = "",
      ...labels
    } = found.find(({ line }) => line === "an error")?.labels ?? {};
    expect(JSON.parse(more)).toEqual({ "flight.id": 7, attribute_level: 350 });
    expect(JSON.parse(resource)).toEqual({
      "service.instance.id": "i",
      "service.name": "web",
      "soar.service": "web",
    });
    expect(labels).toEqual({
      service_name: "web",
      environment: "least",
      level: "error",
      detected_level: "error",
      trace_id: trace,
      span_id: "00f067aa0ba902b7",
      scope_name: "web::api",
    });
    const answer = await fetch(`${ways.loki}/loki/api/v1/labels`);
    expect(await answer.json()).toMatchObject({ data: ["environment", "level", "service_name", "unit"] });
  });

  test("what comes both ways is stored once", async () => {
    await sendRecords(httpPort, { "service.name": "run" }, [
      { severityNumber: 17, body: { stringValue: "x" } },
    ]);
    await writeLines(least, "web.service", ["2026-03-01T12:00:00Z ERROR web: printed too"]);
    await sendRecords(httpPort, { "service.name": "web" }, [{ body: { stringValue: "end" } }]);
    await writeLines(least, "run.service", ["end"]);
    await ways.until(`{service_name="web"}`, "end");
    await ways.until(`{service_name="run", environment="least"}`, "end");
    expect(await ways.find(`{service_name="run", unit=""}`)).toEqual([]);
    expect(await ways.find(`{service_name="web", unit!=""}`)).toEqual([]);
  });

  test("Grafana's query finds the lines of a trace, of both kinds", async () => {
    const { tracesToLogsV2 } = datasourceSettings(
      "tempo",
      { loki: "l", tempo: "t" },
      { profiles: "15s", metrics: "15s" },
    ) as {
      tracesToLogsV2: { query: string };
    };
    const query = tracesToLogsV2.query
      .replace("${__tags}", `service_name=~"run|web", environment="least"`)
      .replace("${__trace.traceId}", trace);
    expect((await ways.find(query)).map(({ line }) => line).sort()).toEqual([
      expect.stringMatching(`^2026.* coloured trace_id=${trace}$`),
      `an error trace_id=${trace}`,
    ]);
  });
});

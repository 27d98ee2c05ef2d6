import { describe, expect, test } from "vitest";
import {
  awaitLine,
  linesInLoki,
  probe,
  sendRecords,
  streamsInLoki,
  writeJournal,
} from "./harness/downstream";
import { eventually } from "./harness/faults";
import { TestStack } from "./harness/stack";
import { backendNames } from "../../sandbox/tools/backends";

const file = "/etc/alloy/conf.d/sandbox-logs.alloy";
const url = "http://127.0.0.1:3100";
const ofProbe = `{service_name="probe"}`;

describe("logs to a real Loki", { timeout: 300_000 }, async () => {
  const stack = await TestStack.create("logs", { host: { backends: backendNames } });
  const named = (...names: string[]): object[] => {
    const all = stack.setting("services") as { name: string }[];
    return all.filter(({ name }) => names.includes(name));
  };
  const [run, web] = [named("soar-run"), named("soar-web")];
  stack.configure({ services: [...run, ...web, probe], logs: { url } });
  const untouched = (): Promise<string> => stack.fingerprint([file], ["alloy"]);
  const pid = (): Promise<string> => stack.pid("alloy");

  test("lines of the declared units are in Loki, with these labels and no others", async () => {
    await writeJournal(stack, probe.unit, "before the stack");
    await stack.up();
    await awaitLine(stack, ofProbe, "before the stack");
    await expect
      .poll(() => linesInLoki(stack, `{service_name="soar-run", unit="soar-run.service", level="info"}`), {
        timeout: 60_000,
        interval: 1000,
      })
      .toContainEqual(expect.stringMatching(/packets received/));

    // Others write too, one of them as if it were systemd, or a unit of ours.
    await writeJournal(stack, "soar-other.service", "of another unit", "<3>and its error");
    await writeJournal(stack, "soar-run.service.service", "of a unit with a similar name");
    await stack.operator(
      `logger of no unit; printf 'MESSAGE=forged\\nUNIT=soar-run.service\\nPRIORITY=3\\n' | logger --journald`,
    );
    await writeJournal(
      stack,
      probe.unit,
      "<0>a",
      "<1>b",
      "<2>c",
      "<3>d",
      "<4>e",
      "<5>f",
      "<6>g",
      "<7>h",
      "last",
    );
    await awaitLine(stack, ofProbe, "last");

    const streams = await streamsInLoki(stack);
    const values = (label: string): string[] =>
      [...new Set(streams.map((stream) => stream[label] ?? ""))].sort();
    expect([...new Set(streams.flatMap((stream) => Object.keys(stream)))].sort()).toEqual([
      "environment",
      "level",
      "service_name",
      "unit",
    ]);
    expect(values("environment")).toEqual(["sandbox"]);
    expect(values("service_name")).toEqual(["probe", "soar-run", "soar-web"]);
    expect(values("unit")).toEqual(["soar-run.service", "soar-web.service", probe.unit]);
    for (const [level, text] of Object.entries({
      emerg: "a",
      error: "d",
      warning: "e",
      info: "g",
      debug: "h",
    }))
      expect(await linesInLoki(stack, `{service_name="probe", level="${level}"}`)).toContain(text);
    expect(
      await linesInLoki(stack, `{environment="sandbox"} |~ "forged|of another|of no unit|similar"`),
    ).toEqual([]);
  });

  test("what systemd says of a declared unit is there too", async () => {
    await stack.status(`systemd-run -q --wait --collect --unit='${probe.unit}' false`);
    await awaitLine(stack, ofProbe, `${probe.unit}: Failed with result 'exit-code'.`);
  });

  test("a second `up` does nothing", async () => {
    const before = await untouched();
    expect(Object.keys((await stack.up()).changes)).toEqual(["same"]);
    expect(await untouched()).toBe(before);
  });

  test("a least level keeps the less severe lines out, and only reloads Alloy", async () => {
    const before = await pid();
    stack.configure({ logs: { url, level: "warning" } });
    const { text } = await stack.up();
    expect(text).toContain(`logs: alloy.service reloaded, files changed: ${file}`);
    expect(await pid()).toBe(before);
    await writeJournal(stack, probe.unit, "<6>too little", "<5>still too little", "<4>enough");
    await awaitLine(stack, ofProbe, "enough");
    expect(await linesInLoki(stack, `${ofProbe} |~ "too little"`)).toEqual([]);
    stack.configure({ logs: { url } });
    await stack.up();
  });

  test("with logs by OTLP too, each line is stored once, as severe as it is, and without colours", async () => {
    const sender = { name: "sender", port: 9191, unit: "soar-sender.service", logs: "otlp" };
    stack.configure({
      services: [...run, ...web, probe, sender],
      logs: { url, source: ["journal", "otlp"], level: "info" },
    });
    expect((await stack.up()).text).toContain("traces: alloy.service");
    const written = (level: string, text: string): string =>
      `\u001b[2m2026-03-01T12:00:00.1Z\u001b[0m \u001b[31m${level}\u001b[0m \u001b[2mprobe\u001b[0m\u001b[2m:\u001b[0m ${text}`;
    await writeJournal(stack, sender.unit, written("ERROR", "of OTLP, printed too"));
    await writeJournal(stack, probe.unit, written("DEBUG", "of no use"), written("ERROR", "of use"));
    await sendRecords(stack, 4318, "sender", { "of OTLP, debug": 5, "of OTLP": 17 });
    await sendRecords(stack, 4318, "probe", { "of OTLP, and printed": 17 });
    await sendRecords(stack, 4318, "undeclared", { "of OTLP, last": 9 });
    await awaitLine(
      stack,
      `{service_name="probe", level="error"}`,
      "2026-03-01T12:00:00.1Z ERROR probe: of use",
    );
    await awaitLine(
      stack,
      `{service_name="undeclared", environment="sandbox", level="info"}`,
      "of OTLP, last",
    );
    expect(await linesInLoki(stack, `{environment="sandbox"} |~ "of OTLP|of no use"`)).toEqual([
      "of OTLP",
      "of OTLP, last",
    ]);
    expect(await linesInLoki(stack, `{service_name="sender", environment="sandbox", level="error"}`)).toEqual(
      ["of OTLP"],
    );
    expect(
      await stack.operator(`ss -Hltn '( sport = 4317 or sport = 4318 )' | awk '{ print $4 }' | sort`),
    ).toBe("127.0.0.1:4317\n127.0.0.1:4318\n");
    stack.configure({ services: [...run, ...web, probe], logs: { url } });
    expect((await stack.up()).text).toContain("traces: its files are gone");
  });

  const numbered = (name: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${name} ${i}`);

  /** Lines of one moment have no order. */
  const sortedLines = async (expression: string): Promise<string[]> =>
    (await linesInLoki(stack, `${ofProbe} |~ "${expression}"`)).sort();

  test("while Alloy is stopped, lines wait in the journal, and each arrives once", async () => {
    const [early, late] = [numbered("early", 200), numbered("late", 200)];
    await writeJournal(stack, probe.unit, ...early);
    await stack.operator("systemctl stop alloy");
    await writeJournal(stack, probe.unit, ...late);
    await stack.operator("systemctl start alloy");
    await awaitLine(stack, ofProbe, "late 199");
    expect(await sortedLines(`^(early|late)`)).toEqual([...early, ...late].sort());
  });

  test("while Loki is stopped, an `up` succeeds without a restart, and the lines arrive when it is back", async () => {
    const before = await pid();
    await stack.operator("systemctl stop loki");
    const lines = numbered("meanwhile", 500);
    await writeJournal(stack, probe.unit, ...lines);
    stack.configure({ services: [...run, probe] });
    const { text } = await stack.up();
    expect(text).toContain("logs: alloy.service reloaded");
    await writeJournal(stack, probe.unit, "after the change");
    await stack.operator("systemctl start loki");
    await awaitLine(stack, ofProbe, "after the change", 90);
    expect(await sortedLines(`^meanwhile`)).toEqual(lines.sort());
    expect(await pid()).toBe(before);
  });

  test("an operator's error in a neighbouring file: refused with its name, and nothing changes", async () => {
    const neighbour = "/etc/alloy/conf.d/operator.alloy";
    await stack.operator(
      `printf 'logging {\\n' >${neighbour}; chgrp alloy ${neighbour}; chmod 640 ${neighbour}`,
    );
    const before = await untouched();
    stack.configure({ logs: { url, level: "err" } });
    const said = await stack.upFails();
    expect(said).toContain(neighbour);
    expect(said).toContain(
      "soar-profiling: logs: refused by '/usr/bin/alloy validate /etc/alloy/conf.d' (its words above), " +
        "which refuses what is on the host now as well, without any change of this stack: correct that first; nothing was changed",
    );
    expect(await untouched()).toBe(before);
    await stack.operator(`rm ${neighbour}`);
  });

  test("an Alloy that was taken out of the journal's group is put back, and runs with it", async () => {
    await stack.operator(
      "gpasswd -d alloy systemd-journal && gpasswd -d alloy adm && systemctl restart alloy",
    );
    expect((await stack.up()).text).toContain("logs: alloy.service restarted");
    await writeJournal(stack, probe.unit, "<3>readable again");
    await awaitLine(stack, ofProbe, "readable again");
  });

  test("without logs in the settings the file is gone, though Loki is away, and Alloy goes on with the rest", async () => {
    await stack.operator("systemctl stop loki");
    await writeJournal(stack, probe.unit, "<3>one more");
    await eventually(
      stack,
      `curl -s http://127.0.0.1:12345/metrics | grep -q '^loki_write_batch_retries_total.* [1-9]'`,
    );
    await writeJournal(stack, probe.unit, ...numbered("<3>and many", 50));
    // So many that Alloy's own way is full up to the journal.
    const fragment = `prometheus.exporter.self "late" { }\n`;
    const alloy = stack.setting("alloy") as object;
    stack.configure({ logs: undefined, alloy: { ...alloy, fragments: { late: fragment } } });
    const { text } = await stack.up();
    expect(text).toContain("logs: its files are gone");
    expect(await stack.operator("ls /etc/alloy/conf.d")).toBe(
      "destination.alloy\nplatform.alloy\nsandbox-late.alloy\nsandbox-profiles.alloy\n",
    );
    const components = await stack.operator("curl -sS http://127.0.0.1:12345/api/v0/web/components");
    const health = JSON.parse(components) as { localID: string; health: { state: string } }[];
    expect(health.filter(({ localID }) => localID.startsWith("loki."))).toEqual([]);
    expect(health.filter(({ health: { state } }) => state !== "healthy")).toEqual([]);
  });
});

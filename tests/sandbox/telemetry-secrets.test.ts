import { describe, expect, test } from "vitest";
import { probe, sendSpan, writeJournal } from "./harness/downstream";
import { filesWith, journal, localFilesWith, sampleCommandLines } from "./harness/leaks";
import { recordPushes } from "./harness/pushes";
import { TestStack } from "./harness/stack";

const hard = `'single' "double" $HOME \${x} \`id\` %s \\n <&>|;#* umläut 日本 end`;
const passwords = { logsPassword: `s3ntinelLogs ${hard}`, tracesPassword: `s3ntinelTraces ${hard}` };
const directory = "/etc/alloy/secrets";

describe("the passwords of Loki and Tempo", async () => {
  const stack = await TestStack.create("telemetry-secrets");
  const remote = await recordPushes(stack.host.gateway, 4200);
  const [first] = stack.setting("services") as object[];
  const account = { url: remote.url, tenant: "soar", user: "writer" };
  stack.configure({ services: [first, probe], logs: account, traces: account }, passwords);
  const endSampling = await sampleCommandLines(stack);
  const authorization = (password: string): string =>
    `Basic ${Buffer.from(`writer:${password}`).toString("base64")}`;

  test("arrive there with the tenant, and a preview shows none", async () => {
    expect((await stack.preview()).text).not.toContain("s3ntinel");
    await stack.up();
    const lines = remote.next(({ path }) => path === "/loki/api/v1/push");
    const spans = remote.next(({ path }) => path === "/v1/traces");
    await writeJournal(stack, probe.unit, "hello");
    await sendSpan(stack, 4318, { "service.name": "x" });
    expect((await lines).headers).toMatchObject({
      "x-scope-orgid": "soar",
      authorization: authorization(passwords.logsPassword),
    });
    expect((await spans).headers).toMatchObject({
      "x-scope-orgid": "soar",
      authorization: authorization(passwords.tracesPassword),
    });
  });

  test("are in one file each, which only root and Alloy can read", async () => {
    expect(await filesWith(stack, ["s3ntinel"])).toEqual([
      `640 root:alloy ${directory}/sandbox-logs-password`,
      `640 root:alloy ${directory}/sandbox-traces-password`,
    ]);
    expect(await filesWith(stack, ["s3ntinel"], "nobody")).toEqual([]);
    expect(await stack.operator(`stat -c '%a %U:%G' ${directory}`)).toBe("750 root:alloy\n");
  });

  test("Alloy's own pages do not show them", async () => {
    const api = "http://127.0.0.1:12345/api/v0/web/components";
    const list = JSON.parse(await stack.operator(`curl -sSf ${api}`)) as { localID: string }[];
    const pages = list.map(({ localID }) => `${api}/${localID}`);
    expect(pages).toContain(`${api}/otelcol.auth.basic.sandbox_traces`);
    const text = await stack.operator(`curl -sSf ${pages.join(" ")}`);
    expect(text).toContain("sandbox_traces_password");
    expect(text).not.toContain("s3ntinel");
  });

  test("are used at once when they change, and Alloy keeps running", async () => {
    const pid = await stack.pid("alloy");
    stack.configure({}, { logsPassword: "s3ntinelLogs2", tracesPassword: "s3ntinelTraces2" });
    expect((await stack.up()).changes["update"]).toBe(2);
    const lines = remote.next(({ headers }) => headers.authorization === authorization("s3ntinelLogs2"));
    const spans = remote.next(({ headers }) => headers.authorization === authorization("s3ntinelTraces2"));
    await writeJournal(stack, probe.unit, "hello again");
    await sendSpan(stack, 4318, { "service.name": "x" });
    await Promise.all([lines, spans]);
    expect(await stack.pid("alloy")).toBe(pid);
  });

  test("were in no command line, log or plain state, and are gone with the settings", async () => {
    const seen = await endSampling();
    expect(seen).toContain("/usr/local/lib/soar-profiling/sandbox/service-config apply traces");
    for (const text of [seen, await stack.engineLog(), await journal(stack)])
      expect(text).not.toContain("s3ntinel");
    expect(await localFilesWith(stack, "s3ntinel")).toEqual([]);
    const { url } = remote;
    stack.configure({ logs: { url }, traces: undefined });
    stack.removeSecret("logsPassword");
    stack.removeSecret("tracesPassword");
    await stack.up();
    expect(await stack.status(`ls -d ${directory}`)).toBe(2);
    const lines = remote.next(
      ({ path, headers }) => path === "/loki/api/v1/push" && headers.authorization === undefined,
    );
    await writeJournal(stack, probe.unit, "without");
    await lines;
  });
});

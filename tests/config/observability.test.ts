import { describe, expect, test } from "vitest";
import { otlpReceiver } from "../../config/otlp";
import { siteUsersProblem } from "../../config/secret-rules";
import { accepted, issues, warnings } from "./sample";

const service = { name: "soar-run", port: 9091, unit: "soar-run.service" };
const prometheus = { url: "http://127.0.0.1:9090" };

test("what is not configured, or empty, is off", () => {
  const { prometheus, logs, traces, grafana, site } = accepted({ logs: {}, grafana: {} });
  expect([prometheus, logs, traces, grafana, site]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("each has its defaults", () => {
  const all = accepted({
    prometheus,
    logs: { url: "http://127.0.0.1:3100/" },
    traces: { url: "http://127.0.0.1:4320" },
    site: { domain: "pyroscope.glider.flights" },
    services: [
      { ...service, metrics: true },
      { name: "b", port: 9092, metrics: { port: 9192, path: "/m" } },
    ],
  });
  expect(all.prometheus).toEqual({
    ...prometheus,
    insecureSkipVerify: false,
    discovery: "scrape_config_files",
    skip: [],
  });
  expect(all.logs).toEqual({ url: "http://127.0.0.1:3100", level: "debug", source: ["journal"] });
  expect(all.traces).toEqual({ url: "http://127.0.0.1:4320", grpcPort: 4317, httpPort: 4318 });
  expect(all.site).toEqual({
    domain: "pyroscope.glider.flights",
    tls: "acme",
    allowPush: false,
    insecureNoAuthentication: false,
  });
  expect(all.services.map(({ metrics }) => metrics)).toEqual([
    { path: "/metrics", interval: 15, labels: {} },
    { path: "/m", port: 9192, interval: 15, labels: {} },
  ]);
});

test("a datasource is one at an address, or one that exists", () => {
  const datasources = { loki: { uid: "theirs_1-A" }, tempo: "http://127.0.0.1:3200/" };
  const { grafana } = accepted(
    { grafana: { url: "http://a.example", datasources } },
    new Set(["grafanaAuth"]),
  );
  expect(grafana?.datasources).toEqual({
    loki: { uid: "theirs_1-A" },
    tempo: { url: "http://127.0.0.1:3200" },
  });
});

describe("refused", () => {
  const logs = { url: "http://127.0.0.1:3100" };
  const traces = { url: "http://127.0.0.1:4320" };
  const loop =
    "port 4318 is Alloy OTLP/HTTP (traces.httpPort), so that Alloy would send to itself: set the address of Tempo's OTLP/HTTP receiver";
  test.each<[string, Record<string, unknown>, string[]]>([
    [
      "a field without the url",
      { prometheus: { discovery: "file_sd" } },
      [
        "prometheus.url: is required: set the address of the host's own Prometheus: an http or https URL without user, password, query or fragment",
      ],
    ],
    [
      "a Prometheus elsewhere",
      { prometheus: { url: "http://metrics.example:9090" } },
      [
        `prometheus.url: must be on the host's loopback, such as "http://127.0.0.1:9090": its files are on the host`,
      ],
    ],
    [
      "a certificate that is not checked, where there is none, and a user without a password",
      { prometheus: { ...prometheus, user: "soar", insecureSkipVerify: true } },
      [
        "prometheus.insecureSkipVerify: is for an https URL, and prometheus.url is none: leave it out, or set that",
        "prometheusPassword: is required with prometheus.user: pulumi config set --secret prometheusPassword",
      ],
    ],
    ...[
      "http://127.0.0.1:4318",
      "http://localhost:4318",
      "http://[::1]:4318",
      "http://127.1:4318",
      "http://soar.example:4318",
    ].map((url): [string, Record<string, unknown>, string[]] => [
      `traces into Alloy itself, ${url}`,
      { traces: { url } },
      [`traces.url: ${loop}`],
    ]),
    [
      "traces into a port that was moved there",
      { traces: { url: "http://127.0.0.1:4320", grpcPort: 4320 } },
      [
        `traces.url: ${loop.replace("4318", "4320").replace("HTTP (traces.httpPort)", "gRPC (traces.grpcPort)")}`,
      ],
    ],
    [
      "logs into Alloy's own server",
      { logs: { url: "http://127.0.0.1:12345" }, services: [service] },
      [
        "logs.url: port 12345 is Alloy HTTP (alloy.httpPort), so that Alloy would send to itself: set the address of Loki",
      ],
    ],
    [
      "logs into Pyroscope",
      { logs: { url: "http://localhost:4040" }, services: [service] },
      ["logs.url: port 4040 is Pyroscope HTTP (pyroscope.httpPort): set the address of Loki"],
    ],
    [
      "a full push address",
      { logs: { url: "http://127.0.0.1:3100/loki/api/v1/push" }, services: [service] },
      ["logs.url: must be Loki's base address: leave out /loki/api/v1/push"],
    ],
    [
      "logs of no unit",
      { logs, services: [{ name: "a", port: 9091 }] },
      ["logs.url: has nothing to send: set services[].unit, whose journals it takes"],
    ],
    [
      "a source that is none",
      { logs: { ...logs, source: "file" }, services: [service] },
      ['logs.source: must be "journal", "otlp" or the list [journal, otlp], not "file"'],
    ],
    [
      "no source",
      { logs: { ...logs, source: [] }, services: [service] },
      ["logs.source: must name at least one of journal and otlp"],
    ],
    [
      "journals of no unit beside OTLP",
      { logs: { ...logs, source: ["journal", "otlp"] }, services: [{ name: "a", port: 9091 }] },
      ["logs.source: has journal, and no service has a unit: set services[].unit, or leave journal out"],
    ],
    [
      "a service whose lines come from where none do",
      { logs, services: [{ ...service, logs: "otlp" }] },
      ["services[0].logs: is otlp, and logs.source is not: add it there, or leave it out here"],
    ],
    [
      "a journal of a service without a unit",
      {
        logs: { ...logs, source: ["otlp", "journal"] },
        services: [service, { name: "a", port: 9092, logs: "journal" }],
      },
      ["services[1].logs: is journal, and the service has no unit: set its unit, or leave it out"],
    ],
    [
      "ports for logs beside those for traces",
      { logs: { ...logs, source: "otlp", grpcPort: 4417 }, traces },
      ["logs.grpcPort: is for logs without traces: set traces.grpcPort, which is for both"],
    ],
    [
      "ports for logs that do not come there",
      { logs: { ...logs, httpPort: 4418 }, services: [service] },
      ["logs.httpPort: is for logs by OTLP: add otlp to logs.source, or leave it out"],
    ],
    [
      "logs by OTLP into the port at which they come in",
      { logs: { url: "http://127.0.0.1:4318", source: "otlp" } },
      [
        "logs.url: port 4318 is Alloy OTLP/HTTP (logs.httpPort), so that Alloy would send to itself: set the address of Loki",
      ],
    ],
    [
      "the journal of Alloy itself",
      { logs, services: [{ ...service, unit: "alloy.service" }] },
      [
        "services[0].unit: is part of the way to Loki: its lines about sending would be sent again, without end; leave it out",
      ],
    ],
    [
      "one unit for two services",
      {
        logs,
        services: [{ ...service }, { name: "a", port: 9092 }, { ...service, name: "b", port: 9093 }],
      },
      [
        "services[2].unit: soar-run.service is also the unit of services[0], and its lines can be of one service only: leave it out here",
      ],
    ],
    [
      "two services that are called the same in OpenTelemetry, the second by a name of its own",
      {
        traces,
        services: [
          { name: "a", port: 9091, telemetryName: "run" },
          { name: "b", port: 9092, telemetryName: "run" },
          { name: "c", port: 9093, telemetryName: "d" },
          { name: "d", port: 9094 },
          { name: "run", port: 9095, telemetryName: "e" },
        ],
      },
      [
        'services[1].telemetryName: "run" is also what services[0] is called in OpenTelemetry: give each service its own',
        'services[2].telemetryName: "d" is also what services[3] is called in OpenTelemetry: give each service its own',
      ],
    ],
    [
      "a name in OpenTelemetry that is none",
      { traces, services: [{ name: "a", port: 9091, telemetryName: "a\nb" }] },
      ['services[0].telemetryName: must be the service\'s name in OpenTelemetry, not "a\\nb"'],
    ],
    [
      "a service with the name of a job of ours",
      { prometheus, services: [service, { name: "host", port: 9999, metrics: true }] },
      [
        'services[1].name: "host" is a job of our own in Prometheus: choose another name, or leave out its metrics',
      ],
    ],
    [
      "a service at Prometheus's port",
      { prometheus, services: [{ ...service, port: 9090 }] },
      [
        "services[0].port: soar-run on 127.0.0.1:9090 collides with Prometheus on 127.0.0.1:9090 (prometheus.url): set another port for one of them",
      ],
    ],
    [
      "a service at the OTLP port, with logs of an unknown level",
      { traces, services: [{ ...service, port: 4317 }], logs: { ...logs, level: "trace" } },
      [
        'logs.level: must be one of emerg, alert, crit, err, warning, notice, info, debug, not "trace"',
        "services[0].port: soar-run on 127.0.0.1:4317 collides with Alloy OTLP/gRPC on 127.0.0.1:4317 (traces.grpcPort): set another port for one of them",
      ],
    ],
    [
      "Grafana without a login",
      { grafana: { url: "https://grafana.example" } },
      ["grafanaAuth: is required with grafana.url: pulumi config set --secret grafanaAuth"],
    ],
    [
      "alerts that tell nobody, over nothing",
      { grafana: { url: "https://grafana.example", alerts: {} } },
      [
        "grafana.alerts: are rules over what Prometheus scrapes: set prometheus.url",
        "grafanaAuth: is required with grafana.url: pulumi config set --secret grafanaAuth",
        "grafana.alerts: needs someone to tell: set emails or webhook, or the secret alertsWebhook",
      ],
    ],
    [
      "a tunnel to elsewhere",
      { grafana: { url: "https://grafana.example", tunnel: 3000 } },
      [
        "grafana.tunnel: is for a Grafana on the host's loopback: leave it out, or set grafana.url to such an address",
        "grafanaAuth: is required with grafana.url: pulumi config set --secret grafanaAuth",
      ],
    ],
    [
      "a datasource by what is neither an address nor a uid",
      {
        grafana: {
          url: "https://grafana.example",
          datasources: {
            loki: { uid: "a b" },
            tempo: { url: "http://t" },
            pyroscope: ["x"],
            prometheus: "p",
          },
        },
      },
      [
        "grafana.datasources.pyroscope: must be an address, or {uid: ...} of a datasource that exists, not a list",
        'grafana.datasources.prometheus: must be the address of Prometheus, as Grafana sees it: an http or https URL without user, password, query or fragment, not "p", which has no scheme: write "http://" before it',
        'grafana.datasources.loki.uid: must be the uid of a datasource, of letters, digits, _ and -, at most 40, not "a b"',
        'grafana.datasources.tempo.url: is no setting: did you mean "uid"?',
        "grafanaAuth: is required with grafana.url: pulumi config set --secret grafanaAuth",
      ],
    ],
    [
      "a site without a domain's name",
      { site: { domain: "https://pyroscope.glider.flights/" } },
      [
        'site.domain: must be a domain such as "pyroscope.glider.flights", of letters, digits, - and ., not "https://pyroscope.glider.flights/"',
      ],
    ],
    [
      "a way to turn authentication off without saying so",
      { site: { domain: "a.example", auth: false } },
      ["site.auth: is no setting: known here are domain, tls, allowPush, insecureNoAuthentication"],
    ],
    [
      "a site of a stack that shares a platform",
      { site: { domain: "a.example" }, platform: { stack: "o/p/s" } },
      ["site.domain: is decided by the stack o/p/s, whose platform this one shares: set it there"],
    ],
  ])("%s", (_, values, expected) => {
    expect(issues(values)).toEqual(expected);
  });

  test("alerts without Prometheus", () => {
    const grafana = { url: "https://grafana.example", alerts: { emails: ["ops@example.org"] } };
    const message = "grafana.alerts: are rules over what Prometheus scrapes: set prometheus.url";
    expect(issues({ grafana }, ["grafanaAuth"])).toEqual([message]);
    expect(issues({ grafana, prometheus }, ["grafanaAuth"])).toEqual([]);
  });

  test("a secret that nothing uses", () => {
    const unused = ["logsPassword", "tracesPassword", "grafanaAuth", "alertsWebhook", "siteUsers"];
    expect(issues({}, unused).map((issue) => issue.split(":")[0])).toEqual(unused);
    const open = { domain: "a.example", insecureNoAuthentication: true };
    expect(issues({ site: open }, ["siteUsers"])).toEqual([
      "siteUsers: has no use with site.insecureNoAuthentication: remove one of the two",
    ]);
  });
});

test("logs by OTLP need no unit, have the usual ports, and share those of traces", () => {
  const otlp = { url: "http://127.0.0.1:3100", source: "otlp" };
  const services = [{ name: "a", port: 9091, logs: "otlp" }];
  expect(issues({ logs: otlp, services })).toEqual([]);
  expect(otlpReceiver(accepted({ logs: otlp }))).toEqual({
    setting: "logs",
    grpcPort: 4317,
    httpPort: 4318,
  });
  expect(otlpReceiver(accepted({ logs: { ...otlp, httpPort: 4418 } }))).toMatchObject({ httpPort: 4418 });
  const traces = { url: "http://127.0.0.1:4320", httpPort: 4518 };
  expect(otlpReceiver(accepted({ logs: otlp, traces }))).toEqual({
    setting: "traces",
    grpcPort: 4317,
    httpPort: 4518,
  });
  expect(otlpReceiver(accepted())).toBeUndefined();
  expect(warnings({ logs: otlp, services: [service] })).toEqual([
    "services[].unit: is set (soar-run), and no journal is sent anywhere: add journal to logs.source, or leave it out",
  ]);
});

test("one unit for two services is fine while no logs are sent", () => {
  expect(issues({ services: [service, { ...service, name: "b", port: 9093 }] })).toEqual([]);
});

test("the users of the site are lines of htpasswd", () => {
  const hash = `$2y$10$${"a".repeat(53)}`;
  expect(siteUsersProblem(`anna:${hash}\nben:${hash}\n`)).toBeUndefined();
  expect(siteUsersProblem(`anna:${hash}\nben:secret`)).toMatch(/^line 2 must be "NAME:BCRYPT-HASH"/);
  expect(siteUsersProblem(`anna:${hash}\nanna:${hash}`)).toBe("line 2 names a user a second time");
  expect(siteUsersProblem(`{:${hash}`)).toMatch(/^line 1/);
  expect(siteUsersProblem("\n")).toBe("must have a line for each user");
});

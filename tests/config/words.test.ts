import { describe, expect, test } from "vitest";
import { accepted, hostKey, issues, least, warnings } from "./sample";

const service = { name: "soar-run", port: 9091 };
const changed = (change: object): Record<string, unknown> => ({ services: [{ ...service, ...change }] });
const host = (change: object): Record<string, unknown> => ({ host: { ...least.host, ...change } });

const duration = 'a duration such as "15s", "1h30m" or "30d" (units d, h, m, s; whole numbers; not zero)';
const size = 'a size such as "20GiB" or "512MiB" (units TiB, GiB, MiB, KiB, B; a whole number; not zero)';
const version =
  'the exact version of the Debian package, such as "1.21.1" or "1.21.1-1" (see: apt-cache madison NAME)';
const url = "an http or https URL without user, password, query or fragment";
const jump = 'a map as {address: "...", user: "...", port: 22, hostKey: "ssh-ed25519 AAAA..."}';
const keyForm =
  'must be "TYPE BASE64" as in /etc/ssh/ssh_host_ed25519_key.pub, or a line of ssh-keyscan, of type ssh-ed25519 or ' +
  "ecdsa-sha2-nistp256, 384 or 521";
const user = "a user name of letters, digits, ., _ and -, at most 32, a letter or _ first";
const address = "the host's name or IP address, without user and port";

/** A row is a configuration and all that is told of it. */
describe("the words for", () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    // A number where a text is wanted.
    [
      "60",
      changed({ interval: 60 }),
      [`services[0].interval: must be ${duration}, not the number 60: write it in quotes`],
    ],
    [
      "a size in bytes",
      { pyroscope: { diskBudget: 21474836480 } },
      [`pyroscope.diskBudget: must be ${size}, not the number 21474836480: write it in quotes`],
    ],
    [
      "a version as a number",
      { alloy: { version: 1.13 } },
      [`alloy.version: must be ${version}, not the number 1.13: write it in quotes`],
    ],
    ["half a version", { alloy: { version: "1.13" } }, [`alloy.version: must be ${version}, not "1.13"`]],
    [
      "a commit of digits",
      changed({ gitRef: 1234567 }),
      ["services[0].gitRef: must be a git reference, not the number 1234567: write it in quotes"],
    ],
    [
      "true as a label",
      changed({ labels: { debug: true } }),
      ["services[0].labels.debug: must be a label's value, not empty, as text, not true: write it in quotes"],
    ],
    ["nothing", changed({ gitRef: null }), ["services[0].gitRef: is empty: set a git reference"]],
    // Text where a map or a list is wanted.
    ["a jump host as text", host({ jump: "me@bastion" }), [`host.jump: must be ${jump}, not "me@bastion"`]],
    [
      "Prometheus as text",
      { prometheus: "http://127.0.0.1:9090" },
      ['prometheus: must be a map with at least url, not "http://127.0.0.1:9090"'],
    ],
    ["services as a map", { services: { a: 1 } }, ["services: must be a list of services, not a map"]],
    [
      "a host as text",
      { host: "a.example" },
      ['host: must be a map with at least address and hostKey, not "a.example"'],
    ],
    // URLs.
    [
      "no scheme",
      { repository: { url: "127.0.0.1:8080" } },
      [
        `repository.url: must be the repository's address: ${url}, not "127.0.0.1:8080", which has no scheme: write "http://" before it`,
      ],
    ],
    [
      "another scheme",
      { repository: { url: "ftp://a.example" } },
      [`repository.url: must be the repository's address: ${url}, not "ftp://a.example"`],
    ],
    [
      "a password in a URL, which is not shown",
      { repository: { url: "https://me:s3cret@a.example/?k=s3cret" } },
      [
        `repository.url: must be the repository's address: ${url}: this one has a user and a password and a query`,
      ],
    ],
    // Addresses, names.
    ["no IP address", host({ address: "300.1.1.1" }), [`host.address: must be ${address}, not "300.1.1.1"`]],
    [
      "a user before it",
      host({ address: "me@a.example" }),
      [`host.address: must be ${address}, not "me@a.example"`],
    ],
    ["a user with a space", host({ user: "john doe" }), [`host.user: must be ${user}, not "john doe"`]],
    [
      "a site at an IP address",
      { site: { domain: "192.0.2.1" } },
      [
        "site.domain: is an IP address, for which a public authority signs nothing by itself: set a domain, or site.tls to internal",
      ],
    ],
    [
      "the SSH server's port",
      changed({ port: 22 }),
      [
        "services[0].port: soar-run on 127.0.0.1:22 collides with the SSH server on 0.0.0.0:22 (host.port): set another port for one of them",
      ],
    ],
    // Host keys.
    [
      "a key in wrong spelling, once",
      { host: { address: "a.example", hostkey: hostKey } },
      ['host.hostkey: is no setting: did you mean "hostKey"?'],
    ],
    [
      "two host keys",
      host({ hostKey: `${hostKey}\n${hostKey}` }),
      ["host.hostKey: must be one key, and has 2 lines: take one of them"],
    ],
    [
      "an RSA key",
      host({ hostKey: "a.example ssh-rsa AAAA" }),
      [`host.hostKey: ${keyForm}; this one is of type ssh-rsa`],
    ],
    [
      "a key cut off",
      host({ hostKey: hostKey.slice(0, 40) }),
      [`host.hostKey: ${keyForm}; this one was cut off, or is not of the type that it names`],
    ],
    // Times.
    [
      "a profile a year",
      changed({ interval: "8760h" }),
      ["services[0].interval: must be at most 1d: a service is silent to the alerts after three of them"],
    ],
    [
      "a profile that is gone before the next",
      { ...changed({ interval: "2h" }), pyroscope: { retention: "1h" } },
      ["services[0].interval: 2h is not shorter than pyroscope.retention, 1h: set a shorter one"],
    ],
    [
      "a profile too old when it is done",
      changed({ interval: "3h", duration: "1h" }),
      ["services[0].duration: must be less than 1h: Pyroscope takes no profile that began an hour ago"],
    ],
    // All at once.
    [
      "a wrong receiver, and a webhook that is a secret",
      {
        prometheus: { url: "http://127.0.0.1:9090" },
        grafana: {
          url: "http://a.example",
          alerts: { emails: ["nobody"], webhook: "https://h.example/x?token=s3cret" },
        },
      },
      [
        'grafana.alerts.emails[0]: must be an email address, not "nobody"',
        `grafana.alerts.webhook: must be the address of the webhook: ${url}: this one has a query, so that it is rather a secret: remove it here, and pulumi config set --secret alertsWebhook`,
        "grafanaAuth: is required with grafana.url: pulumi config set --secret grafanaAuth",
      ],
    ],
    [
      "a wrong Grafana, with what goes with it",
      { grafana: { url: "grafana.example", tunel: 1, alerts: { emails: "a@b.example" } } },
      [
        'grafana.alerts.emails: must be a list of email addresses, not "a@b.example"',
        `grafana.url: must be the address of Grafana: ${url}, not "grafana.example", which has no scheme: write "https://" before it`,
        'grafana.tunel: is no setting: did you mean "tunnel"?',
        "grafana.alerts: are rules over what Prometheus scrapes: set prometheus.url",
        "grafanaAuth: is required with grafana.url: pulumi config set --secret grafanaAuth",
      ],
    ],
    [
      "wrong logs, with what goes with them",
      { ...changed({ unit: "alloy.service" }), logs: { url: "loki:3100", user: "u", level: "all" } },
      [
        `logs.url: must be the address of Loki: ${url}, not "loki:3100", which has no scheme: write "http://" before it`,
        'logs.level: must be one of emerg, alert, crit, err, warning, notice, info, debug, not "all"',
        "services[0].unit: is part of the way to Loki: its lines about sending would be sent again, without end; leave it out",
        "logsPassword: is required with logs.user: pulumi config set --secret logsPassword",
      ],
    ],
    [
      "a wrong Pyroscope, with its other ports",
      { ...changed({ port: 4040 }), pyroscope: { httpPort: "4050", grpcPort: 12345, raftPort: 1 } },
      [
        'pyroscope.httpPort: must be a port number from 1 to 65535, not the text "4050": write it without quotes',
        "pyroscope.raftPort: belongs to Pyroscope 2.x: leave it out",
        "alloy.httpPort: Alloy HTTP on 127.0.0.1:12345 collides with Pyroscope gRPC on 127.0.0.1:12345 (pyroscope.grpcPort): set another port for one of them",
      ],
    ],
    [
      "a wrong service, with what is right of it",
      {
        services: [
          { ...service, interval: "1" },
          { name: "soar-run", port: 9091, profiles: "cpu" },
        ],
      },
      [
        `services[0].interval: must be ${duration}, not "1"`,
        'services[1].profiles: must be a list of "cpu" and "heap", not "cpu"',
        'services[1].name: "soar-run" is also services[0]: give each service its own name',
        "services[1].port: soar-run on 127.0.0.1:9091 collides with soar-run on 127.0.0.1:9091 (services[0].port): set another port for one of them",
      ],
    ],
  ])("%s", (_, values, told) => {
    expect(issues(values).sort()).toEqual(told.sort());
  });

  test.each<[string, Record<string, unknown>, string[]]>([
    [
      "no services",
      {},
      [
        "services: has no service, so that nothing is profiled, and only the platform is set up: set at least one, with name and port",
      ],
    ],
    [
      "metrics that nothing scrapes",
      changed({ metrics: true }),
      ["services[].metrics: is set (soar-run), and nothing scrapes it: set prometheus.url, or leave it out"],
    ],
    [
      "a unit whose journal goes nowhere",
      changed({ unit: "soar-run.service" }),
      ["services[].unit: is set (soar-run), and no journal is sent anywhere: set logs.url, or leave it out"],
    ],
    [
      "a name in OpenTelemetry that Alloy adds to no span",
      changed({ telemetryName: "run" }),
      [
        "services[].telemetryName: is set (soar-run), and nothing comes by OTLP through Alloy, which adds the name to it: set traces.url, or leave it out",
      ],
    ],
    ["no services, where others send profiles to", { site: { domain: "x.example", allowPush: true } }, []],
    ["what is of use", changed({}), []],
  ])("%s, which is accepted", (_, values, told) => {
    expect(warnings(values)).toEqual(told);
  });
});

describe("accepted", () => {
  test.each([
    ["a line of ssh-keyscan", `soar.example ${hostKey}`],
    ["one with a port", `[soar.example]:2222 ${hostKey}`],
    [
      "one with a comment before it, and an end",
      `# soar.example:22 SSH-2.0-OpenSSH_9.9\nsoar.example ${hostKey}\n`,
    ],
    ["a hashed one", `|1|c2FsdA==|aGFzaA== ${hostKey}`],
    ["one with a comment behind it", `${hostKey} root@soar`],
  ])("%s", (_, text) => {
    expect(accepted(host({ hostKey: text })).host.hostKey).toBe(hostKey);
  });

  test.each(["john.doe", "John", "_x", "a-b"])("the login %s", (user) => {
    expect(accepted(host({ user })).host.user).toBe(user);
  });

  test("a domain with capitals and a final dot", () => {
    expect(accepted({ site: { domain: "Pyroscope.Glider.Flights." } }).site?.domain).toBe(
      "pyroscope.glider.flights",
    );
    expect(accepted(host({ address: "glider.flights." })).host.address).toBe("glider.flights");
  });

  test("the SSH server among the other listeners", () => {
    expect(issues({ otherListeners: [{ name: "sshd", port: 22 }] })).toEqual([]);
  });
});

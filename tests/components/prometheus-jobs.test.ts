import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import type { Registered } from "./mocks";
import { minimal, stackOf } from "./stack";

const base = {
  ...minimal,
  environment: "production",
  services: [
    { name: "soar-run", port: 9091, metrics: true },
    { name: "soar-web", port: 9092 },
  ],
};

/** The declaration that the host gets for Prometheus, without the files' content. */
function declarationIn(resources: Registered[]): string[] {
  const found = resources.find(({ name }) => name === "soar-prometheus-config-files");
  expect(found?.inputs["create"]).toContain("service-config apply prometheus");
  expect(found?.inputs["delete"]).toContain("service-config remove prometheus");
  return String(found?.inputs["stdin"])
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("  "));
}

const url = "http://127.0.0.1:9090/prometheus";
const file = (path: string): string => `file 0640 root:prometheus reload /etc/prometheus/${path}.yml`;

describe("the jobs of a stack with a platform of its own", () => {
  it("are one transaction on the host's own unit, with a file a target", async () => {
    const declared = declarationIn(await stackOf({ ...base, prometheus: { url } }));
    expect(declared).toEqual([
      "unit prometheus.service",
      "user prometheus",
      "host-unit yes",
      "tree /etc/prometheus",
      "validate promtool check config /etc/prometheus/prometheus.yml",
      `ask /usr/local/lib/soar-profiling/production/prometheus-admits ${url}`,
      `reload /usr/local/lib/soar-profiling/production/prometheus-reload ${url}`,
      `health 60 /usr/local/lib/soar-profiling/production/prometheus-ready ${url}`,
      `inforce prometheus-in-force ${url} /etc/prometheus/prometheus.yml ` +
        ["alloy", "host", "pyroscope", "soar-run"]
          .map((job) => `/etc/prometheus/jobs/production-${job}.yml `)
          .join("") +
        "/etc/prometheus/rules/production-profiling.yml",
      "directory /etc/prometheus/jobs 0750 root:prometheus",
      "directory /etc/prometheus/rules 0750 root:prometheus",
      'entry /etc/prometheus/prometheus.yml scrape_config_files "/etc/prometheus/jobs/*.yml"',
      'entry /etc/prometheus/prometheus.yml rule_files "/etc/prometheus/rules/*-profiling.yml"',
      ...["alloy", "host", "pyroscope", "soar-run"].map((name) => file(`jobs/production-${name}`)),
      file("rules/production-profiling"),
      "end",
    ]);
  });

  it("are asked for with a user and a password from a file that only root reads", async () => {
    const https = "https://localhost:9090";
    const login = "/etc/prometheus/soar-profiling-login/production.curl";
    const prometheus = { url: https, user: "soar", insecureSkipVerify: true };
    const resources = await stackOf(
      { ...base, prometheus },
      { prometheusPassword: pulumi.secret('pass" \\word') },
    );
    const found = resources.find(({ name }) => name === "soar-prometheus-config-files");
    const { secret: text = "" } = found?.inputs["stdin"] as { secret?: string };
    expect(found?.inputs["logging"]).toBe("none");
    expect(text.split("\n")).toEqual(
      expect.arrayContaining([
        "secret yes",
        `ask /usr/local/lib/soar-profiling/production/prometheus-admits ${https} ${login}`,
        `reload /usr/local/lib/soar-profiling/production/prometheus-reload ${https} ${login}`,
        `health 60 /usr/local/lib/soar-profiling/production/prometheus-ready ${https} ${login}`,
        "directory /etc/prometheus/soar-profiling-login 0750 root:prometheus",
        `file 0600 root:root none ${login}`,
        '  user = "soar:pass\\" \\\\word"',
        "  insecure",
      ]),
    );
    expect(text).toContain(
      `inforce prometheus-in-force -K ${login} ${https} /etc/prometheus/prometheus.yml `,
    );
  });

  it("are looked for among those of a Prometheus with a password, which the preflight has on its standard input alone", async () => {
    const setup = async (prometheus: object, secrets = {}): Promise<Record<string, unknown> | undefined> => {
      const resources = await stackOf({ ...base, prometheus }, secrets);
      return resources.find(({ name }) => name === "soar-host-setup")?.inputs;
    };
    const before = await setup({ url });
    expect(before?.["stdin"]).not.toContain("scraped_login=");
    const secrets = { prometheusPassword: pulumi.secret("pass-word") };
    const inputs = await setup({ url, user: "soar" }, secrets);
    const { secret: text } = inputs?.["stdin"] as { secret?: string };
    const header = "# Managed by soar-profiling (environment production): changes made here are overwritten.";
    expect(text).toContain(
      `scraped_login=$(cat <<'end of login'\n${header}\nuser = "soar:pass-word"\nend of login\n)\n`,
    );
    expect(inputs?.["create"]).toBe(before?.["create"]);
    const unchecked = await setup({ url: "https://localhost:9090", insecureSkipVerify: true });
    expect(unchecked?.["stdin"]).toContain(`<<'end of login'\n${header}\ninsecure\nend of login\n`);
  });

  it("are told by file_sd where that is chosen", async () => {
    const declared = declarationIn(await stackOf({ ...base, prometheus: { url, discovery: "file_sd" } }));
    expect(
      declared.filter((line) => /^(entry|directory|file) /.test(line) && !line.includes("rule")),
    ).toEqual([
      "directory /etc/prometheus/soar-profiling-targets 0750 root:prometheus",
      'entry /etc/prometheus/prometheus.yml scrape_configs { "job_name": "soar-profiling", "scrape_interval": "15s", "file_sd_configs": ' +
        '[ { "files": [ "/etc/prometheus/soar-profiling-targets/*.yml" ] } ] }',
      ...["alloy", "host", "pyroscope", "soar-run"].map((name) =>
        file(`soar-profiling-targets/production-${name}`),
      ),
    ]);
  });

  it("need a Prometheus that is new enough for them", async () => {
    const check = async (prometheus: object): Promise<unknown> =>
      (await stackOf({ ...base, prometheus }))[0]?.inputs["create"];
    expect(await check({ url })).toContain(
      " program Prometheus 'prometheus --version' 2.43.0 'install that one (Debian 13 has it), or set prometheus.discovery to file_sd'",
    );
    expect(await check({ url, discovery: "file_sd" })).toContain(
      " program Prometheus 'prometheus --version' 0 'apt-get install prometheus, or leave out prometheus'",
    );
    expect(await check({})).not.toContain("Prometheus");
  });

  it("come with the host's metrics, which Alloy serves only then", async () => {
    const platform = async (values: object): Promise<unknown> =>
      (await stackOf({ ...base, ...values })).find(({ name }) => name === "soar-platform-alloy-config-files")
        ?.inputs["stdin"];
    expect(await platform({ prometheus: { url } })).toContain('prometheus.exporter.unix "platform"');
    expect(await platform({})).not.toContain("prometheus.exporter.unix");
  });

  it("are without Pyroscope where that is remote", async () => {
    const pyroscope = { remote: { url: "https://profiles.example" } };
    const declared = declarationIn(await stackOf({ ...base, prometheus: { url }, pyroscope }));
    expect(declared.filter((line) => line.startsWith("file "))).toEqual([
      ...["alloy", "host", "soar-run"].map((name) => file(`jobs/production-${name}`)),
      file("rules/production-profiling"),
    ]);
  });
});

describe("the jobs of a stack on the platform of another", () => {
  const platform = {
    environment: "live",
    alloy: { version: "1.10.0-1", httpPort: 12345 },
    pyroscopeUrl: "http://127.0.0.1:4040",
    authenticates: false,
  };
  const references = { "o/p/prod": { platform } };

  it("are those of its services only", async () => {
    const resources = await stackOf(
      { ...base, platform: { stack: "o/p/prod" }, prometheus: { url } },
      {},
      references,
    );
    expect(declarationIn(resources).filter((line) => line.startsWith("file "))).toEqual([
      file("jobs/production-soar-run"),
      file("rules/production-profiling"),
    ]);
  });

  it("may be none: then there is nothing to watch either", async () => {
    const resources = await stackOf(
      { ...base, platform: { stack: "o/p/prod" }, prometheus: { url }, services: [] },
      {},
      references,
    );
    expect(declarationIn(resources).filter((line) => /^(file|entry) /.test(line))).toEqual([
      'entry /etc/prometheus/prometheus.yml scrape_config_files "/etc/prometheus/jobs/*.yml"',
    ]);
  });
});

it("no rule is about the metrics of a service that may be away, which are scraped", async () => {
  const pull = { name: "soar-pull-data", port: 9093, profiles: [], metrics: true, schedule: "intermittent" };
  const resources = await stackOf({ ...base, services: [...base.services, pull], prometheus: { url } });
  const found = resources.find(({ name }) => name === "soar-prometheus-config-files");
  const text = String(found?.inputs["stdin"]);
  expect(text).toContain("job_name: production-soar-pull-data");
  expect(text).toContain('job=~"alloy|host|pyroscope|soar-run"');
});

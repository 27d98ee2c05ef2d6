import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { renderScrapeJob, renderTargetFile } from "../../render/prometheus/jobs";
import { renderPyroscope } from "../../render/pyroscope";
import { parseDuration } from "../../config/units";

const scripts = path.join(__dirname, "../../components/scripts");
const hostScripts = path.join(__dirname, "../../components/host/scripts");

let directory: string;
let server: Server;
let url: string;
let answers: Record<string, string>;

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), "in-force-"));
  answers = {};
  server = createServer((request, response) => {
    const answer = answers[request.url ?? ""];
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

function file(name: string, content: string): string {
  const place = path.join(directory, name);
  writeFileSync(place, content, { mode: 0o755 });
  return place;
}

/** What a script finds, with the directory left out of the names. */
async function findings(script: string, ...args: string[]): Promise<string[]> {
  const run = (resolve: (lines: string[]) => void, reject: (error: Error) => void): void => {
    const env = { PATH: `${directory}:${hostScripts}:/usr/bin:/bin` };
    execFile("perl", ["-w", path.join(scripts, script), ...args], { env }, (error, stdout, stderr) => {
      if (error !== null || stderr !== "") reject(error ?? new Error(stderr));
      else
        resolve(
          stdout
            .replaceAll(`${directory}/`, "")
            .split("\n")
            .filter((line) => line !== ""),
        );
    });
  };
  return new Promise(run);
}

const now = (): number => Math.floor(Date.now() / 1000);

describe("pyroscope-in-force", () => {
  const settings = { version: "1.21.1-1", httpPort: 4040, grpcPort: 4041, raftPort: 9099 };
  const config = (retention: string): string =>
    renderPyroscope({ ...settings, retention: parseDuration(retention) });

  it("takes what Pyroscope makes of the durations and numbers of a file for the same", async () => {
    answers["/api/v1/status/config"] =
      config("720h")
        .replaceAll("720h", "30d")
        .replace("721h", "30d1h")
        .replace("4194304", "4.194304e+06")
        .replace(/^( +- action: labeldrop)$/m, "    - separator: ;\n      action: labeldrop")
        .replace(/^\s+- (127.0.0.1)$/m, "  - $1") + "usage: |\n  target: none\nother: {}\n";
    expect(await findings("pyroscope-in-force", url, file("config.yml", config("30d")))).toEqual([]);
  });

  it("names each setting that the process does not run with", async () => {
    answers["/api/v1/status/config"] = config("720h")
      .replace("compactor_blocks_retention_period: 720h", "compactor_blocks_retention_period: 0s")
      .replace("http_listen_address: 127.0.0.1", 'http_listen_address: ""')
      .replace(/ingestion_relabeling_rules:\n(\s+[- ] .*\n?)*/, "ingestion_relabeling_rules: []\n");
    const found = await findings("pyroscope-in-force", url, file("config.yml", config("30d")));
    expect(found).toEqual([
      "differs Pyroscope runs with no server.http_listen_address, not with 127.0.0.1",
      "differs Pyroscope runs with limits.compactor_blocks_retention_period 0s, not with 720h",
      expect.stringMatching(
        /^differs Pyroscope runs with no limits.ingestion_relabeling_rules\[0\].action, /,
      ),
      expect.stringMatching(/^differs Pyroscope runs with no limits.ingestion_relabeling_rules\[0\].regex, /),
    ]);
  });

  it("tells a few of many", async () => {
    answers["/api/v1/status/config"] = config("720h").replace(/: (\S+)$/gm, ": x$1");
    const found = await findings("pyroscope-in-force", url, file("config.yml", config("30d")));
    expect(found).toHaveLength(6);
    expect(found[5]).toMatch(/^differs \d\d more of its settings, which are other than in config.yml$/);
  });

  it.each([
    ["nothing", undefined, "no answer from"],
    ["something else", "<html>\n", "tells nothing of"],
  ])("fails where what answers is %s", async (_, answer, message) => {
    if (answer !== undefined) answers["/api/v1/status/config"] = answer;
    await expect(findings("pyroscope-in-force", url, file("config.yml", config("30d")))).rejects.toThrow(
      message,
    );
  });
});

describe("alloy-in-force", () => {
  const text = [
    '// pyroscope.scrape "comment" {',
    'logging { level = "warn" }',
    'pyroscope.write "w" {',
    '\tendpoint { url = "http://x/{}" }',
    "}",
    '/* loki.write "comment" {',
    "} */",
    'declare "own" { argument "a" { } local.file "inner" { filename = `}"` } }',
    'own "one" { a = [{"x" = "\\"{"}] }',
    'import.file "f" { filename = "x" }',
    'f.thing "two" { }',
    "",
  ].join("\n");
  const names = ["pyroscope.write.w", "own.one", "f.thing.two"];
  const component = (localID: string, state = "healthy"): object => ({
    name: "x",
    localID,
    moduleID: "",
    referencesTo: ["pyroscope.write.w"],
    health: { state, message: 'a "quoted" \\ text \u00e9', updatedTime: "2026-01-01T00:00:00Z" },
  });
  const metrics = (hash: string, time: number): string =>
    `# HELP x\nalloy_config_hash{cluster_name="",sha256="${hash}"} 1\nalloy_config_last_load_success_timestamp_seconds ${time}\n`;
  const digest = (...texts: string[]): string => createHash("sha256").update(texts.join("")).digest("hex");

  beforeEach(() => {
    answers["/api/v0/web/components"] = JSON.stringify([...names, "other.x"].map((name) => component(name)));
  });

  it("finds the components of a file in Alloy's answer, and its text by the digest", async () => {
    answers["/metrics"] = metrics(digest(text), 1.5e9);
    expect(await findings("alloy-in-force", url, file("a.alloy", text))).toEqual([]);
  });

  it("names what is missing, and what is not healthy", async () => {
    answers["/metrics"] = metrics(digest(text), 1.5e9);
    answers["/api/v0/web/components"] = JSON.stringify([
      component("own.one", "unhealthy"),
      component(names[0] ?? ""),
    ]);
    expect(await findings("alloy-in-force", url, file("a.alloy", text))).toEqual([
      "differs own.one of a.alloy is unhealthy in Alloy: journalctl -u alloy tells why",
      "differs the component f.thing.two of a.alloy is not among those that Alloy runs",
    ]);
  });

  it("names a file that was changed since it was loaded, and leaves those of others alone", async () => {
    const own = file("a.alloy", text);
    answers["/metrics"] = metrics(digest("another"), now() - 60);
    expect(await findings("alloy-in-force", url, own)).toEqual([
      "differs Alloy has not loaded a.alloy since it was changed",
    ]);
    answers["/metrics"] = metrics(digest(text), now() + 1);
    file("b.alloy", "// of someone else, not loaded yet\n");
    expect(await findings("alloy-in-force", url, own)).toEqual([]);
  });

  it("reads the answer of 1000 components in some seconds, also where much else runs", async () => {
    const many = Array.from({ length: 1000 }, (_, i) => `pyroscope.scrape.s${i}`);
    answers["/api/v0/web/components"] = JSON.stringify(
      [...many, ...names].map((name) => ({
        ...component(name),
        referencedBy: name === names[0] ? many : [],
      })),
    );
    const large =
      text + many.map((name) => name.replace(/^(.*)\.(\w+)$/, '$1 "$2" {\n\ttargets = []\n}\n')).join("");
    answers["/metrics"] = metrics(digest(large), 1.5e9);
    const place = file("a.alloy", large);
    const begin = performance.now();
    expect(await findings("alloy-in-force", url, place)).toEqual([]);
    expect(performance.now() - begin).toBeLessThan(5000);
  });
});

describe("prometheus-in-force", () => {
  const target = {
    name: "soar-run",
    address: "127.0.0.1:9091",
    path: "/metrics",
    interval: parseDuration("15s"),
    labels: {},
  };
  const rules = `# ours\ngroups:\n  - name: test-profiling\n    rules:\n      - alert: A\n        expr: up == 0\n      - record: "b:c"\n        expr: |\n          sum(x)\n            > 1\n`;
  const active = (scrapePool: string, more: object = {}): object => ({
    discoveredLabels: {
      __address__: "127.0.0.1:9091",
      job: "soar-run",
      environment: "test",
      service_name: "soar-run",
      ...more,
    },
    scrapePool,
    labels: { instance: "127.0.0.1:9091" },
  });
  let main: string;

  const answer = (config: string, targets: object[], groups: object[], loaded = now() - 60): void => {
    answers["/metrics"] = `prometheus_config_last_reload_success_timestamp_seconds ${loaded}\n`;
    answers["/api/v1/status/config"] = JSON.stringify({ data: { yaml: config } });
    answers["/api/v1/targets?state=active"] = JSON.stringify({ data: { activeTargets: targets } });
    answers["/api/v1/rules"] = JSON.stringify({ data: { groups } });
    answers["/api/v1/status/flags"] = JSON.stringify({ data: { "config.file": main } });
  };
  beforeEach(() => {
    main = file("prometheus.yml", "");
  });

  it("finds a job, its target and the rules", async () => {
    const job = file("j.yml", renderScrapeJob("test", target));
    const rule = file("r.yml", rules);
    const group = { name: "test-profiling", file: rule, rules: [{ name: "A" }, { name: "b:c" }] };
    const config = `global:\n  a: 1\nscrape_config_files:\n- ${directory}/j*.yml\nrule_files:\n- "r.yml"\n`;
    answer(config, [active("test-soar-run")], [group], now() + 1);
    expect(await findings("prometheus-in-force", url, main, job, rule)).toEqual([]);
    answer(config, [], [{ ...group, rules: [{ name: "A" }] }], now() + 1);
    expect(await findings("prometheus-in-force", url, main, job, rule), "targets take their time").toEqual([
      "differs the rules of r.yml are not in Prometheus: b:c",
    ]);
  });

  it("names a file that is not taken in, or was changed since", async () => {
    const job = file("j.yml", renderScrapeJob("test", target));
    answer("scrape_configs:\n- job_name: x\n", [active("test-soar-run")], []);
    expect(await findings("prometheus-in-force", url, main, job)).toEqual([
      "differs Prometheus runs with a configuration that does not take in j.yml",
    ]);
    answer("scrape_config_files: \n- j.yml\n", [active("test-soar-run")], []);
    expect(await findings("prometheus-in-force", url, main, job)).toEqual([
      "differs Prometheus has not loaded j.yml since it was changed",
    ]);
  });

  it("says when it runs on another file, which no reload changes", async () => {
    const job = file("j.yml", renderScrapeJob("test", target));
    answer("scrape_configs:\n- job_name: x\n", [], []);
    const other = file("other.yml", "");
    answers["/api/v1/status/flags"] = JSON.stringify({ data: { "config.file": other } });
    expect(await findings("prometheus-in-force", url, main, job)).toContain(
      "foreign Prometheus runs on other.yml, not on prometheus.yml: start it with that (--config.file), or leave out prometheus",
    );
  });

  it("finds targets of file_sd_configs by their labels", async () => {
    const list = file("t.yml", renderTargetFile("test", target));
    const config = `scrape_configs:\n- job_name: prometheus\n- job_name: soar-profiling\n  file_sd_configs:\n  - files:\n    - ${directory}/t.yml\n    refresh_interval: 5m\n`;
    answer(config, [], []);
    expect(await findings("prometheus-in-force", url, main, list)).toEqual([]);
  });
});

describe("caddy-in-force", () => {
  const domain = "pyroscope.example";
  const config = (...hosts: string[]): object => ({
    apps: {
      http: {
        servers: {
          srv0: {
            listen: [":443"],
            routes: hosts.map((host) => ({
              match: [{ host: [host] }],
              handle: [{ handler: host, x: { b: 1, a: null } }],
            })),
          },
        },
      },
    },
  });
  const adapted = (value: object): void => {
    const text = JSON.stringify({ admin: { listen: url.replace("http://", "") }, ...value });
    file("caddy", `#!/bin/sh\nprintf '%s' '${text}'\n`);
  };

  it("compares the site with what the files say, and no other", async () => {
    adapted(config("other.example", domain));
    answers["/config/"] = JSON.stringify(config(domain, "third.example"));
    expect(await findings("caddy-in-force", "/etc/caddy/Caddyfile", domain)).toEqual([]);
    answers["/config/"] = JSON.stringify(config("third.example"));
    expect(await findings("caddy-in-force", "/etc/caddy/Caddyfile", domain)).toEqual([
      `differs Caddy does not serve ${domain}`,
    ]);
    answers["/config/"] = JSON.stringify(config(domain)).replace("null", "true");
    expect(await findings("caddy-in-force", "/etc/caddy/Caddyfile", domain)).toEqual([
      `differs Caddy serves ${domain} otherwise than the files of /etc/caddy/Caddyfile say`,
    ]);
  });

  it("names an admin API that is off", async () => {
    adapted({ ...config(domain), admin: { disabled: true } });
    expect(await findings("caddy-in-force", "/etc/caddy/Caddyfile", domain)).toEqual([
      expect.stringMatching(/^foreign \/etc\/caddy\/Caddyfile has the option `admin off`/),
    ]);
  });
});

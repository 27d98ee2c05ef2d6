import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readScript } from "../../components/host/scripts";
import { platformPast } from "../../components/past";
import { renderCurlOptions } from "../../render/prometheus/curl-options";
import { scratchDirectory } from "./scratch";
import { minimal, settingsOf } from "./stack";

const ours = "# Managed by soar-profiling (environment prod): changes made here are overwritten.\n";

describe("the components of Alloy that a stack has", () => {
  const components = (logs: object): readonly string[] => {
    const services = [{ name: "soar-run", port: 9091, unit: "soar-run.service" }];
    const settings = settingsOf({ ...minimal, services, logs: { url: "http://127.0.0.1:3100", ...logs } });
    return platformPast(settings).unread[0]?.components ?? [];
  };

  test("are those of the journal only where the lines come from there", () => {
    const ofJournal = ["loki.source.journal", "loki.relabel"];
    expect(components({})).toEqual(expect.arrayContaining(ofJournal));
    expect(components({ source: ["journal", "otlp"] })).toEqual(expect.arrayContaining(ofJournal));
    const byOtlp = components({ source: "otlp" });
    expect(byOtlp.filter((kind) => ofJournal.includes(kind))).toEqual([]);
    expect(byOtlp).toEqual(expect.arrayContaining(["loki.write", "otelcol.receiver.otlp"]));
  });
});

describe("what a host has from before", () => {
  const place = scratchDirectory();

  const words = (call: string, ...args: string[]): string[] => [
    "-c",
    `set -eu; sudo=; finding() { echo "finding: $1"; }; note() { echo "note: $1"; }; ${readScript("past.sh")}\n${call}`,
    "sh",
    ...args,
  ];
  const told = (call: string, ...args: string[]): string =>
    execFileSync("sh", words(call, ...args), { encoding: "utf8" });
  const file = (name: string, text: string): string => {
    mkdirSync(path.dirname(place(name)), { recursive: true });
    writeFileSync(place(name), text);
    return place(name);
  };

  test("a file is replaced where it is somebody else's", () => {
    const [theirs, own] = [file("a", "x\n"), file("b", ours)];
    const check = 'check_replaced "$1"';
    expect(told(check, theirs)).toBe(
      `note: ${theirs} is there: it will be replaced, and comes back with a destroy\n`,
    );
    expect(told(check, own)).toBe("");
    expect(told(check, place("none"))).toBe("");
    // What a package brought and nobody has changed: every Debian has this one.
    expect(told(check, "/etc/debian_version")).toBe("");
  });

  test("a source of apt at the place of ours makes way, or is a finding where it cannot", () => {
    const found = (...lines: string[]): string =>
      told(
        'make_room() { printf "%s\\n" "$lines"; }; lines=$1; check_source https://apt.test stable /etc/apt/keyrings/none.asc',
        lines.join("\n"),
      );
    expect(found("taken /etc/apt/sources.list.d/grafana.list")).toBe(
      "note: /etc/apt/sources.list.d/grafana.list has https://apt.test stable, signed by another key file than " +
        "/etc/apt/keyrings/none.asc, which apt refuses: the stack's source takes its place, and it comes back with a destroy\n",
    );
    expect(found("refused /etc/apt/sources.list it is a link", "unreadable Conflicting values")).toBe(
      "finding: /etc/apt/sources.list has https://apt.test stable already, which apt refuses beside the stack's source, and which " +
        "cannot make way (it is a link): remove it there\n" +
        "finding: the sources of apt contradict each other, or would with the stack's: Conflicting values\n",
    );
  });

  test("of a configuration of Alloy, what has no successor is named", () => {
    const old = file(
      "config.alloy",
      'logging {\n  level = "info"\n}\notelcol.receiver.otlp "default" {\n  http {\n  }\n}\n' +
        'otelcol.exporter.loki "a" { }\nprometheus.exporter.self "a" {}\nloki.write   "b" {\n}\n// loki.echo "no" {\n',
    );
    const check = 'check_unread "$1" "$2"';
    expect(told(check, old, "loki.write otelcol.receiver.otlp")).toBe(
      `note: ${old} will no longer be read, and is again after a destroy; nothing of ours takes the place of its ` +
        "otelcol.exporter.loki, prometheus.exporter.self: put what you need of them into alloy.fragments\n",
    );
    expect(
      told(check, old, "loki.write otelcol.exporter.loki otelcol.receiver.otlp prometheus.exporter.self"),
    ).toBe(`note: ${old} will no longer be read, and is again after a destroy\n`);
    expect(told(check, place("none"), "")).toBe("");
  });

  test("profiles that another configuration has stored are told of, and what becomes of them", () => {
    file("lib/anonymous/local/01A/meta.json", "{}");
    file("lib/anonymous/local/01A/index/meta.json", "{}");
    file("lib/other/local/01A/meta.json", "{}");
    file("lib/data/anonymous/local/01A/meta.json", "{}");
    file("lib/empty/x", "");
    file("away/anonymous/phlaredb/01B/meta.json", "{}");
    file("ours/anonymous/phlaredb/01B/meta.json", "{}");
    const check = `check_stored "$1" "data shared" "$2"`;
    const config = file("config.yml", `storage: {filesystem: {dir: '${place("away")}'}}\n`);
    const lines = told(check, place("lib"), config).trim().split("\n");
    const [away = "", anonymous = "", other = ""] = lines;
    expect(lines).toHaveLength(3);
    expect(away).toMatch(
      /away\/anonymous has profiles of another configuration \(blocks: 1, \d+ MiB\): they are moved to /,
    );
    expect(anonymous).toMatch(
      /lib\/anonymous has .* \(blocks: 1, \d+ MiB\): they are moved to .*, and back with a destroy$/,
    );
    expect(other).toMatch(/lib\/other has .*, of a tenant that the stack does not read: they stay there/);
    const own = file("own.yml", `${ours}storage:\n  filesystem:\n    dir: ${place("ours")}\n`);
    expect(told(check, place("none"), own)).toBe("");
  });

  describe("a target that a job scrapes already", () => {
    let server: Server;
    let answer: string;
    let asked: ChildProcess | undefined;
    let login: string | undefined;
    beforeEach(async () => {
      login = undefined;
      server = createServer(({ headers }, response) => {
        const isIn = login === undefined || headers.authorization === login;
        response.writeHead(isIn ? 200 : 401).end(isIn ? answer : "");
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    afterEach(() => {
      asked?.kill();
      server.close();
    });

    const target = (scrapePool: string, scrapeUrl: string): object => ({
      discoveredLabels: { __address__: "x" },
      labels: { job: scrapePool },
      scrapePool,
      scrapeUrl,
      globalUrl: scrapeUrl,
    });
    const check = async (targets: string, options = ""): Promise<string> => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const call = `${options}targets=$1; check_scraped "$2" "$3"`;
      asked = spawn("sh", words(call, targets, url, place("")));
      let text = "";
      asked.stdout?.on("data", (data: Buffer) => (text += String(data)));
      await new Promise((resolve) => asked?.on("close", resolve));
      return text;
    };

    test("is a finding, with the job's name; not where the job is ours, of this environment or another", async () => {
      file("prod-alloy.yml", `${ours}scrape_configs:\n  - job_name: prod-alloy\n`);
      file("theirs.yml", "scrape_configs:\n  - job_name: soar run\n");
      answer = JSON.stringify({
        data: {
          activeTargets: [
            target("prod-alloy", "http://127.0.0.1:12345/metrics"),
            target("soar run", "http://localhost:9091/metrics"),
            target("soar run", "http://127.0.0.1:9091/metrics"),
            target("other", "http://127.0.0.1:9091/other"),
            target("soar-profiling", "http://127.0.0.1:9095/metrics"),
          ],
        },
      });
      const targets = [
        "alloy http://127.0.0.1:12345/metrics",
        "soar-run http://127.0.0.1:9091/metrics",
        "soar-ingest http://127.0.0.1:9095/metrics",
      ];
      expect(await check(targets.join("\n"))).toBe(
        'finding: the job "soar run" of Prometheus scrapes http://127.0.0.1:9091/metrics already, as the stack would (soar-run), ' +
          "and every sum would double: take that job away, or add soar-run to prometheus.skip\n",
      );
    });

    test("is a finding at any path below a URL that ends with /, once for each job, and of no other port", async () => {
      answer = JSON.stringify({
        data: {
          activeTargets: [
            target("a", "http://127.0.0.1:9091/metrics"),
            target("b", "http://127.0.0.1:9091/other"),
            target("c", "http://127.0.0.1:90910/metrics"),
          ],
        },
      });
      const told = await check("soar-run http://127.0.0.1:9091/\nsoar-web http://127.0.0.1:9092/");
      expect(
        told.match(/the job "\w" of Prometheus scrapes \S+ already, as the stack would \(\S+\)/g),
      ).toEqual([
        'the job "a" of Prometheus scrapes http://127.0.0.1:9091/metrics already, as the stack would (soar-run)',
        'the job "b" of Prometheus scrapes http://127.0.0.1:9091/other already, as the stack would (soar-run)',
      ]);
    });

    test("is found where Prometheus wants a password too, which no command line has", async () => {
      login = `Basic ${Buffer.from('soar:m3trics "quoted"').toString("base64")}`;
      answer = JSON.stringify({ data: { activeTargets: [target("a", "http://127.0.0.1:9091/metrics")] } });
      const targets = "soar-run http://127.0.0.1:9091/";
      expect(await check(targets)).toBe("");
      const options = renderCurlOptions({
        environment: "prod",
        user: "soar",
        password: 'm3trics "quoted"',
        insecureSkipVerify: false,
      });
      const curl = 'curl() { case "$*" in *m3trics*) echo leaked ;; *) command curl "$@" ;; esac; }';
      const known = `scraped_login=$(cat <<'end'\n${options}end\n); ${curl}; `;
      expect(await check(targets, known)).toContain('the job "a" of Prometheus scrapes');
      expect(await check(targets, known.replace("m3trics", "other"))).toBe("");
    });

    test("is none where Prometheus has none, or does not answer as Prometheus", async () => {
      for (answer of ['{"data":{"activeTargets":[]}}', "<html>"]) {
        expect(await check("alloy http://127.0.0.1:12345/metrics")).toBe("");
      }
    });
  });
});

import { describe, expect, test } from "vitest";
import { ScriptLines } from "../../components/host/script-lines";
import { installer, setup } from "../../components/host/scripts";
import { serviceScripts } from "../../components/service-scripts";
import * as pulumi from "@pulumi/pulumi";
import { minimal, stackOf } from "./stack";
import { unpacked } from "./mocks";

const directory = "/usr/local/lib/soar-profiling/test";

/** All that a stack can have on a host. */
const whole = {
  ...minimal,
  services: [{ name: "soar-run", port: 9091, metrics: true, unit: "soar-run.service" }],
  prometheus: { url: "http://127.0.0.1:9090", user: "soar" },
  logs: { url: "http://127.0.0.1:3100", user: "soar", source: ["journal", "otlp"] },
  traces: { url: "http://127.0.0.1:4320", user: "soar" },
  push: { port: 4100 },
  site: { domain: "pyroscope.test" },
  alloy: { version: "1.10.0-1", fragments: { own: "// nothing\n" } },
};

describe("where a user may deploy and nothing else", () => {
  test("each line goes the way that the user has, with the same words", () => {
    const lines = new ScriptLines("test", { user: "deploy", restricted: true });
    expect(lines.run(["service-config", "apply", "alloy", "--generation", 2])).toBe(
      `${directory}/as-root 1500 service-config apply alloy --generation 2`,
    );
    const there = `test ! -d /var/lib/soar-profiling/test && test ! -d ${directory} || `;
    expect(lines.removal(["uninstall"])).toBe(`${there}${directory}/as-root 1500 uninstall`);
    expect(lines.drift()).toBe(`${there}${directory}/as-root 60 drift`);
    expect(lines.check("profiles", "alloy")).toBe(`${directory}/as-root 60 check profiles alloy`);
  });

  test("its scripts are put on the host only there", () => {
    const names = (text: string): string[] =>
      [...text.matchAll(/^put (\S+) <</gm)].map(([, name = ""]) => name);
    const before = unpacked(
      setup("# preflight\n", "sudo -n ", serviceScripts({ hasBucket: false, restricted: false })),
    );
    expect(names(before)).toEqual(names(installer(serviceScripts({ hasBucket: false, restricted: false }))));
    expect(before).not.toMatch(/deployer|as-root|may-change/);
    const now = unpacked(
      setup("# preflight\n", "sudo -n ", serviceScripts({ hasBucket: false, restricted: true }), true),
    );
    expect(names(now).filter((name) => !names(before).includes(name))).toEqual([
      "as-root",
      "deployer",
      "held-against.pl",
      "apart.pl",
      "facts",
      "may-change",
    ]);
    // All of them are compared, for a user who may not bring them.
    const compared = [...now.matchAll(/^(?:scripts=')?[0-9a-f]{64} {2}(\S+?)'?$/gm)].map(([, name]) => name);
    expect(compared.sort()).toEqual(names(now).sort());
  });

  test("a file of a stack is either one whose content is a pipeline's, or one of these", async () => {
    const secrets = Object.fromEntries(
      ["prometheusPassword", "logsPassword", "tracesPassword"].map((key) => [
        key,
        pulumi.secret("a-password"),
      ]),
    );
    const resources = await stackOf(whole, secrets);
    const files = resources.flatMap(({ inputs }) => {
      // Of one with a secret it is a secret.
      const { secret: text = inputs["stdin"] } = (inputs["stdin"] ?? {}) as { secret?: unknown };
      if (typeof text !== "string" || !text.startsWith("unit ")) return [];
      return [...text.matchAll(/^file (\S+ \S+) \S+ (\S+)$/gm)].map(([, way = "", path = ""]) => ({
        path,
        way,
      }));
    });
    const places = (
      serviceScripts({ hasBucket: false, restricted: true }).find(({ name }) => name === "may-change")
        ?.text ?? ""
    )
      .split("\n")
      .filter((line) => line.startsWith("/"))
      .map((line) => line.split(/ (.*)/));
    const isPipelines = ({ path, way }: { path: string; way: string }): boolean =>
      places.some(([pattern = "", mode]) => {
        const [start = "", end = ""] = pattern.split("*");
        return (
          mode === way &&
          (pattern === path || (pattern.includes("*") && path.startsWith(start) && path.endsWith(end)))
        );
      });
    expect(files.length).toBeGreaterThan(12);
    expect(files.filter((file) => !isPipelines(file)).map(({ path }) => path)).toEqual([
      "/etc/systemd/system/pyroscope.service.d/10-soar-profiling.conf",
      "/etc/default/alloy",
      "/etc/systemd/system/alloy.service.d/10-soar-profiling.conf",
      "/etc/prometheus/soar-profiling-login/test.curl",
      "/etc/soar/caddy/pyroscope.test.conf",
    ]);
    const used = places.filter(([pattern = ""]) =>
      files.some(({ path }) => path.startsWith(pattern.split("*")[0] ?? "")),
    );
    // No place is there for nothing, but for those that other settings fill.
    expect(places.filter((place) => !used.includes(place)).map(([pattern]) => pattern)).toEqual([
      "/etc/prometheus/soar-profiling-rules/*.yml",
      "/etc/prometheus/soar-profiling-targets/*.yml",
    ]);
  });
});

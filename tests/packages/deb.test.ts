import { describe, expect, it } from "vitest";

import { alloyLayout } from "../../sandbox/packages/alloy";
import { conffilesText, controlText, type PackageLayout, readmeText } from "../../sandbox/packages/deb";
import { grafanaLayout } from "../../sandbox/packages/backends/grafana";
import { lokiConfig, lokiLayout } from "../../sandbox/packages/backends/loki";
import { tempoConfig, tempoLayout } from "../../sandbox/packages/backends/tempo";
import { pyroscopeLayout } from "../../sandbox/packages/pyroscope";

const pyroscope = pyroscopeLayout("/built/pyroscope", "/packaging");
const alloy = alloyLayout("/built/alloy", "/packaging");

const targets = (layout: PackageLayout): string[] =>
  layout.files.map(({ executable, target, source }) => {
    const from = typeof source === "string" ? source : "text";
    return `${executable === true ? "x" : "-"} ${target} < ${from}`;
  });

describe("controlText", () => {
  const revision = { version: "1.21.1-2", architecture: "amd64", installedSize: 69541 };

  it("puts the name first and the description last", () => {
    expect(controlText(pyroscope.control, revision)).toBe(
      [
        "Package: pyroscope",
        "Version: 1.21.1-2",
        "Architecture: amd64",
        "Installed-Size: 69541",
        "Section: default",
        "Priority: optional",
        "Maintainer: Grafana Labs <support@grafana.com>",
        "Homepage: https://grafana.com/pyroscope",
        "Description: Continuous profiling aggregation system",
        "",
      ].join("\n"),
    );
  });

  it("refuses a line break, which would start a field of its own", () => {
    const control = { ...pyroscope.control, Description: "one\nDepends: two" };
    expect(() => controlText(control, revision)).toThrow("control field Description must be one line");
  });
});

describe("the layout of the official packages", () => {
  it("pyroscope: unit under /etc, one conffile, a postinst and no prerm", () => {
    expect(targets(pyroscope)).toEqual([
      "x /usr/bin/pyroscope < /built/pyroscope",
      "- /etc/systemd/system/pyroscope.service < /packaging/pyroscope.service",
      "- /etc/pyroscope/config.yml < /packaging/pyroscope.yaml",
    ]);
    expect(conffilesText(pyroscope.files)).toBe("/etc/pyroscope/config.yml\n");
    expect(pyroscope.scripts).toEqual({ postinst: "/packaging/postinstall.sh" });
  });

  it("alloy: unit under /usr/lib, environment file and configuration as conffiles, postinst and prerm", () => {
    expect(targets(alloy)).toEqual([
      "x /usr/bin/alloy < /built/alloy",
      "- /etc/alloy/config.alloy < /packaging/config.alloy",
      "- /etc/default/alloy < /packaging/environment-file",
      "- /usr/lib/systemd/system/alloy.service < /packaging/deb/alloy.service",
    ]);
    expect(conffilesText(alloy.files)).toBe("/etc/alloy/config.alloy\n/etc/default/alloy\n");
    expect(alloy.scripts).toEqual({
      postinst: "/packaging/deb/control/postinst",
      prerm: "/packaging/deb/control/prerm",
    });
  });
});

describe("the packages of the servers that the stack finds on a host", () => {
  const loki = lokiLayout("/built/loki", "/packaging");
  const tempo = tempoLayout("/built/tempo", "/packaging");
  const grafana = grafanaLayout("/built");

  it("have the official units, and a configuration of the sandbox's own", () => {
    expect(targets(loki)).toEqual([
      "x /usr/bin/loki < /built/loki",
      "- /etc/systemd/system/loki.service < /packaging/loki.service",
      "- /usr/lib/systemd/system/loki.service.d/sandbox.conf < text",
      "- /etc/loki/config.yml < text",
    ]);
    expect(targets(tempo).map((line) => line.replaceAll("tempo", "loki"))).toEqual(targets(loki));
    expect(conffilesText(loki.files)).toBe("/etc/loki/config.yml\n");
    expect(conffilesText(tempo.files)).toBe("/etc/tempo/config.yml\n");
    expect(loki.scripts).toEqual({ postinst: "/packaging/postinstall.sh" });
  });

  it("grafana: its home with the folders that it needs, settings as conffiles", () => {
    expect(targets(grafana)).toEqual([
      "x /usr/share/grafana/bin/grafana < /built/bin/grafana",
      "x /usr/sbin/grafana < text",
      "- /usr/lib/systemd/system/grafana-server.service < text",
      "- /etc/default/grafana-server < text",
      "- /etc/grafana/grafana.ini < text",
    ]);
    expect(grafana.folders?.map(({ target, source }) => `${target} < ${source}`)).toEqual([
      "/usr/share/grafana/conf < /built/conf",
      "/usr/share/grafana/public < /built/public",
    ]);
    expect(conffilesText(grafana.files)).toBe("/etc/default/grafana-server\n/etc/grafana/grafana.ini\n");
  });

  it("listen on loopback, at ports of their own, and report to nobody", () => {
    const listeners = [lokiConfig.server, tempoConfig.server].flatMap((server) => [
      `${server.http_listen_address}:${server.http_listen_port}`,
      `${server.grpc_listen_address}:${server.grpc_listen_port}`,
    ]);
    expect(listeners).toEqual(["127.0.0.1:3100", "127.0.0.1:9098", "127.0.0.1:3200", "127.0.0.1:9096"]);
    expect(tempoConfig.distributor.receivers).toEqual({
      otlp: { protocols: { http: { endpoint: "127.0.0.1:4320" } } },
    });
    expect(lokiConfig.analytics.reporting_enabled).toBe(false);
    expect(tempoConfig.usage_report.reporting_enabled).toBe(false);
  });

  it("say in their README whose packaging it is", () => {
    expect(readmeText("loki", "3.7.8-1", loki.origin)).toBe(
      "loki 3.7.8-1\n\nMade by the sandbox of soar-profiling from the official packaging files, with a configuration of " +
        "the sandbox's own that keeps to loopback. Not an official package.\n",
    );
    expect(readmeText("grafana", "10.0.0-1", grafana.origin)).toContain("without the web pages");
  });
});

it("two revisions differ in the text of their README", () => {
  expect(readmeText("alloy", "1.10.0-1")).not.toBe(readmeText("alloy", "1.10.0-2"));
});

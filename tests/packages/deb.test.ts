import { describe, expect, it } from "vitest";

import { alloyLayout } from "../../sandbox/packages/alloy";
import { conffilesText, controlText, type PackageLayout, readmeText } from "../../sandbox/packages/deb";
import { pyroscopeLayout } from "../../sandbox/packages/pyroscope";

const pyroscope = pyroscopeLayout("/built/pyroscope", "/packaging");
const alloy = alloyLayout("/built/alloy", "/packaging");

const targets = (layout: PackageLayout): string[] =>
  layout.files.map((file) => `${file.executable === true ? "x" : "-"} ${file.target} < ${file.source}`);

describe("controlText", () => {
  const revision = { version: "1.12.0-2", architecture: "amd64", installedSize: 69541 };

  it("puts the name first and the description last", () => {
    expect(controlText(pyroscope.control, revision)).toBe(
      [
        "Package: pyroscope",
        "Version: 1.12.0-2",
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

it("two revisions differ in the text of their README", () => {
  expect(readmeText("alloy", "1.10.0-1")).not.toBe(readmeText("alloy", "1.10.0-2"));
});

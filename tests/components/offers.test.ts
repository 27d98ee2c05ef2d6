import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { scratchDirectory, scripts } from "./scratch";

describe("a version that apt does not offer", () => {
  const file = scratchDirectory();
  /** What is said where these versions are offered instead. */
  const words = (...offered: string[]): string =>
    execFileSync(
      "sh",
      [
        "-c",
        `set -eu
        name=alloy
        die() { echo "$*"; exit 0; }
        patiently() { :; }
        put_source_back() { :; }
        make_way_again() { :; }
        source_file() { echo ${file("grafana.sources")}; }
        . ${scripts}/package-install.sh
        offered() { printf '%s\\n' ${offered.length === 0 ? "''" : offered.join(" ")}; }
        need_offer alloy 1.18.1-1 grafana; echo offered`,
      ],
      { encoding: "utf8" },
    ).trim();
  const no = "alloy 1.18.1-1 is not offered by this host's apt sources; they offer: ";

  test("is told with those that it offers", () => {
    writeFileSync(file("grafana.sources"), "");
    expect(words("1.18.1-1", "1.10.0-1")).toBe("offered");
    expect(words("1.10.0-1", "1.9.0-1")).toBe(`${no}1.10.0-1 1.9.0-1`);
    expect(words()).toBe(`${no}none at all`);
  });

  test("is told with the source that is gone, and what brings it back", () => {
    const gone = `, for ${file("grafana.sources")} is gone: set detectDrift, and an up puts it back`;
    expect(words()).toBe(`${no}none at all${gone}`);
    expect(words("1.9.0-1")).toBe(`${no}1.9.0-1${gone}`);
  });
});

import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { validateSettings } from "../../config/validate";
import { projectRoot } from "../../sandbox/paths";
import { planLine } from "../../sandbox/plan";
import { declarable, type StackConfig, withoutUnusedUnits } from "../../sandbox/stack";
import type { BackendName } from "../../sandbox/tools/backends";
import { backendsAsked, leftOut } from "../../sandbox/with";
import { least } from "../config/sample";

describe("the stack's neighbours in the sandbox", () => {
  it.each([
    ["", []],
    ["all", ["loki", "tempo", "grafana"]],
    ["tempo", ["tempo"]],
    ["grafana, loki", ["loki", "grafana"]],
  ])("are asked for by WITH=%s", (text, names) => {
    expect(backendsAsked(text)).toEqual(names);
  });

  it("have names, and another one is refused", () => {
    expect(() => backendsAsked("loki,mimir")).toThrow(
      'WITH has "mimir": set it to all, or to some of loki, tempo, grafana, as in WITH=loki,tempo',
    );
  });

  it("that are left out are told, with the command that brings them", () => {
    expect(leftOut(["loki", "tempo", "grafana"])).toBeUndefined();
    expect(leftOut([])).toBe(
      "Left out: loki, tempo, grafana (about 18 min to build): make up WITH=all, which makes the host anew",
    );
    expect(leftOut(["loki"])).toBe(
      "Left out: tempo, grafana (about 13 min to build): make up WITH=tempo,grafana, which makes the host anew",
    );
  });

  it("are declared where they are", () => {
    const all = {
      environment: "sandbox",
      prometheus: {},
      logs: {},
      traces: {},
      grafana: { url: "u", datasources: { tempo: "t" } },
    };
    expect(declarable(all, ["loki", "tempo", "grafana"])).toEqual(all);
    expect(declarable(all, ["grafana"])).toEqual({
      environment: "sandbox",
      prometheus: {},
      grafana: { url: "u" },
    });
    expect(declarable(all, ["loki"])).toEqual({ environment: "sandbox", prometheus: {}, logs: {} });
  });
});

describe("the settings of the stack sandbox", () => {
  it.each<{ backends: BackendName[] }>([
    { backends: [] },
    { backends: ["loki"] },
    { backends: ["tempo", "grafana"] },
    { backends: ["loki", "tempo", "grafana"] },
  ])("are warned of nothing with $backends", async ({ backends }) => {
    const text = await readFile(path.join(projectRoot, "Pulumi.sandbox.yaml"), "utf8");
    const { config } = parse(text) as { config: StackConfig };
    const all = Object.fromEntries(
      Object.entries(config).map(([key, value]) => [key.replace("soar-profiling:", ""), value]),
    );
    const { host } = least;
    const validation = validateSettings(
      withoutUnusedUnits({ ...declarable(all, backends), host }),
      new Set(["sshPrivateKey", ...(backends.includes("grafana") ? ["grafanaAuth"] : [])]),
    );
    expect(validation).not.toHaveProperty("issues");
    expect(validation).toMatchObject({ warnings: [] });
  });
});

describe("the first line", () => {
  const then = [{ what: "the host", minutes: 1 }];

  it("says what will be done, and about how long it takes", () => {
    expect(planLine("make up", [{ what: "pulumi", minutes: 4 }], then)).toBe(
      "make up: pulumi (4 min), the host (1 min): about 5 min on two cores, less where official releases can be downloaded",
    );
  });

  it("is short where all is there", () => {
    expect(planLine("make up", [], then)).toBe("make up: the host (1 min): about 1 min on two cores");
  });
});

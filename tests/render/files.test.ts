import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseDuration, parseSize } from "../../config/units";
import { renderAptSource } from "../../render/apt";
import { alloyHardening, limitDirectives, pyroscopeHardening } from "../../render/hardening";
import { renderPyroscope } from "../../render/pyroscope";
import { renderDropIn } from "../../render/systemd";

const pyroscope = { httpPort: 4040, grpcPort: 4041, raftPort: 9099, retention: parseDuration("30d") };

describe("golden", () => {
  test.each([
    ["1.21.1-1", "pyroscope-1.yml"],
    ["2.0.6", "pyroscope-2.yml"],
  ])("Pyroscope %s", async (version, file) => {
    await expect(renderPyroscope({ ...pyroscope, version })).toMatchFileSnapshot(`../golden/${file}`);
  });

  test.each([
    ["1.21.1", "pyroscope-1-bucket.yml"],
    ["2.0.6", "pyroscope-2-bucket.yml"],
  ])("Pyroscope %s with a bucket", async (version, file) => {
    const s3 = {
      endpoint: "http://storage.example:9000",
      bucket: "profiles",
      region: "eu-1",
      prefix: "prod/a",
      accessKeyId: "12345",
    };
    const text = renderPyroscope({ ...pyroscope, version, storage: { s3 } });
    await expect(text).toMatchFileSnapshot(`../golden/${file}`);
  });

  test("drop-in", async () => {
    const text = renderDropIn({
      Unit: { After: "network-online.target" },
      Service: {
        ExecStart: ["", "/usr/bin/pyroscope -config.file /etc/pyroscope/config.yml"],
        TimeoutStopSec: "20s",
      },
    });
    await expect(text).toMatchFileSnapshot("../golden/drop-in.conf");
  });

  test.each([
    ["pyroscope", pyroscopeHardening("/var/lib/pyroscope")],
    ["alloy", alloyHardening],
  ])("hardening of %s", async (name, hardening) => {
    const limits = limitDirectives({ memory: parseSize("1GiB"), cpu: 0.5 });
    const text = renderDropIn({ Service: { ...hardening, ...limits } });
    await expect(text).toMatchFileSnapshot(`../golden/hardening-${name}.conf`);
    expect(limitDirectives({})).toEqual({});
  });

  test("APT source", async () => {
    const text = renderAptSource({
      url: "https://apt.grafana.com",
      suite: "stable",
      component: "main",
      keyFile: "/etc/apt/keyrings/soar-profiling.asc",
    });
    await expect(text).toMatchFileSnapshot("../golden/grafana.sources");
  });
});

test("Pyroscope 3.x has no configuration", () => {
  expect(() => renderPyroscope({ ...pyroscope, version: "3.0.0" })).toThrow("Pyroscope 3.x is not supported");
});

test.each(["1.21.1", "2.0.6"])("every address of Pyroscope %s is loopback", (version) => {
  const text = renderPyroscope({ ...pyroscope, version, httpPort: 5040, grpcPort: 5041, raftPort: 5099 });
  const addresses = text.match(/\b\d+\.\d+\.\d+\.\d+\b/g) ?? [];
  expect(new Set(addresses)).toEqual(new Set(["127.0.0.1"]));
  expect(text).not.toMatch(/\b(4040|4041|9095|9099)\b/);
});

test.each(["1.21.1", "2.0.6"])("queries of Pyroscope %s reach the whole retention", (version) => {
  const { limits } = parse(renderPyroscope({ ...pyroscope, version, retention: parseDuration("7d") })) as {
    limits: Record<string, unknown>;
  };
  expect(limits).toMatchObject({
    // 2.x has the storage of 1.x too, which has a key of its own.
    compactor_blocks_retention_period: "168h",
    ...(version.startsWith("1") ? {} : { retention_period: "168h" }),
    max_query_lookback: "168h",
    max_query_length: "169h",
  });
});

test("Pyroscope 2.x finds what 1.x has stored, where 1.x has stored it", () => {
  const { architecture_storage, ...second } = parse(
    renderPyroscope({ ...pyroscope, version: "2.0.6" }),
  ) as Record<string, unknown>;
  const { limits, ...first } = parse(renderPyroscope({ ...pyroscope, version: "1.21.1" })) as Record<
    string,
    object
  >;
  expect(architecture_storage).toBe("v1-v2-dual");
  expect(second).toMatchObject(first);
  expect(second["limits"]).toMatchObject(limits ?? {});
});

test("Pyroscope's data can be elsewhere", () => {
  for (const version of ["1.21.1", "2.0.6"]) {
    expect(renderPyroscope({ ...pyroscope, version, dataDirectory: "/srv/p" })).not.toContain("/var/lib");
  }
});

test.each([
  ["a drop-in", () => renderDropIn({ Service: { Environment: "a\nExecStart=b" } })],
  [
    "an APT source",
    () => renderAptSource({ url: "x\nTrusted: yes", suite: "a", component: "b", keyFile: "c" }),
  ],
])("a line break in %s is refused", (_, render) => {
  expect(render).toThrow("line break");
});

import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { defaultLimits, faultOf } from "../../operations/verify/contract";
import { decodeProfile, labelCounts, namedShare } from "../../operations/verify/decode";
import { cpuTypes, encodeProfile, heapTypes, type Stack } from "./profiles";

const stacks: Stack[] = [
  { functions: ["parse", "main"], values: [60, 600], labels: { thread: "tokio-runtime-worker" } },
  { functions: ["", "main"], values: [40, 400], labels: { thread: "aprs-reader" } },
];
const profile = encodeProfile(cpuTypes, stacks);

describe("a profile that an endpoint serves", () => {
  test.each([
    ["plain", profile],
    ["gzipped", gzipSync(profile)],
  ])("is read %s", (_, body) => {
    const decoded = decodeProfile(body);
    expect(decoded).toEqual({ types: cpuTypes, samples: stacks, size: profile.length, seconds: 5 });
    expect(labelCounts(decoded)).toEqual({ thread: 2 });
    expect(namedShare(decoded)).toBe(0.75);
  });

  test.each([
    ["<!DOCTYPE html><html><body>soar</body></html>", "an HTML page"],
    [
      '<?xml version="1.0" standalone="no"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x"><svg>',
      "an SVG picture",
    ],
    ['<svg version="1.1" width="1200"></svg>', "an SVG picture"],
    ["", "nothing, not one byte"],
    ["no profiler here\n", 'the text "no profiler here"'],
    ['{"error":"x"}', 'the text "{"error":"x"}"'],
    [Buffer.concat([Buffer.from([0xff, 0xfe]), randomBytes(98)]), "100 bytes of another form"],
  ])("%j is none", (body, is) => {
    expect(() => decodeProfile(Buffer.from(body))).toThrow(is);
  });
});

describe("what a kind of profile has to be", () => {
  const fault = (
    types: string[],
    all: Stack[],
    kind: "cpu" | "heap",
    limits = defaultLimits,
  ): string | undefined =>
    faultOf(decodeProfile(encodeProfile(types, all)), kind, { limits, setting: "services[2]" })?.problem;
  const heap: Stack[] = [{ functions: ["grow", "main"], values: [524_288] }];

  test("CPU data under cpu, heap data under heap", () => {
    expect(fault(cpuTypes, stacks, "cpu")).toBeUndefined();
    expect(fault(heapTypes, heap, "heap")).toBeUndefined();
  });

  test("CPU data under heap is refused", () => {
    expect(
      faultOf(decodeProfile(profile), "heap", { limits: defaultLimits, setting: "services[2]" }),
    ).toEqual({
      problem:
        "serves CPU data (samples/count, cpu/nanoseconds) where heap is declared, which is inuse_space/bytes",
      remedy:
        "let the service serve inuse_space/bytes at /debug/pprof/heap, or take heap out of services[2].profiles",
    });
    expect(fault(heapTypes, heap, "cpu")).toContain(
      "serves heap data (inuse_space/bytes) where cpu is declared",
    );
    expect(fault(["contentions/count"], heap, "cpu")).toContain("serves other data (contentions/count)");
  });

  test("within Pyroscope's limits", () => {
    const size = profile.length;
    expect(fault(cpuTypes, stacks, "cpu", { ...defaultLimits, bytes: size })).toBeUndefined();
    expect(fault(cpuTypes, stacks, "cpu", { ...defaultLimits, bytes: size - 1 })).toBe(
      `the profile has ${size} bytes uncompressed, and Pyroscope takes ${size - 1} (max_profile_size_bytes)`,
    );
    expect(fault(cpuTypes, stacks, "cpu", { ...defaultLimits, samples: 1 })).toContain(
      "2 samples, and Pyroscope takes 1",
    );
    expect(fault(cpuTypes, stacks, "cpu", { ...defaultLimits, labels: 0 })).toContain(
      "a sample has 1 labels",
    );
  });

  test("with names of functions, not only addresses", () => {
    const nameless = (name: string): Stack[] => [
      { functions: [name, name, name, "main"], values: [1, 10] },
      { functions: ["parse", name, "main"], values: [1, 10] },
    ];
    for (const name of ["", "[unknown]", "unknown", "??", "0x55d0c8a3f1b0", "000055d0c8a3f1b0"]) {
      expect(fault(cpuTypes, nameless(name), "cpu"), name).toBe(
        "57 % of the frames are addresses or [unknown], without a function's name",
      );
    }
    expect(fault(cpuTypes, nameless("decode"), "cpu")).toBeUndefined();
  });

  test("with labels that do not make a series of each sample", () => {
    const labelled = (key: string): Stack[] =>
      Array.from({ length: 101 }, (_, i) => ({
        functions: ["main"],
        values: [1, 10],
        labels: { [key]: `v${i}` },
      }));
    expect(fault(cpuTypes, labelled("thread"), "cpu")).toBeUndefined();
    expect(fault(cpuTypes, labelled("span_id"), "cpu")).toContain("label span_id has 101 values");
  });
});

import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Begin first, in this order: the one that measures how fast a host starts, and those that take longest, lest one of them
 * is left to run alone at the end. The others follow by their size.
 */
const first = [
  ...["full-disk", "edits.property"].map((name) => `components/${name}`),
  ...[
    "host",
    "killed",
    "prometheus",
    "verify",
    "grafana",
    "upgrade",
    "drift",
    "promises",
    "habits",
    "hosts",
    "soar-today",
    "adopted",
    "pipelines",
    "in-force",
  ].map((name) => `sandbox/${name}`),
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = first.findIndex((name) => moduleId.endsWith(`/tests/${name}.test.ts`));
      return found < 0 ? first.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    // As root it would leave files in node_modules that its owner cannot remove.
    cache: false,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        // Seconds; no host, no network, no root.
        test: {
          name: "unit",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/sandbox/**"],
          // By itself it would leave one core to others.
          maxWorkers: "100%",
          testTimeout: 20_000,
        },
      },
      {
        // The real programs and real hosts, five files at a time: they wait more than they compute, but share the machine.
        test: {
          name: "sandbox",
          include: ["tests/sandbox/**/*.test.ts"],
          pool: "forks",
          maxWorkers: 5,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});

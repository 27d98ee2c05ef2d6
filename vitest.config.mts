import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // As root it would leave files in node_modules that its owner cannot remove.
    cache: false,
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
        // The real programs and real hosts, three files at a time: they wait more than they compute, but share the machine.
        test: {
          name: "sandbox",
          include: ["tests/sandbox/**/*.test.ts"],
          pool: "forks",
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});

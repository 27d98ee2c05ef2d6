import { expect } from "vitest";
import type { TestStack } from "./stack";

/** What Prometheus's API tells of a target. */
export interface Target {
  scrapePool: string;
  health: string;
  labels: Record<string, string>;
}

/** What Prometheus's API answers on the host, in its `data`. */
export async function askPrometheus<T>(stack: TestStack, path: string): Promise<T> {
  const answer = await stack.operator(`curl -fsSG --max-time 10 http://127.0.0.1:9090/api/v1/${path}`);
  return (JSON.parse(answer) as { data: T }).data;
}

/** The series that a query finds. */
export async function queryPrometheus(
  stack: TestStack,
  query: string,
): Promise<{ metric: Record<string, string>; value: [number, string] }[]> {
  const path = `query --data-urlencode 'query=${query}'`;
  return (
    await askPrometheus<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
      stack,
      path,
    )
  ).result;
}

/** The targets of all environments, without those of the operator. */
export async function targets(stack: TestStack): Promise<Target[]> {
  const { activeTargets } = await askPrometheus<{ activeTargets: Target[] }>(stack, "targets?state=active");
  return activeTargets.filter(({ labels }) => labels["environment"] !== undefined);
}

/** Waits until the targets of an environment are these, by their job, and all `up`; returns them. */
export async function expectUp(stack: TestStack, environment: string, jobs: string[]): Promise<Target[]> {
  let seen: Target[] = [];
  await expect
    .poll(
      async () => {
        seen = (await targets(stack)).filter(({ labels }) => labels["environment"] === environment);
        return seen.map(({ labels, health }) => `${labels["job"]} ${health}`).sort();
      },
      { timeout: 60_000, interval: 1_000 },
    )
    .toEqual(jobs.map((job) => `${job} up`).sort());
  return seen;
}

/** All of Prometheus's files, to the byte, the mode and the time, and its process. */
export async function picture(stack: TestStack): Promise<string> {
  const files = await stack.operator(
    "find /etc/prometheus -mindepth 1 -printf '%p %y %m %u:%g %T@\\n' | sort; " +
      "find /etc/prometheus -type f -exec sha256sum {} + | sort",
  );
  return files + (await stack.pid("prometheus.service"));
}

export function withoutTimes(text: string): string {
  return text.replace(/ \d+\.\d+$/gm, "");
}

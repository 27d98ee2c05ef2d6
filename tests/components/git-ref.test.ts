import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { minimal, stackOf } from "./stack";

/** A stack with everything that there is. */
const values = {
  ...minimal,
  services: [
    { name: "soar-run", port: 9091, unit: "soar-run.service", metrics: true, profiles: ["cpu", "heap"] },
    { name: "soar-web", port: 9092, gitRef: "own", telemetryName: "web" },
  ],
  prometheus: { url: "http://127.0.0.1:9090" },
  logs: { url: "http://127.0.0.1:3100" },
  traces: { url: "http://127.0.0.1:4320" },
  grafana: {
    url: "https://grafana.example",
    datasources: { tempo: "http://127.0.0.1:3200" },
    alerts: { emails: ["ops@example.org"] },
  },
  site: { domain: "pyroscope.example.org" },
};

test("a change of the stack's git reference is one change of Alloy's files, by a reload, and nothing else changes", async () => {
  const secrets = { grafanaAuth: pulumi.secret("admin:x") };
  const before = await stackOf({ ...values, gitRef: "v1" }, secrets);
  const after = await stackOf({ ...values, gitRef: "v2" }, secrets);
  expect(after.map(({ name }) => name)).toEqual(before.map(({ name }) => name));
  const changed = after.filter((resource, i) => JSON.stringify(resource) !== JSON.stringify(before[i]));
  expect(changed.map(({ name }) => name)).toEqual(["soar-profiles-config-files"]);
  const [text = "", was = ""] = [changed[0], before.find(({ name }) => name === changed[0]?.name)].map(
    (resource) => String(resource?.inputs["stdin"]),
  );
  expect(text.replaceAll('"service_git_ref" = "v2"', '"service_git_ref" = "v1"')).toBe(was);
  expect([...text.matchAll(/"service_git_ref" = "(\w+)"/g)].map(([, ref]) => ref)).toEqual([
    "v2",
    "v2",
    "own",
  ]);
  expect(text).toContain("\nfile 0640 root:alloy reload /etc/alloy/conf.d/test-profiles.alloy\n");
  expect(text).not.toContain(" restart ");
});

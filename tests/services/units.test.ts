import { expect, test } from "vitest";
import { renderUnits } from "../../sandbox/services/units";

const service = { name: "soar-run", unit: "soar-run.service", port: 9091, environment: "sandbox" };

test("a unit runs the program on the service's port and starts at boot", () => {
  expect(renderUnits([{ ...service, profiles: ["cpu", "heap"] }])).toEqual([
    {
      path: "/etc/systemd/system/soar-run.service",
      content: `[Unit]
Description=SOAR service soar-run (sandbox)

[Service]
ExecStart=/usr/local/bin/soar-service --name soar-run --port 9091 --heap
Environment=OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318
DynamicUser=yes
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`,
      enabledBy: "/etc/systemd/system/multi-user.target.wants/soar-run.service",
    },
  ]);
});

test("heap profiles are only served where they are declared", () => {
  const [unit] = renderUnits([{ ...service, profiles: ["cpu"] }]);
  expect(unit?.content).toContain("ExecStart=/usr/local/bin/soar-service --name soar-run --port 9091\n");
});

test("quiet ones are told so", () => {
  const [unit] = renderUnits([{ ...service, profiles: ["cpu"] }], true);
  expect(unit?.content).toContain("--name soar-run --port 9091 --quiet\n");
});

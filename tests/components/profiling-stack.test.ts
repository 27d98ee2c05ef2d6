import * as pulumi from "@pulumi/pulumi";
import { usable } from "../../components/shared-platform";
import { describe, expect, it } from "vitest";
import type { SettingKey } from "../../config/validate";
import { hostKey, minimal, stackOf } from "./stack";

const prefix = "sudo -n timeout -k 30 1500 /usr/local/lib/soar-profiling/test/";
const removal = `test ! -d /var/lib/soar-profiling/test && test ! -d /usr/local/lib/soar-profiling/test || ${prefix}`;

describe("a stack with a platform of its own", () => {
  it("is these commands, each after what it needs", async () => {
    const resources = await stackOf(minimal);
    expect(resources.map(({ name, inputs }) => [name, inputs["create"], inputs["delete"]])).toEqual([
      [
        "soar-host-setup",
        "timeout 165 sh -s -- test org/soar-profiling/test own --" +
          " port 127.0.0.1 4040 pyroscope.service 'Pyroscope (HTTP)' pyroscope.httpPort" +
          " port 127.0.0.1 4041 pyroscope.service 'Pyroscope (gRPC)' pyroscope.grpcPort" +
          " port 127.0.0.1 12345 alloy.service 'Alloy (HTTP)' alloy.httpPort" +
          " disk /var/lib/pyroscope 21474836480 pyroscope.diskBudget source https://apt.grafana.com stable /etc/apt/keyrings/grafana.asc unit pyroscope.service pyroscope unit alloy.service alloy" +
          " package pyroscope 1.21.1 no 1.17 'from 1.17 on a dropped label merges the samples of all threads; before, those of all but one were lost without a word'" +
          " no-way-back pyroscope 2.0 'what 2.x has stored is not found by 1.x, and never deleted. Set pyroscope.version to that version, or to a later one'" +
          " cpu x86-64-v2 pyroscope package alloy 1.10.0-1 no '' ''" +
          " replaced /etc/pyroscope/config.yml replaced /etc/default/alloy" +
          " unread /etc/alloy/config.alloy 'pyroscope.scrape pyroscope.write' stored /var/lib/pyroscope 'data shared' /etc/pyroscope/config.yml" +
          " endpoints - 4194304 'let it serve pprof there, or correct its port or profiles in services'" +
          " 'let it measure for as long as it is asked, or set its duration in services to what it does'",
        `${removal}uninstall`,
      ],
      [
        "soar-platform-repository-source",
        `${prefix}apt-repository add grafana https://apt.grafana.com/gpg-full.key B53AE77BADB630A683046005963FA27710458545`,
        `${removal}apt-repository remove grafana`,
      ],
      [
        "soar-platform-pyroscope-config-files",
        `${prefix}service-config apply pyroscope`,
        `${removal}service-config remove pyroscope`,
      ],
      [
        "soar-platform-alloy-config-files",
        `${prefix}service-config apply alloy`,
        `${removal}service-config remove alloy`,
      ],
      [
        "soar-profiles-config-files",
        `${prefix}service-config apply profiles`,
        `${removal}service-config remove profiles`,
      ],
      ["soar-platform-guard", `${prefix}platform confirm`, `${removal}platform guard`],
      ["soar-reachable", "nothing", "an SSH server at 192.0.2.1 port 22"],
    ]);
  });

  it("keeps the connection secret in every command, and gives none the output of the one before", async () => {
    const resources = await stackOf(minimal, { sshPrivateKey: pulumi.secret("key") });
    const remote = resources.filter(({ type }) => type === "command:remote:Command");
    expect(remote).toHaveLength(6);
    for (const { inputs } of remote) {
      expect(inputs["connection"]).toEqual({
        secret: expect.objectContaining({
          host: "192.0.2.1",
          port: 22,
          user: "deploy",
          hostKey,
          privateKey: "key",
        }) as unknown,
      });
      expect(inputs["addPreviousOutputInEnv"]).toBe(false);
      expect(inputs["triggers"]).toBeUndefined();
    }
  });

  it("needs no sudo as root, and goes through a jump host", async () => {
    const jump = { address: "192.0.2.9", user: "jumper", hostKey };
    const resources = await stackOf({ ...minimal, host: { address: "192.0.2.1", hostKey, jump } });
    const [, scripts, , repository] = resources;
    expect(scripts?.inputs["create"]).toMatch(/^timeout /);
    expect(repository?.inputs["create"]).toMatch(/^timeout /);
    expect(repository?.inputs["connection"]).toEqual({
      secret: expect.objectContaining({
        user: "root",
        proxy: expect.objectContaining({ host: "192.0.2.9", user: "jumper", hostKey }) as unknown,
      }) as unknown,
    });
    expect(resources.at(-1)?.inputs["delete"]).toContain("192.0.2.9");
  });

  it("has as many commands for 100 services as for one", async () => {
    const services = Array.from({ length: 100 }, (_, index) => ({
      name: `service-${index}`,
      port: 20_000 + index,
    }));
    expect(await stackOf(minimal)).toHaveLength(7);
    expect(await stackOf({ ...minimal, services, pyroscope: { diskBudget: "100GiB" } })).toHaveLength(7);
  });

  it("gives Pyroscope 2.x the directory of 1.x's storage, which is in it", async () => {
    const declared = async (version: string): Promise<string> => {
      const resources = await stackOf({ ...minimal, pyroscope: { version } });
      const config = resources.find(({ name }) => name === "soar-platform-pyroscope-config-files");
      return config?.inputs["stdin"] as string;
    };
    const line = "\ndirectory /var/lib/pyroscope/data 0755 pyroscope:pyroscope\n";
    expect(await declared("2.2.1")).toContain(line);
    expect(await declared("1.21.1")).not.toContain("\ndirectory ");
  });

  it("gives Alloy before 1.12 what ends its unit, and later ones what ends a component and what keeps them running", async () => {
    const declared = async (version: string): Promise<string> => {
      const resources = await stackOf({ ...minimal, alloy: { version, stability: "experimental" } });
      const config = resources.find(({ name }) => name === "soar-platform-alloy-config-files");
      return config?.inputs["stdin"] as string;
    };
    const dropIn = "\n  [Service]\n  SendSIGKILL=yes\n";
    const replacing = "\nreplacing /etc/default/alloy RESTART_ON_UPGRADE=false\n";
    const validate = "\nvalidate /usr/bin/alloy validate --stability.level=experimental /etc/alloy/conf.d\n";
    for (const version of ["1.11.3-1", "1.12.0-1", "1.16.1-1"]) {
      const text = await declared(version);
      expect(text.includes(dropIn), version).toBe(version === "1.11.3-1");
      expect(text.includes(" --feature.component-shutdown-deadline=30s "), version).toBe(
        version !== "1.11.3-1",
      );
      expect(text.includes(replacing), version).toBe(version === "1.16.1-1");
      expect(text).toContain(validate);
      expect(text).toContain(' --stability.level=experimental"\n');
    }
  });

  it("purges and downgrades only when told", async () => {
    const resources = await stackOf({ ...minimal, purgeData: true, allowDowngrade: true });
    const pyroscope = resources.find(({ name }) => name === "soar-platform-pyroscope-config-files");
    expect(pyroscope?.inputs["stdin"]).toContain(
      "\ninstall grafana downgrade\ndata purge /var/lib/pyroscope\n",
    );
    const usual = (await stackOf(minimal)).find(({ name }) => name === "soar-platform-alloy-config-files");
    expect(usual?.inputs["stdin"]).toContain("\ninstall grafana\ndata keep /var/lib/alloy\n");
  });
});

describe("a stack with a remote Pyroscope", () => {
  it("installs none, and keeps the password secret", async () => {
    const resources = await stackOf(
      {
        ...minimal,
        pyroscope: { remote: { url: "https://profiles.example", tenant: "soar", user: "writer" } },
      },
      { pyroscopePassword: pulumi.secret('p"a$s\\s') },
    );
    expect(resources.filter(({ name }) => name.includes("pyroscope"))).toEqual([]);
    const alloy = resources.find(({ name }) => name === "soar-platform-alloy-config-files");
    expect(alloy?.inputs["logging"]).toBe("none");
    const { secret } = alloy?.inputs["stdin"] as { secret: string };
    expect(secret).toContain(
      'file 0640 root:alloy reload /etc/alloy/secrets/pyroscope-password\n  p"a$s\\s\n',
    );
    expect(secret).toMatch(/export "password_file" \{\s+value = "\/etc\/alloy\/secrets\/pyroscope-password"/);
    const plain = resources.filter((resource) => resource !== alloy);
    expect(JSON.stringify(plain)).not.toContain("a$s");
  });

  it("sends to a second one with another password, also where the first is on the host", async () => {
    const also = { url: "https://second.example", user: "writer" };
    const resources = await stackOf(
      { ...minimal, pyroscope: { also } },
      { pyroscopeAlsoPassword: pulumi.secret("s3ntinel") },
    );
    const stdin = (name: string): unknown => resources.find((one) => one.name === name)?.inputs["stdin"];
    const { secret } = stdin("soar-platform-alloy-config-files") as { secret: string };
    expect(secret).toContain("/etc/alloy/secrets/pyroscope-also-password\n  s3ntinel\n");
    expect(secret).toContain('export "url" {\n  \t\tvalue = "http://127.0.0.1:4040"');
    expect(secret).toContain('export "also_url" {\n  \t\tvalue = "https://second.example"');
    expect(stdin("soar-profiles-config-files")).toContain("profiles_destination.platform.also_password_file");
    expect(resources.some(({ name }) => name === "soar-platform-pyroscope-config-files")).toBe(true);
  });
});

describe("a stack with a secret label", () => {
  it("keeps the files with it secret, and their digests", async () => {
    const services = [{ name: "soar-run", port: 9091, labels: { token: "s3ntinel" } }];
    const resources = await stackOf({ ...minimal, services }, {}, {}, new Set<SettingKey>(["services"]));
    const profiles = resources.find(({ name }) => name === "soar-profiles-config-files");
    expect(profiles?.inputs["logging"]).toBe("none");
    expect(profiles?.inputs["stdin"]).toEqual({
      secret: expect.stringContaining('"token" = "s3ntinel"') as unknown,
    });
    expect(JSON.stringify(resources.filter((resource) => resource !== profiles))).not.toContain("s3ntinel");
  });
});

describe("a stack on the platform of another", () => {
  it("has its own files only", async () => {
    const platform = {
      alloy: { version: "1.10.0-2", httpPort: 12399 },
      pyroscopeUrl: "http://127.0.0.1:4040",
      authenticates: false,
    };
    const resources = await stackOf(
      { ...minimal, platform: { stack: "org/soar-profiling/prod" } },
      {},
      { "org/soar-profiling/prod": { platform } },
    );
    expect(resources.map(({ name }) => name)).toEqual([
      "soar-host-setup",
      "soar-profiles-config-files",
      "soar-reachable",
    ]);
    expect(resources[0]?.inputs["create"]).toContain(" sh -s -- test org/soar-profiling/test shared -- ");
    expect(resources[1]?.inputs["stdin"]).toContain("package alloy 1.10.0-2\n");
    expect(resources[1]?.inputs["stdin"]).toContain("/alloy-reload http://127.0.0.1:12399\n");
  });

  it("sends profiles as the owner does, and only if the owner is of this version", async () => {
    const alloy = { version: "1.10.0-2", httpPort: 12399 };
    const of = (platform: object): ReturnType<typeof stackOf> =>
      stackOf({ ...minimal, platform: { stack: "o/p/prod" } }, {}, { "o/p/prod": { platform } });
    const pyroscopeUrl = "https://profiles.example";
    const stdin = async (authenticates: boolean): Promise<unknown> =>
      (await of({ alloy, pyroscopeUrl, authenticates }))[1]?.inputs["stdin"];
    expect(await stdin(true)).toContain("password_file = profiles_destination.platform.password_file");
    expect(await stdin(false)).not.toContain("password_file");
    const two = await of({
      alloy,
      pyroscopeUrl,
      authenticates: false,
      format: 3,
      also: { authenticates: false, hasCa: true },
    });
    expect(two[1]?.inputs["stdin"]).toContain("ca_pem = profiles_destination.platform.also_ca");
    expect(() => usable({ alloy, pyroscopeUrl }, "o/p/prod")).toThrow(
      "platform.stack: the stack o/p/prod was last brought up by an earlier version of this program: pulumi up that one first",
    );
    expect(() => usable(undefined, "o/p/prod")).toThrow("the stack o/p/prod has no platform yet");
  });
});

import { beforeAll, describe, expect, test } from "vitest";
import { installer } from "../../components/host/scripts";
import { sshHost } from "../../sandbox/host/host";
import { eventually, occupyPort } from "./harness/faults";
import { TestStack } from "./harness/stack";
import {
  applyByHand,
  configuration,
  declarationOf,
  expectHealthy,
  expectProfiles,
  expectSettled,
  processes,
} from "./harness/transaction";

const file = "/etc/alloy/conf.d/sandbox-extra.alloy";

/** Prometheus holds port 9090 on every address of the host. */
const otlpOnUsedPort = `otelcol.exporter.otlp "extra" {
  client { endpoint = "127.0.0.1:9" }
}
otelcol.receiver.otlp "extra" {
  grpc { endpoint = "127.0.0.1:9090" }
  output { traces = [otelcol.exporter.otlp.extra.input] }
}
`;

describe("a change that does not work", async () => {
  const stack = await TestStack.create("refused");
  const all = stack.setting("services") as unknown[];
  const alloy = stack.setting("alloy") as object;
  /** Changes two files at once: the extra fragment, and the targets. */
  const configure = (fragment: string | undefined, services: unknown[]): void => {
    stack.configure({
      services,
      alloy: fragment === undefined ? alloy : { ...alloy, fragments: { extra: fragment } },
    });
  };
  /** After it: the files as they were, to the byte and the time, and a service that comes up on them. */
  const expectOldState = async (before: string): Promise<void> => {
    expect(await configuration(stack)).toBe(before);
    await expectSettled(stack);
  };
  const expectToSurviveRestart = async (unit: string): Promise<void> => {
    await stack.operator(`systemctl restart ${unit}`);
    await expectHealthy(stack);
  };

  beforeAll(async () => {
    await stack.up();
  });

  test("scripts that are cut off on their way fail, and do nothing", async () => {
    const all = installer();
    const lengths = [0.1, 0.5, 0.9].map((part) => Math.floor(part * all.length));
    for (const length of [...lengths, all.indexOf('cat >"$copies'), all.length - 2]) {
      const command = "sh -s -- cut organization/soar-profiling/cut";
      const { code, stderr } = await sshHost(stack.host, command, { input: all.slice(0, length) });
      expect(code, String(length)).not.toBe(0);
      expect(stderr).toMatch(/nothing was changed|Syntax error/);
    }
    expect(await stack.status("ls -d /usr/local/lib/soar-profiling/cut /var/lib/soar-profiling/cut")).toBe(2);
  });

  describe("a fragment that the validator refuses", () => {
    test("fails with the validator's file, line and text, and changes nothing", async () => {
      const before = [await configuration(stack), await processes(stack)];
      configure('// One.\nlocal.file "extra" {\n  filenam = "/etc/hostname"\n}\n', all.slice(1));
      const text = await stack.upFails();
      expect(text).toContain(`Error: ${file}:3:3: unrecognized attribute name "filenam"`);
      expect(text).toContain('3 |   filenam = "/etc/hostname"');
      expect(text).toContain(
        "soar-profiling: profiles: refused by '/usr/bin/alloy validate /etc/alloy/conf.d' (its words above); nothing was changed",
      );
      expect(text, "no script in the message").not.toContain("set -eu");
      expect([await configuration(stack), await processes(stack)]).toEqual(before);
      await expectSettled(stack);
      await expectProfiles(stack, "soar-run"); // The service that was to go.
    });

    test("is refused also where the validator cannot be shown the staged files, and would see the ones in place", async () => {
      const before = [await configuration(stack), await processes(stack)];
      // Ours comes first in the scripts' PATH.
      const mount = "/usr/local/sbin/mount";
      await stack.operator(`printf '#!/bin/sh\nexit 32\n' >${mount}; chmod 755 ${mount}`);
      expect(await stack.upFails()).toContain("the staged /etc/alloy cannot be shown to the validator");
      await stack.operator(`rm ${mount}`);
      expect([await configuration(stack), await processes(stack)]).toEqual(before);
    });

    test("corrected, converges with no step by hand, and reloads", async () => {
      const before = await processes(stack);
      configure('local.file "extra" {\n  filename = "/etc/hostname"\n}\n', all.slice(1));
      const { changes } = await stack.up();
      expect(changes["update"]).toBe(1);
      expect(await processes(stack)).toBe(before);
      expect(await stack.operator(`cat ${file}`)).toContain('filename = "/etc/hostname"');
      expect(await stack.status("grep -q 127.0.0.1:9091 /etc/alloy/conf.d/sandbox-profiles.alloy")).toBe(1);
      await expectSettled(stack);
    });
  });

  describe("a fragment that validates", () => {
    test("and fails at load: the old files are back, and Alloy runs on them", async () => {
      const before = await configuration(stack);
      configure('local.file "extra" {\n  filename = "/nonexistent"\n}\n', all);
      const text = await stack.upFails();
      expect(text).toContain(`error during the initial load: ${file}:1:1`);
      expect(text).toContain("failed to read file: open /nonexistent: no such file or directory");
      expect(text).toContain(
        "profiles: the new configuration does not work (its words above); " +
          "the old files are back and alloy.service runs on them",
      );
      await expectOldState(before);
      await expectToSurviveRestart("alloy");
    });

    test("and loads with a component that fails: the same", async () => {
      const before = [await configuration(stack), await processes(stack)];
      configure(otlpOnUsedPort, all);
      const text = await stack.upFails();
      expect(text).toContain("otelcol.receiver.otlp");
      expect(text).toContain("listen tcp 127.0.0.1:9090: bind: address already in use");
      expect(text).toContain("the old files are back and alloy.service runs on them");
      expect(await processes(stack)).toBe(before[1]);
      await expectOldState(String(before[0]));
      await expectToSurviveRestart("alloy");
    });

    test("a fault that was there before is not the change's, one more of its kind is", async () => {
      configure(otlpOnUsedPort.replace("9090", "9191"), all);
      await stack.up();
      // As after a restart of the machine on which another program was the first at the port.
      await stack.operator("systemctl stop alloy");
      const leave = await occupyPort(stack, "127.0.0.1", 9191);
      await stack.operator("systemctl start alloy");
      await eventually(stack, "curl -s http://127.0.0.1:12345/-/healthy | grep -q otelcol.receiver.otlp");
      configure(otlpOnUsedPort.replace("9090", "9191"), all.slice(2));
      expect((await stack.up()).changes["update"]).toBe(2);
      const second = otlpOnUsedPort
        .slice(otlpOnUsedPort.indexOf("otelcol.receiver"))
        .replace("extra", "more");
      configure(otlpOnUsedPort.replace("9090", "9191") + second, all);
      expect(await stack.upFails()).toContain("component_id=otelcol.receiver.otlp.more");
      await leave();
      await stack.operator("systemctl restart alloy");
      await expectSettled(stack);
    });
  });

  test("a restart on a port that another process took after the preflight: the old port is back", async () => {
    configure(undefined, all);
    await stack.up();
    const before = await configuration(stack);
    // It takes the port once the change is staged, and then answers everything, as if it were healthy.
    const program = `use IO::Socket::INET;
$SIG{PIPE} = "IGNORE";
select(undef, undef, undef, 0.01) until -e "/var/lib/soar-profiling/sandbox/alloy/work/stage";
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 12399, Listen => 5, ReuseAddr => 1) or die;
while (my $client = $server->accept) {
  while (<$client>) { last if /^\\r?$/ }
  print $client "HTTP/1.0 200 OK\\r\\n\\r\\nfine";
  close $client;
}
`;
    await sshHost(stack.host, "cat >/run/squatter.pl", { input: program });
    await stack.operator("systemd-run --quiet --collect --unit=squatter perl /run/squatter.pl");
    await eventually(stack, "systemctl is-active --quiet squatter");
    stack.configure({ alloy: { ...alloy, httpPort: 12399 } });
    const text = await stack.upFails();
    expect(text).toContain("listen tcp 127.0.0.1:12399: bind: address already in use");
    expect(text).toContain("the old files are back and alloy.service runs on them");
    await expectOldState(before);
    await expectToSurviveRestart("alloy");

    await stack.operator("systemctl stop squatter");
    await stack.up();
    await expectSettled(stack, 12399);
  });

  describe("that hangs", () => {
    const hangs = "trap '' TERM; while :; do sleep 1; done # hanging";
    /** By hand, because it has half a minute here; half of an hour is what an `up` has. */
    const apply = async (
      word: string,
      limit: number,
    ): Promise<{ code: number; text: string; took: number }> => {
      const declaration = await declarationOf(stack, "soar-profiles-config-files");
      const next = declaration
        .replace(new RegExp(`^${word} .*$`, "m"), `${word} ${hangs}`)
        .replace(/(scrape_interval +)= .*/, '$1= "31s"');
      expect(next).toContain('= "31s"');
      const start = Date.now();
      const { code, text } = await applyByHand(stack, "profiles", next, limit);
      return { code, text, took: (Date.now() - start) / 1000 };
    };
    const expectNothingLeft = async (): Promise<void> => {
      expect(await stack.status("pgrep -f '# [h]anging'")).toBe(1);
    };

    test("in its validator: it is ended, and nothing was changed", async () => {
      const before = [await configuration(stack), await processes(stack)];
      const { code, text, took } = await apply("validate", 15);
      expect(text).toMatch(/it did not end within \d+ s, and was ended\n.*refused by .*nothing was changed/s);
      expect(code).toBe(1);
      expect(took).toBeLessThan(20);
      await expectNothingLeft();
      expect([await configuration(stack), await processes(stack)]).toEqual(before);
      await expectSettled(stack, 12399);
    });

    test("in its reload, of the old files too: these are back within the limit, and the service runs on them", async () => {
      const before = await configuration(stack);
      const { code, text, took } = await apply("reload", 45);
      expect(text).toContain("profiles: the new configuration does not work");
      expect(text).toContain("the old files are back and alloy.service runs on them");
      expect(code).toBe(1);
      expect(took).toBeLessThan(50);
      await expectNothingLeft();
      expect(await configuration(stack)).toBe(before);
      await expectSettled(stack, 12399);
    });
  });

  describe("Pyroscope's configuration, which no setting can spoil, by hand", () => {
    const resource = "soar-platform-pyroscope-config-files";

    test("refused by its program: with the program's words, and nothing changes", async () => {
      const before = [await configuration(stack), await processes(stack)];
      const declaration = await declarationOf(stack, resource);
      const spoilt = declaration.replace(/^ {2}target: all$/m, "  target: all\n  retentoin: 7d");
      expect(spoilt).not.toBe(declaration);
      const { code, text } = await applyByHand(stack, "pyroscope", spoilt);
      expect(code).toBe(1);
      expect(text).toContain("field retentoin not found in type");
      expect(text).toContain("nothing was changed");
      expect([await configuration(stack), await processes(stack)]).toEqual(before);
    });

    test("on a port that is taken: the old file is back, and profiles arrive", async () => {
      const before = await configuration(stack);
      const declaration = await declarationOf(stack, resource);
      const spoilt = declaration.replace(/grpc_listen_port: \d+/, "grpc_listen_port: 9090");
      expect(spoilt).not.toBe(declaration);
      const { code, text } = await applyByHand(stack, "pyroscope", spoilt);
      expect(code).toBe(1);
      expect(text).toContain("listen tcp 127.0.0.1:9090: bind: address already in use");
      expect(text).toContain("the old files are back and pyroscope.service runs on them");
      expect(await configuration(stack)).toBe(before);
      await expectSettled(stack, 12399);
      await stack.operator("systemctl restart pyroscope");
      await expectHealthy(stack, 12399);
      await expectProfiles(stack, "soar-web");
    });
  });
});

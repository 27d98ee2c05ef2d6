import { describe, expect, test } from "vitest";
import { configuration, expectSettled } from "./harness/transaction";
import { TestStack } from "./harness/stack";

describe("each command that is replaced, tainted or a target", { timeout: 600_000 }, async () => {
  const stack = await TestStack.create("replaced", {
    config: { prometheus: { url: "http://127.0.0.1:9090" }, site: { domain: "x.test", tls: "internal" } },
  });

  test("leaves the host as it was", async () => {
    await stack.up();
    interface Resource {
      urn: string;
      type: string;
    }
    const { deployment } = JSON.parse(await stack.state()) as { deployment: { resources: Resource[] } };
    const commands = deployment.resources
      .filter(({ type }) => type.startsWith("command:remote:"))
      .map(({ urn }) => urn);
    expect(commands.length).toBeGreaterThan(7);
    const places = "/etc/apt /etc/prometheus /etc/soar /etc/caddy /usr/local/lib/soar-profiling";
    const look = async (): Promise<string> =>
      (await configuration(stack)).replaceAll(/ \d+\.\d+$/gm, "") +
      (await stack.operator(
        `find ${places} -type f -exec sha256sum {} + | sort; apt-mark showhold; ls -R /var/lib/soar-profiling; ` +
          "systemctl is-enabled alloy pyroscope; systemctl is-active alloy pyroscope prometheus caddy; apt-cache madison alloy",
      ));
    const before = await look();
    const isSettled = async (what: string): Promise<void> => {
      expect(await look(), what).toBe(before);
      await expectSettled(stack);
    };
    for (const urn of commands) {
      const name = urn.split("::").at(-1) ?? "";
      expect((await stack.up({ target: [urn], replace: [urn] })).changes["replace"], name).toBe(1);
      await isSettled(`--target and --replace ${name}`);
    }
    await stack.pulumi("state", "taint", "--yes", ...commands);
    await stack.up();
    await isSettled("taint of all");
    await stack.destroy();
    expect(
      await stack.status("ls -d /etc/alloy/conf.d /var/lib/soar-profiling /usr/local/lib/soar-profiling"),
    ).toBe(2);
  });
});

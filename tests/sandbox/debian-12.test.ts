import { beforeAll, describe, expect, test } from "vitest";
import { waitForProfiles } from "../../operations/arrivals";
import { missingLibraries } from "../../sandbox/host/libraries";
import { pyroscopeOn } from "../../sandbox/query";
import { TestStack } from "./harness/stack";
import {
  applyByHand,
  configuration,
  declarationOf,
  expectHealthy,
  expectSettled,
  killScriptAt,
  processes,
} from "./harness/transaction";

/** What is old there: systemd 252, apt 2.6, dpkg 1.21, coreutils 9.1, and a Prometheus 2.42 without scrape_config_files. */
describe("Debian 12", { timeout: 300_000 }, async () => {
  const missing = await missingLibraries("bookworm");
  if (missing !== "") {
    test.skip(`has not the libraries of this machine's programs: ${missing}`);
    return;
  }
  const stack = await TestStack.create("debian-12", {
    host: { release: "bookworm" },
    config: { prometheus: { url: "http://127.0.0.1:9090", discovery: "file_sd" } },
  });
  const paths = (): Promise<string> =>
    stack.operator(
      "find /etc /usr /opt /var/lib/soar-profiling /var/lib/apt -path /var/lib/apt/lists -prune -o -print | sort",
    );
  const packages = (): Promise<string> =>
    stack.operator("dpkg-query -W -f '${Package} ${Version} ${Status}\\n'; apt-mark showhold");
  let bare: string[] = [];

  beforeAll(async () => {
    bare = [await packages(), await paths()];
  });

  test("gets from a bare host to queryable profiles of all services, and a second `up` changes nothing", async () => {
    expect(await stack.operator(". /etc/os-release && echo $VERSION_CODENAME")).toBe("bookworm\n");
    await stack.up();
    const services = stack.declared();
    expect(services.length).toBeGreaterThan(4);
    const findings = await waitForProfiles(pyroscopeOn(stack.host), services, 120);
    expect(findings.filter(({ amount }) => amount === 0)).toEqual([]);
    expect(Object.keys((await stack.up()).changes)).toEqual(["same"]);
  });

  test("has nothing of a change that the validator refuses", async () => {
    const alloy = stack.setting("alloy") as object;
    const before = [await configuration(stack), await processes(stack)];
    stack.configure({ alloy: { ...alloy, fragments: { extra: 'local.file "x" {}\n' } } });
    expect(await stack.upFails()).toContain(
      "/etc/alloy/conf.d/sandbox-extra.alloy:1:1: missing required attribute",
    );
    expect([await configuration(stack), await processes(stack)]).toEqual(before);
    await expectSettled(stack);
    stack.configure({ alloy });
  });

  test("after a kill in the middle of a change, the next run goes back to what is declared", async () => {
    const before = await configuration(stack);
    const old = await declarationOf(stack, "soar-profiles-config-files");
    const [{ code }, killed] = await Promise.all([
      applyByHand(stack, "profiles", old.replaceAll(":9091", ":9099")),
      killScriptAt(stack, "/var/lib/soar-profiling/sandbox/profiles/undo"),
    ]);
    expect([code, killed]).toEqual([255, 0]);
    await expectHealthy(stack);
    expect((await applyByHand(stack, "profiles", old)).code).toBe(0);
    expect((await configuration(stack)).replaceAll(/ \d+\.\d+$/gm, "")).toBe(
      before.replaceAll(/ \d+\.\d+$/gm, ""),
    );
    await expectSettled(stack);
  });

  test("is as it was after a destroy", async () => {
    await stack.destroy();
    const after = [await packages(), await paths()];
    expect(after[0]).toBe(bare[0]);
    const directories = ["/etc/alloy", "/etc/pyroscope"];
    expect(after[1]?.split("\n").filter((path) => !directories.includes(path))).toEqual(bare[1]?.split("\n"));
  });
});

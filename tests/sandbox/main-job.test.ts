import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { profileEndpoints } from "../../components/endpoints";
import { flameGraph, storedProfiles, type TimeRange } from "../../operations/pyroscope-api";
import { waitForProfiles, type Finding } from "../../operations/arrivals";
import { renderProfiles } from "../../render/alloy/profiles";
import { accepted } from "../config/sample";
import { pyroscopeOn } from "../../sandbox/query";
import { TestStack } from "./harness/stack";

const profilesFile = "/etc/alloy/conf.d/sandbox-profiles.alloy";

interface Service {
  name: string;
  profiles?: string[];
}

/** Joins the five others later, with components of its own for its CPU and its heap profiles. */
const late = "soar-ingest-adsb";

/** Everything that the stack can touch, bar data, caches and logs. */
const places = "/etc /usr /opt /var/lib/soar-profiling /var/lib/dpkg";
/** All files of the stack but that of the profiles. */
const others = [
  "/etc/pyroscope/config.yml",
  "/etc/systemd/system/pyroscope.service.d/*",
  "/etc/default/alloy",
  "/etc/alloy/conf.d/destination.alloy",
  "/etc/alloy/conf.d/platform.alloy",
];

describe("the main job", { timeout: 400_000 }, async () => {
  const stack = await TestStack.create("main-job", { host: { quiet: false } });
  const query = pyroscopeOn(stack.host);
  const all = stack.setting("services") as Service[];
  const five = all.filter(({ name }) => name !== late);
  stack.configure({ services: five });

  /** What stands in Alloy's file for it, and what the preflight asks it for. */
  const lateLines = (sign: string): string[] => {
    const { services } = accepted({ services: all.filter(({ name }) => name === late) });
    const text = renderProfiles({ environment: "sandbox", services, authenticates: false });
    const [, ...lines] = text.split("\n").map((line) => line.trim());
    const asked = profileEndpoints(services).map(({ name, url, seconds = 0 }) => `${name} ${url} ${seconds}`);
    return [...lines, ...asked]
      .filter((line) => line !== "")
      .map((line) => `${sign} ${line}`)
      .sort();
  };

  let created = 0;
  const arrived = async (): Promise<Finding[]> => {
    const findings = await waitForProfiles(query, stack.declared(), 120);
    expect(findings.filter(({ amount }) => amount === 0)).toEqual([]);
    return findings;
  };
  /** When Alloy has last loaded its configuration. */
  const lastLoad = (): Promise<string> =>
    stack.operator(
      "curl -sSf http://127.0.0.1:12345/metrics | grep ^alloy_config_last_load_success_timestamp_seconds",
    );

  test("a bare host gets to queryable CPU profiles of all services, and heap of those that declare it", async () => {
    expect(await stack.status("ls /etc/alloy /etc/pyroscope /usr/local/lib/soar-profiling")).toBe(2);
    const logins = await stack.logins();
    const up = await stack.up();
    expect(Object.keys(up.changes)).toEqual(["create"]);
    // Of the host, the package source, Pyroscope, Alloy, the profiles, and the last word on the platform.
    expect(await stack.logins()).toBe(logins + 6);
    created = up.changes["create"] ?? 0;
    const findings = await arrived();
    expect(findings.map(({ service, kind }) => `${service} ${kind}`)).toEqual(
      five.flatMap(({ name, profiles = ["cpu"] }) => profiles.map((kind) => `${name} ${kind}`)),
    );

    const range = lastMinutes();
    const stored = await storedProfiles(query, range);
    expect(
      stored.map(({ service, environment, type }) => `${service} ${environment} ${type}`).sort(),
    ).toEqual(
      five
        .flatMap(({ name, profiles = ["cpu"] }) =>
          profiles.flatMap((kind) => typesOf(kind)).map((type) => `${name} sandbox ${type}`),
        )
        .sort(),
    );
    // Of a service that got little of the machine, the first profile has a few samples only.
    const patiently = { timeout: 60_000, interval: 2_000 };
    for (const profile of stored) {
      await expect
        .poll(async () => (await flameGraph(query, profile, lastMinutes())).names, {
          ...patiently,
          message: profile.service,
        })
        .toContainEqual(expect.stringMatching(/^soar_service::workload::/));
    }
    const ofOthers = async (): Promise<Finding[]> =>
      (await arrived()).filter(({ hottest }) => !/^<?soar_service::(workload|threads)::/.test(hottest ?? ""));
    await expect.poll(ofOthers, patiently).toEqual([]);
  });

  test("nothing of ours listens beyond loopback", async () => {
    const listeners = await stack.operator(
      `ss -Hltunp | grep -E '"(alloy|pyroscope)"' | awk '{ split($NF, name, "\\""); print name[2], $1, $5 }' | sort`,
    );
    expect(listeners.trim().split("\n")).toEqual([
      "alloy tcp 127.0.0.1:12345",
      "pyroscope tcp 127.0.0.1:4040",
      "pyroscope tcp 127.0.0.1:4041",
    ]);
    for (const port of [12345, 4040, 4041]) {
      expect(await reach(stack.host.address, port), `port ${port} from outside`).toBe("ECONNREFUSED");
    }
  });

  test("a second `up` changes nothing, opens no SSH connection, and touches no file and no process", async () => {
    const look = async (): Promise<string> =>
      (await stack.operator(`find ${places} -printf '%p %T@ %C@ %i %s %m %u:%g\\n' | sort`)) +
      (await stack.operator(
        "systemctl show -p Id -p MainPID -p InvocationID alloy pyroscope 'soar-*' prometheus",
      )) +
      (await lastLoad());
    const before = await look();
    const logins = await stack.logins();
    const { changes } = await stack.up();
    expect(await stack.logins()).toBe(logins);
    expect(changes).toEqual({ same: created });
    expect(await look()).toBe(before);
  });

  const untouched = (): Promise<string> => stack.fingerprint(others, ["pyroscope", "alloy"]);

  test("of a service that is added, preview shows exactly its lines, and `up` only reloads Alloy", async () => {
    stack.configure({ services: all });
    const preview = await stack.preview();
    expect(preview.changes).toEqual({ same: created - 2, update: 2 });
    expect(diffOf(preview.text).sort()).toEqual(lateLines("+"));

    const [before, load] = [await untouched(), await lastLoad()];
    const up = await stack.up();
    expect(up.changes).toEqual({ same: created - 2, update: 2 });
    expect(up.text).toContain(`alloy.service reloaded, files changed: ${profilesFile}`);
    expect(await untouched()).toBe(before);
    expect(await lastLoad()).not.toBe(load);
    await arrived();
  });

  test("of a service that is removed, preview shows exactly its lines, and its profiles end", async () => {
    stack.configure({ services: five });
    const preview = await stack.preview();
    expect(preview.changes).toEqual({ same: created - 2, update: 2 });
    expect(diffOf(preview.text).sort()).toEqual(lateLines("-"));

    const before = await untouched();
    const up = await stack.up();
    expect(up.changes).toEqual({ same: created - 2, update: 2 });
    expect(await untouched()).toBe(before);
    expect(await stack.operator(`grep -c ${late} ${profilesFile} || :`)).toBe("0\n");

    // What was being scraped may still arrive. From then on, a whole round of the others comes without it.
    const start = Date.now() + 10_000;
    const [type = ""] = typesOf("cpu");
    const withSamples = async (): Promise<string[]> => {
      const range = { start, end: Math.max(Date.now(), start + 1) };
      const totals = all.map(async ({ name: service }) => {
        const { total } = await flameGraph(query, { service, environment: "sandbox", type }, range);
        return total > 0 ? [service] : [];
      });
      return (await Promise.all(totals)).flat();
    };
    const expected = five.map(({ name }) => name);
    await expect.poll(withSamples, { timeout: 120_000, interval: 2000 }).toEqual(expected);
  });
});

/** The changed lines of files in what `pulumi preview --diff` prints, without their indentation. */
function diffOf(preview: string): string[] {
  const [resources = ""] = preview.split("--outputs:--");
  return [...resources.matchAll(/^ *([+-])[^\S\n]+(\S.*)$/gm)].map(
    ([, sign = "", line = ""]) => `${sign} ${line}`,
  );
}

function lastMinutes(minutes = 5): TimeRange {
  const end = Date.now();
  return { start: end - minutes * 60_000, end };
}

function typesOf(kind: string): string[] {
  return kind === "cpu"
    ? ["process_cpu:cpu:nanoseconds:cpu:nanoseconds", "process_cpu:samples:count:cpu:nanoseconds"]
    : ["memory:inuse_space:bytes:space:bytes"];
}

/** "connected", or the error's code. */
function reach(address: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 5000 }, () => {
      resolve("connected");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    socket.on("timeout", () => {
      resolve("timeout");
    });
    socket.on("close", () => socket.destroy());
  });
}

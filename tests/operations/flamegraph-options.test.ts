import { describe, expect, test } from "vitest";
import type { Settings } from "../../config/settings";
import { chooseWay, parseOptions } from "../../operations/flamegraph/options";

const none = { stack: undefined, service: undefined, profile: undefined, by: undefined, output: undefined };

describe("the command line of the flame graph", () => {
  test("looks at the last 15 minutes unless told otherwise", () => {
    expect(parseOptions([])).toEqual({ ...none, since: 900, diff: undefined });
  });

  test("takes the service, the kind, the time and the file", () => {
    const line = "--stack prod soar-run --profile cpu --since 1h30m --output soar-run.pb.gz";
    expect(parseOptions(line.split(" "))).toEqual({
      stack: "prod",
      service: "soar-run",
      profile: "cpu",
      since: 5_400,
      diff: undefined,
      by: undefined,
      output: "soar-run.pb.gz",
    });
  });

  test("compares as long a time as the one before, or another one", () => {
    expect(parseOptions(["--diff", "1h"])).toMatchObject({ since: 3_600, diff: 3_600 });
    expect(parseOptions(["--diff", "1h", "--since", "15m"])).toMatchObject({ since: 900, diff: 3_600 });
    expect(parseOptions(["--by", "service_git_ref"])).toMatchObject({ since: 900, by: "service_git_ref" });
  });

  test.each([
    [["a", "b"], "One service at a time, not a and b"],
    [["--since", "90"], '--since must be a duration such as "15s", "1h30m" or "30d"'],
    [["--diff", "0s"], ', not "0s"'],
    [["--by", "git-ref"], '--by must be the name of a label, such as service_git_ref, not "git-ref"'],
    [["--diff", "1h", "--output", "a.pb.gz"], "--output is for one profile: --diff and --by print a table"],
    [["--output", ""], "--output must be the name of a file, such as soar-run.pb.gz"],
    [["--last", "1h"], "Unknown option '--last'"],
  ])("refuses %j", (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});

describe("the service and the kind", () => {
  const services = [
    { name: "soar-run", profiles: ["heap", "cpu"] },
    { name: "soar-web", profiles: ["cpu"] },
  ];
  const settings = { services } as unknown as Settings;
  const choose = (service?: string, profile?: string): string => {
    const way = chooseWay(settings, { service, profile });
    return `${way.service.name} ${way.kind}`;
  };

  test("are the first ones unless told otherwise", () => {
    expect([choose(), choose("soar-web"), choose(undefined, "cpu")]).toEqual(
      ["soar-run heap", "soar-web cpu", "soar-run cpu"], // prettier-ignore
    );
  });

  test("are those of a service with profiles", () => {
    const some = { services: [{ name: "soar-sitemap", profiles: [] }, ...services] } as unknown as Settings;
    expect(chooseWay(some, { service: undefined, profile: undefined }).service.name).toBe("soar-run");
    expect(() => chooseWay(some, { service: "soar-sitemap", profile: undefined })).toThrow(
      "No profiles are declared of soar-sitemap: its setting profiles is empty",
    );
  });

  test("are refused with those that there are", () => {
    expect(() => choose("soar")).toThrow(
      "No service of the stack is called soar; they are soar-run, soar-web",
    );
    expect(() => choose("soar-web", "heap")).toThrow("soar-web has no profile heap; it has cpu");
    expect(() => choose("soar-run", "wall")).toThrow("soar-run has no profile wall; it has heap and cpu");
    expect(() =>
      chooseWay({ services: [] } as unknown as Settings, { service: undefined, profile: undefined }),
    ).toThrow("The stack has no services yet");
  });
});

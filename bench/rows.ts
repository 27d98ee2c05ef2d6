import { type SandboxHost } from "../sandbox/host/host";
import { prepareIngredients } from "../sandbox/host/prepare";
import { step } from "../sandbox/log";
import { ansibleOn, type HostContent } from "./ansible";
import { shareAuthority } from "./authority";
import type { Action, Declared } from "./contender";
import { installedFiles } from "./host";
import type { Hosts } from "./hosts";
import { measureSeries } from "./measure";
import { pulumiOn } from "./pulumi";
import type { Row } from "./result";
import { settle, type Way } from "./ways";

/** Services of each host. */
const few = 6;

/** The rows of one number of hosts. */
export async function measureHosts(
  hosts: Hosts,
  way: Way,
  rounds: number,
  manyServices: readonly number[],
  roundsOfMany: number,
): Promise<Row[]> {
  const ours = await pulumiOn(hosts.ours, way);
  const contents = new Map<number, HostContent[]>();
  const theirs = await ansibleOn(hosts.theirs, ({ services, label }) =>
    (contents.get(services) ?? []).map(({ packages, files }) => ({
      packages,
      files: files.map((file) => ({
        ...file,
        content: file.content.replaceAll(`"bench" = "0"`, `"bench" = "${label}"`),
      })),
    })),
  );
  const rows: Row[] = [];
  const at = (services: number, label = "0"): Declared => ({ services, label });
  const add = async (
    what: string,
    services: number,
    action: Action,
    label: (round: number) => string,
    changes: boolean,
    times: number,
  ): Promise<void> => {
    const series = { what, action, declared: (round: number) => at(services, label(round)), changes };
    const [own = [], other = []] = await measureSeries([ours, theirs], { ...series, rounds: times });
    rows.push({ what, hosts: hosts.ours.length, services, ours: own, theirs: other });
  };
  const learn = async (services: number): Promise<void> => {
    contents.set(services, await contentsOf(hosts.ours));
  };

  // What it has rendered is what Ansible copies.
  const [cold = []] = await measureSeries([ours], {
    what: "first apply",
    action: "apply",
    declared: () => at(few),
    changes: true,
    rounds: 1,
  });
  await learn(few);
  if (hosts.ours.length > 1) await shareAuthority(hosts.ours, hosts.theirs);
  const [theirCold = []] = await measureSeries([theirs], {
    what: "first apply",
    action: "apply",
    declared: () => at(few),
    changes: true,
    rounds: 1,
  });
  rows.push({ what: "first apply", hosts: hosts.ours.length, services: few, ours: cold, theirs: theirCold });
  await add("nothing to do", few, "apply", () => "0", false, rounds);
  await add("one label of one service", few, "apply", (round) => `${round}`, true, rounds);
  if (hosts.ours.length > 1) return rows;

  const asked = ours.declare(at(few), { detectDrift: true });
  await settle(asked);
  // What asks is put on the host.
  await step("detectDrift", () => way.run("up", asked, ["--skip-preview"]));
  await step("the label of before, Ansible", await theirs.prepare("apply", at(few)));
  await add("what differs is asked", few, "ask", () => "0", false, rounds);
  for (const services of manyServices) {
    for (const contender of [ours, theirs]) {
      await step(`${services} services, ${contender.name}`, await contender.prepare("apply", at(services)));
      if (contender === ours) await learn(services);
    }
    await add("nothing to do", services, "apply", () => "0", false, roundsOfMany);
    await add("one label of one service", services, "apply", (round) => `${round}`, true, roundsOfMany);
  }
  return rows;
}

/** What the stack has put on each host. */
async function contentsOf(hosts: readonly SandboxHost[]): Promise<HostContent[]> {
  const { versions } = (await prepareIngredients()).repository;
  const packages = Object.entries(versions).map(([name, [version]]) => `${name}=${version}`);
  return Promise.all(
    hosts.map(async (host) => {
      const files = await installedFiles(host);
      const stores = files.some((file) => file.path.startsWith("/etc/pyroscope/"));
      return { packages: packages.filter((name) => stores || !name.startsWith("pyroscope=")), files };
    }),
  );
}

import { type SandboxHost } from "../sandbox/host/host";
import { prepareIngredients } from "../sandbox/host/prepare";
import { step } from "../sandbox/log";
import { ansibleOn, type HostContent } from "./ansible";
import { shareAuthority } from "./authority";
import type { Declared } from "./contender";
import { installedFiles } from "./host";
import type { Hosts } from "./hosts";
import { measureSeries, type Series } from "./measure";
import { pulumiOn } from "./pulumi";
import type { Row } from "./result";
import { settle, type Way } from "./ways";

/** How often each thing is measured. What is first applied to fresh hosts is once. */
export interface Rounds {
  /** On one host with few services. */
  plain: number;
  /** With more of either. */
  more: number;
}

/** Services of each host, where it is not about their number. */
const few = 6;
const many = [60, 600];

/** What is done, and with which label in which round. */
type Kind = Pick<Series, "what" | "action" | "changes"> & { label: (round: number) => string };

const nothing: Kind = { what: "nothing to do", action: "apply", changes: false, label: () => "0" };
const first: Kind = { ...nothing, what: "first apply", changes: true };
const oneLabel: Kind = { ...first, what: "one label of one service", label: (round) => `${round}` };
const asked: Kind = { ...nothing, what: "what differs is asked", action: "ask" };

/** The rows of so many hosts. */
export async function measureHosts(hosts: Hosts, way: Way, { plain, more }: Rounds): Promise<Row[]> {
  const ours = await pulumiOn(hosts.ours, way);
  const both = [ours, await ansibleOn(hosts.theirs, renderedFor(hosts))];
  const count = hosts.ours.length;
  const rows: Row[] = [];
  const add = async ({ label, ...kind }: Kind, services: number, rounds: number): Promise<void> => {
    const declared = (round: number): Declared => ({ services, label: label(round) });
    const [own = [], other = []] = await measureSeries(both, { ...kind, declared, rounds });
    const row: Row = { what: kind.what, hosts: count, services, ours: own, theirs: other };
    process.stderr.write(`    ${JSON.stringify(row)}\n`);
    rows.push(row);
  };
  /** Brings both to it, unmeasured. */
  const bring = async (declared: Declared): Promise<void> => {
    for (const each of both) {
      await step(`${declared.services} services, ${each.name}`, await each.prepare("apply", declared));
    }
  };

  const rounds = count === 1 ? plain : more;
  await add(first, few, 1);
  await add(nothing, few, rounds);
  await add(oneLabel, few, rounds);
  if (count > 1) return rows;
  await bring({ services: few, label: "0" });
  const declaration = ours.declare({ services: few, label: "0" }, { detectDrift: true });
  await settle(declaration);
  await step("what asks is put on the host", () => way.run("up", declaration, ["--skip-preview"]));
  await add(asked, few, rounds);
  for (const services of many) {
    await bring({ services, label: "0" });
    await add(nothing, services, more);
    await add(oneLabel, services, more);
  }
  return rows;
}

/**
 * What the stack has rendered for each host, which Ansible copies. It is read from our hosts when that many services are first
 * asked for, with the label 0: the stack has just been applied.
 */
function renderedFor({ ours, theirs }: Hosts): (declared: Declared) => Promise<readonly HostContent[]> {
  const known = new Map<number, HostContent[]>();
  return async ({ services, label }) => {
    if (known.size === 0 && ours.length > 1) await shareAuthority(ours, theirs);
    const contents = known.get(services) ?? (await contentsOf(ours));
    known.set(services, contents);
    return contents.map(({ packages, files }) => ({
      packages,
      files: files.map((file) => ({
        ...file,
        content: file.content.replaceAll(`"bench" = "0"`, `"bench" = "${label}"`),
      })),
    }));
  };
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

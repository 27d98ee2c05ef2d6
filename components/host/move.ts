import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../config/refusal";
import type { SshSettings } from "./connection";
import { type HostIdentity, identityOf, isOtherHost, machineIn } from "./identity";
import { lastCommands, type Renamed } from "./last-commands";
import { machineScript } from "./scripts";
import { Session } from "./session";

/** What {@link refuseMove} goes by. */
export interface MoveArgs {
  /** The Pulumi stack, `organization/project/stack`. */
  stack: string;
  ssh: SshSettings;
  privateKey: pulumi.Input<string> | undefined;
  /** The address of the host that this one takes the place of, if the settings say so. */
  replaces: string | undefined;
  /** The setting that the host is, as messages name it: `host`. */
  setting: string;
  /** What the state has under other names. @default nothing */
  renamed?: Renamed | undefined;
}

/** How long a host may take to say which machine it is, in seconds. */
const patience = 40;

/**
 * A host of another machine than the last `up` was on gets all that is declared, and on the one before all of it stays, and
 * runs: Pulumi forgets it. So an `up` is refused that is not meant to do that. The same machine may have another address, or
 * another host key. A preview reaches no host, and tells what may be.
 * @param checks the names of the command that has told which machine it was on, those of earlier programs last
 * @throws pulumi.RunError
 */
export async function refuseMove(args: MoveArgs, checks: readonly string[]): Promise<void> {
  const { ssh, stack, replaces, setting } = args;
  const last = await lastCommands(stack, args.renamed);
  const name = checks.find((check) => check in last);
  const { connection, stdout = "" } = (name === undefined ? undefined : last[name]) ?? {};
  if (connection === undefined) return;
  const { host, port = 22, hostKey } = connection;
  const isSame = host === ssh.address && port === ssh.port && hostKey === ssh.hostKey;
  if (isSame || replaces === host) return;
  const machine = machineIn(stdout);
  const before = {
    ...identityOf({ address: host, hostKey }),
    ...(machine === undefined ? {} : { machine }),
  };
  const now = identityOf(ssh);
  if (!pulumi.runtime.isDryRun()) {
    const asked = machine === undefined ? now : { ...now, machine: await machineOf(args) };
    if (isOtherHost(before, asked) || !isKnown(before, asked)) throw refusal(words(setting, before, asked));
  } else if (isOtherHost(before, now) && machine === undefined) {
    void pulumi.log.warn(`An up will be refused. ${words(setting, before, now)}`);
  } else {
    void pulumi.log.warn(
      `The host was ${called(before)} at the last up, and is ${called(now)} now. If that is the same machine, nothing changes but ` +
        `how it is reached. If not, an up is refused: ${remedy(setting, before)}`,
    );
  }
}

async function machineOf({ ssh, privateKey, setting }: MoveArgs): Promise<string> {
  const session = new Session(ssh, privateKey);
  const asked = session.run("sh -s", patience, machineScript());
  session.hold(asked);
  const answer = await asked.catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw refusal(
      `${setting}: ${ssh.address} cannot be asked whether it is the machine of the last up: ${reason}`,
    );
  });
  const machine = machineIn(answer);
  if (machine === undefined)
    throw refusal(`${setting}: ${ssh.address} has no /etc/machine-id, and a Debian host has one`);
  return machine;
}

/** Whether there is something by which they are known to be the same. */
function isKnown(one: HostIdentity, two: HostIdentity): boolean {
  return one.machine !== undefined || (one.key !== undefined && one.key === two.key);
}

function words(setting: string, before: HostIdentity, now: HostIdentity): string {
  return (
    `${setting}: ${called(now)} is not known to be the machine that the last up was on, ${called(before)}. All that is declared ` +
    `would be set up there, and what this stack has put on ${before.address} would stay and go on running, with nothing left ` +
    `to remove it: ${remedy(setting, before)}`
  );
}

function remedy(setting: string, { address }: HostIdentity): string {
  const first =
    setting === "host"
      ? `pulumi destroy first, with the settings of ${address}, and then change host`
      : `give the new host a name of its own in hosts and take the other out, which removes all from ${address}`;
  return `${first}; or, if ${address} is gone or is to stay as it is, set ${setting}.replaces to ${address}`;
}

function called({ address, key }: HostIdentity): string {
  return key === undefined ? address : `${address} (${key})`;
}

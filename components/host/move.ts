import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../config/refusal";
import type { SshSettings } from "./connection";
import { type HostIdentity, identityOf, isOtherHost, machineIn } from "./identity";
import { lastCommands } from "./last-commands";
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
  const { ssh, stack, replaces } = args;
  const last = await lastCommands(stack);
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
    if (isOtherHost(before, asked) || !isKnown(before, asked)) throw refusal(words(before, asked));
  } else if (isOtherHost(before, now) && machine === undefined) {
    void pulumi.log.warn(`An up will be refused. ${words(before, now)}`);
  } else {
    void pulumi.log.warn(
      `The host was ${called(before)} at the last up, and is ${called(now)} now. If that is the same machine, nothing changes but ` +
        `how it is reached. If not, an up is refused: ${remedy(before)}`,
    );
  }
}

async function machineOf({ ssh, privateKey }: MoveArgs): Promise<string> {
  const session = new Session(ssh, privateKey);
  const asked = session.run("sh -s", patience, machineScript());
  session.hold(asked);
  const answer = await asked.catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw refusal(`host: ${ssh.address} cannot be asked whether it is the machine of the last up: ${reason}`);
  });
  const machine = machineIn(answer);
  if (machine === undefined)
    throw refusal(`host: ${ssh.address} has no /etc/machine-id, and a Debian host has one`);
  return machine;
}

/** Whether there is something by which they are known to be the same. */
function isKnown(one: HostIdentity, two: HostIdentity): boolean {
  return one.machine !== undefined || (one.key !== undefined && one.key === two.key);
}

function words(before: HostIdentity, now: HostIdentity): string {
  return (
    `host: ${called(now)} is not known to be the machine that the last up was on, ${called(before)}. All that is declared ` +
    `would be set up there, and what this stack has put on ${before.address} would stay and go on running, with nothing left ` +
    `to remove it: ${remedy(before)}`
  );
}

function remedy({ address }: HostIdentity): string {
  return (
    `pulumi destroy first, with the settings of ${address}, and then change host; or, if ${address} is gone or is to stay as it ` +
    `is, set host.replaces to ${address}`
  );
}

function called({ address, key }: HostIdentity): string {
  return key === undefined ? address : `${address} (${key})`;
}

import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { sshHost } from "../../../sandbox/host/host";
import type { TestStack } from "./stack";

/** Cuts all SSH connections and refuses new ones; returns how to end that. Uses none of them itself. */
export async function stopSshd(stack: TestStack, seconds: number): Promise<void> {
  // Detached from the session that it ends.
  await stack.operator(
    `systemd-run --quiet --collect sh -c 'systemctl stop ssh; pkill -KILL sshd; sleep ${seconds}; systemctl start ssh'`,
  );
}

/** Fills the file system of a directory but for some kilobytes; returns how to end that. */
export async function fillDisk(stack: TestStack, directory: string, leave = 0): Promise<() => Promise<void>> {
  const filler = `${directory}/filler`;
  await stack.operator(
    `free=$(df -k --output=avail ${directory} | tail -n 1); n=$((free - ${leave})); ` +
      `[ "$n" -lt 1000000 ] || { echo "more than 1 GB to fill" >&2; exit 1; }; ` +
      `dd if=/dev/zero of=${filler} bs=1024 count=$n status=none || [ ${leave} -eq 0 ]; sync`,
  );
  return async () => {
    await stack.operator(`rm -f ${filler}`);
  };
}

/** A process on the host that holds a port; returns how to end that. */
export async function occupyPort(
  stack: TestStack,
  address: string,
  port: number,
): Promise<() => Promise<void>> {
  const unit = `squatter-${port}`;
  const listen = `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => "${address}", LocalPort => ${port}, Listen => 1) or die; sleep 600`;
  await stack.operator(`systemd-run --quiet --collect --unit=${unit} perl -e '${listen}'`);
  await stack.operator(
    `for i in $(seq 50); do ss -Hltn | grep -q ':${port} ' && exit 0; sleep 0.1; done; exit 1`,
  );
  return async () => {
    await stack.operator(`systemctl stop ${unit}`);
  };
}

/**
 * A process on the host that holds a lock file of apt or dpkg, as another apt would, until a script of ours has run for
 * some seconds; returns how to get the time at which it let go, in seconds since the epoch.
 */
export async function holdLock(
  stack: TestStack,
  file: string,
  script: string,
  seconds: number,
): Promise<() => Promise<number>> {
  const [held, released] = ["/run/lock-held", "/run/lock-released"];
  const hold =
    `use Fcntl; open F, ">>", "${file}"; my $l = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0); ` +
    `fcntl(F, F_SETLKW, $l) or die $!; open N, ">", "${held}"; ` +
    `sleep 1 until system("pgrep -f ^/bin/sh./usr/local/lib/soar-profiling/.*/${script} >/dev/null") == 0; ` +
    `sleep ${seconds}; open N, ">", "${released}"`;
  await stack.operator(`rm -f ${held} ${released}; systemd-run --quiet --collect perl -e '${hold}'`);
  await stack.operator(`for i in $(seq 50); do [ -e ${held} ] && exit 0; sleep 0.1; done; exit 1`);
  return async () => Number(await stack.operator(`stat -c %Y ${released}`));
}

/** Changes a file on the host as an operator's editor would. */
export async function editFile(stack: TestStack, file: string, script: string): Promise<void> {
  await stack.operator(`sed -i '${script.replaceAll("'", `'\\''`)}' ${file}`);
}

/**
 * Kills the engine and its plugins, started by this process, with SIGKILL; the SSH sessions that they hold are cut.
 * Returns how many processes that were.
 */
export async function killEngine(): Promise<number> {
  const all = await processes();
  const engines = all.filter(({ name, parent }) => name === "pulumi" && parent === process.pid);
  const doomed = [...engines, ...engines.flatMap(({ pid }) => descendants(pid, all))];
  for (const { pid } of doomed) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
  return doomed.length;
}

/** Kills a script of ours on the host with SIGKILL, as the kernel would; true when it was running. */
export async function killScript(stack: TestStack, name: string): Promise<boolean> {
  return (await stack.status(`pkill -KILL -f '^/bin/sh /usr/local/lib/soar-profiling/[^ ]*/${name} '`)) === 0;
}

/** Waits until a command succeeds on the host. */
export async function eventually(stack: TestStack, command: string, seconds = 60): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while ((await stack.status(command)) !== 0) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${command}`);
    await sleep(500);
  }
}

interface Process {
  pid: number;
  parent: number;
  name: string;
}

/** All processes, in one look: what is to be killed goes on meanwhile. */
async function processes(): Promise<Process[]> {
  const ids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const stats = await Promise.all(ids.map((id) => readFile(`/proc/${id}/stat`, "utf8").catch(() => "")));
  return stats.flatMap((stat) => {
    const [, pid, name = "", parent] = /^(\d+) \((.*)\) \S (\d+)/.exec(stat) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), name }];
  });
}

function descendants(ancestor: number, all: readonly Process[]): Process[] {
  const direct = all.filter(({ parent }) => parent === ancestor);
  return [...direct, ...direct.flatMap(({ pid }) => descendants(pid, all))];
}

/** From now on, a version of Alloy's package has a program that does not work; returns how to end that. */
export async function breakVersion(
  stack: TestStack,
  version: string,
  fault: "refuses all files" | "does not run",
): Promise<() => Promise<void>> {
  const [program, script, hook] = [
    "/usr/bin/alloy",
    "/root/break-alloy",
    "/etc/apt/apt.conf.d/99break-alloy",
  ];
  const says = fault === "does not run" ? '[ "$1" != validate ] || exit 0; ' : "";
  const breaks = [
    "#!/bin/sh",
    `[ "$(dpkg-query -W -f '\${Version}' alloy)" = ${version} ] || exit 0`,
    `rm ${program}`,
    `echo '#!/bin/sh\n${says}echo "Error: not with this version" >&2; exit 1' >${program}`,
    `chmod 755 ${program}`,
  ].join("\n");
  await sshHost(stack.host, `cat >${script}; chmod 755 ${script}`, { input: `${breaks}\n` });
  await stack.operator(`echo 'DPkg::Post-Invoke {"${script}";};' >${hook}`);
  return async () => {
    await stack.operator(`rm ${script} ${hook}`);
  };
}

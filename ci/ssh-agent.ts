import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * With the key of SSH_PRIVATE_KEY in an SSH agent of this command's own, as a person has theirs: so the stack's state is the
 * same, whoever has deployed. The key is in no file and on no command line, and what is started from here on does not have it
 * in its environment. Without the variable there is no agent but the one that may run already.
 * @param use is told whether there was a key
 */
export async function withSshKey<T>(use: (isGiven: boolean) => Promise<T>): Promise<T> {
  const key = (process.env["SSH_PRIVATE_KEY"] ?? "").trim();
  delete process.env["SSH_PRIVATE_KEY"];
  if (key === "") return use(false);
  // Only its owner may enter it.
  const directory = await mkdtemp(path.join(tmpdir(), "soar-agent-"));
  const socket = path.join(directory, "socket");
  // An agent ends within ten seconds after the command that it was given; `cat` ends with this process, also where that is killed.
  const agent = spawn("ssh-agent", ["-a", socket, "cat"], { stdio: ["pipe", "ignore", "ignore"] });
  const ended = once(agent, "exit");
  try {
    // Its socket is there a moment before it takes connections.
    for (let tries = 0; !(await answers(socket)); tries++) {
      if (tries === 100 || agent.exitCode !== null) throw new Error("ssh-agent does not start");
      await sleep(50);
    }
    process.env["SSH_AUTH_SOCK"] = socket;
    await addKey(`${key.replaceAll("\r\n", "\n")}\n`);
    return await use(true);
  } finally {
    agent.stdin.end();
    await ended;
    // Nobody finds it any more.
    await rm(directory, { recursive: true, force: true });
  }
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket)
      .once("connect", () => {
        connection.destroy();
        resolve(true);
      })
      .once("error", () => {
        resolve(false);
      });
  });
}

async function addKey(key: string): Promise<void> {
  const child = spawn("ssh-add", ["-q", "-"], {
    stdio: ["pipe", "ignore", "pipe"],
    // It would ask for the passphrase of a key that has one.
    env: { ...process.env, SSH_ASKPASS_REQUIRE: "never" },
  });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (words += text));
  // Where it ends before it has read the key, its status and its words say why.
  child.stdin.on("error", () => undefined);
  child.stdin.end(key);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`SSH_PRIVATE_KEY is no private key without a passphrase: ${words.trim()}`);
}

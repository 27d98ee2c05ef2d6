import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll } from "vitest";
import { ensureVersitygw } from "../../../sandbox/tools/toolchain";

/** An object storage that can be away. */
export interface ObjectStorage {
  url: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  /** How many blocks of profiles it has. */
  blocks(): Promise<number>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A real one with one bucket, on this machine. Ends with the test file. */
export async function startStorage(address: string, port: number, secretKey: string): Promise<ObjectStorage> {
  const { path: program } = await ensureVersitygw();
  const directory = await mkdtemp(path.join(tmpdir(), "soar-storage-"));
  const [buckets, metadata] = [path.join(directory, "buckets"), path.join(directory, "metadata")];
  await mkdir(path.join(buckets, "profiles"), { recursive: true });
  await mkdir(metadata);
  const [region, accessKeyId] = ["eu-test", "soar"];
  const url = `http://${address}:${port}`;
  let running: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    running = spawn(
      program,
      ["--port", `${address}:${port}`, "--region", region, "posix", "--sidecar", metadata, buckets],
      { env: { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretKey }, stdio: "ignore" },
    );
    const isUp = (): Promise<boolean> =>
      fetch(url).then(
        () => true,
        () => false,
      );
    for (let attempt = 0; !(await isUp()); attempt++) {
      if (attempt === 100) throw new Error(`no object storage answers at ${url}`);
      await sleep(100);
    }
  };
  const stop = async (): Promise<void> => {
    if (running === undefined) return;
    const ended = once(running, "exit");
    running.kill("SIGKILL");
    await ended;
    running = undefined;
  };
  const blocks = async (): Promise<number> => {
    const names = await readdir(buckets, { recursive: true });
    return names.filter((name) => path.basename(name) === "meta.json").length;
  };
  afterAll(async () => {
    await stop();
    await rm(directory, { recursive: true });
  });
  await start();
  return { url, region, bucket: "profiles", accessKeyId, blocks, start, stop };
}

import { randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { run, step } from "../log";
import type { Repository } from "../packages/repository";
import { cacheDir, contentKey, publish } from "../paths";
import type { BackendName } from "../tools/backends";
import type { Image } from "./image";

/** The servers that the stack finds on a host, as a tree to lay over the image. */
export interface BackendsLayer {
  /** What the packages and Grafana's first start have changed in the image. */
  root: string;
  /** A file, for its owner only, with `admin:` and the password of Grafana's administrator, if Grafana is among them. */
  grafanaAuthFile: string;
}

const script = path.join(__dirname, "backends", "install.sh");

/** Installs them over the image once, which takes half a minute, and keeps the result in the cache. */
export async function ensureBackendsLayer(
  image: Image,
  repository: Repository,
  names: readonly BackendName[],
): Promise<BackendsLayer> {
  const key = contentKey([image.rootfs, repository.fingerprint, names.join(), await readFile(script)]);
  const directory = await publish(path.join(cacheDir(), "backends-layer", key), (temporary) =>
    step(`install ${names.join(", ")} over the image`, () => install(image, repository, names, temporary)),
  );
  return { root: path.join(directory, "root"), grafanaAuthFile: path.join(directory, "grafana-auth") };
}

async function install(
  image: Image,
  repository: Repository,
  names: readonly BackendName[],
  directory: string,
): Promise<void> {
  const password = randomBytes(16).toString("hex");
  await writeFile(path.join(directory, "grafana-auth"), `admin:${password}`, { mode: 0o600 });
  const namespaces = ["--mount", "--net", "--pid", "--fork", "--kill-child"];
  await run("unshare", [...namespaces, script, image.rootfs, repository.directory, directory, ...names], {
    env: { GF_SECURITY_ADMIN_PASSWORD: password },
    timeout: 600_000,
  });
  for (const part of ["work", "host"]) await rm(path.join(directory, part), { recursive: true });
}

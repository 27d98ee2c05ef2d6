import { open, writeFile } from "node:fs/promises";

/** Who called sudo, where this runs by sudo as root. */
export function callingUser(env: NodeJS.ProcessEnv): { uid: number; gid: number } | undefined {
  const { SUDO_UID: uid, SUDO_GID: gid } = env;
  if (process.getuid?.() !== 0 || uid === undefined || gid === undefined) return undefined;
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * Writes a file. By sudo, a new one belongs to the user who called sudo; one that is there stays whose it is.
 * @throws Error in the words of the system, which have the file's name
 */
export async function writeForUser(
  file: string,
  content: Buffer,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const made = await open(file, "wx").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return undefined;
  });
  if (made === undefined) {
    await writeFile(file, content);
    return;
  }
  try {
    const user = callingUser(env);
    if (user !== undefined) await made.chown(user.uid, user.gid);
    await made.writeFile(content);
  } finally {
    await made.close();
  }
}

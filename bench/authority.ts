import { asRoot, type SandboxHost } from "../sandbox/host/host";
import { bounded } from "./host";

const directory = "/var/lib/caddy/.local/share/caddy/pki/authorities/local";

/**
 * Gives the first of Ansible's hosts the authority of Caddy on the first of ours. The files of the others have its certificate,
 * which the stack has read on its host: without this, Ansible's hosts would refuse each other.
 */
export async function shareAuthority(
  [ours]: readonly SandboxHost[],
  [theirs]: readonly SandboxHost[],
): Promise<void> {
  if (ours === undefined || theirs === undefined) throw new Error("There is no host");
  const archive = await asRoot(ours, `tar -C ${directory} -cz . | base64`, bounded);
  const install = `install -d -o caddy -g caddy -m 0700 ${directory}`;
  await asRoot(
    theirs,
    `systemctl stop caddy && ${install} && base64 -d | tar -C ${directory} -xz && systemctl start caddy`,
    { ...bounded, input: archive },
  );
}

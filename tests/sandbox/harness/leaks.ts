import { readdir, readFile } from "node:fs/promises";
import * as path from "node:path";
import { sshHost } from "../../../sandbox/host/host";
import type { TestStack } from "./stack";

/** Collects every command line that is seen on the host until it is told to end. */
export async function sampleCommandLines(stack: TestStack): Promise<() => Promise<string>> {
  const sampler = `
my ($end, %seen) = time + 600;
while (time < $end && !-e "/run/sampled") {
  for my $file (glob "/proc/[0-9]*/cmdline") {
    open(my $handle, "<", $file) or next;
    local $/;
    my $line = <$handle>;
    $seen{$line =~ tr/\\0/ /r} = 1 if defined $line;
  }
  select(undef, undef, undef, 0.005);
}
print join("\\n", keys %seen);`;
  await stack.operator("rm -f /run/sampled");
  // On standard input, so that it is no command line itself.
  const samples = sshHost(stack.host, "perl -", { input: sampler });
  return async () => {
    await stack.operator("touch /run/sampled");
    const { code, stdout, stderr } = await samples;
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
}

/** The files of the host that hold one of some texts and that `user` can read, as `MODE OWNER:GROUP PATH`, sorted by path. */
export async function filesWith(stack: TestStack, texts: string[], user = "root"): Promise<string[]> {
  // Without the packages' own files, and the journal, which has a check of its own.
  const places = "/etc /home /opt /root /run /srv /tmp /usr/local /var";
  const search = `runuser -u ${user} -- grep -rlFf - --devices=skip --exclude-dir=dpkg --exclude-dir=journal ${places} 2>/dev/null`;
  const command = `${search} | sort | while read -r file; do stat -c '%a %U:%G %n' "$file"; done`;
  const { stdout } = await sshHost(stack.host, command, { input: `${texts.join("\n")}\n`, shared: true });
  return stdout.split("\n").filter((line) => line !== "");
}

/** The host's whole journal. */
export function journal(stack: TestStack): Promise<string> {
  return stack.operator("journalctl --no-pager -o export | tr -d '\\0'");
}

/** The files of this machine that belong to a stack (state with its history, settings, log) and hold a text. */
export async function localFilesWith(stack: TestStack, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of ["state", "work", "logs"]) {
    const root = path.join(stack.host.directory, folder);
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name);
      if (entry.isFile() && (await readFile(file, "utf8")).includes(text))
        found.push(path.relative(root, file));
    }
  }
  return found;
}

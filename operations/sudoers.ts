/** A user who may deploy an environment, and nothing else. */
export interface Deployer {
  environment: string;
  user: string;
}

/**
 * The rule of sudo for a user who may deploy, as a file for /etc/sudoers.d. It names one command, by its path: what may be asked for
 * is decided there, and not by patterns of sudo, which a caller could bend.
 * @throws Error where it would be of no use
 */
export function sudoers({ environment, user }: Deployer): string {
  if (user === "root")
    throw new Error("root needs no rule: name the user who logs in to deploy, npm run sudoers -- USER");
  // With a capital first, a word may be one of sudo's own: ALL is every user, and Defaults are settings.
  if (!/^[a-z_][A-Za-z0-9._-]{0,31}$/.test(user)) {
    throw new Error(
      `"${user}" is no user name of letters, digits, ., _ and -, at most 32, a small letter or _ first`,
    );
  }
  const command = `/usr/local/lib/soar-profiling/${environment}/deployer`;
  const file = `/etc/sudoers.d/soar-profiling-${environment}`;
  return `# Managed by hand. ${user} may deploy environment ${environment} of soar-profiling on this host, and nothing else: what an administrator
# has set up, within what ${command} allows.
# As root: put this into ${file}, owned by root, mode 0440, after \`visudo -cf\` has found no
# mistake in it. No other rule may give ${user} a command of root, and no group that is one of root in all but name (docker, lxd, disk).
Defaults!${command} env_reset, !env_keep, !env_check, !setenv, secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
${user} ALL=(root) NOPASSWD: NOSETENV: ${command}
`;
}

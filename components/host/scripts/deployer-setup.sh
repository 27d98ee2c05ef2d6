# shellcheck shell=sh
# Comes after setup.sh where the user may be one who may deploy and nothing else: what brings a host to its scripts needs more, and
# so does most of what the preflight looks at. So for this user the scripts have to be there, and are compared. $scripts has the
# digest of each.
# shellcheck disable=SC2154
if [ "$(id -u)" -ne 0 ] && ! sudo -n -l /bin/sh >/dev/null 2>&1; then
  deployer=/usr/local/lib/soar-profiling/$environment/deployer
  if [ ! -x "$deployer" ]; then
    echo "soar-profiling: user $(id -un) may not set this host up: an administrator does it first, by pulumi up with host.user root," \
      "or one whose sudo allows everything. After that: npm run sudoers" >&2
    exit 1
  fi
  printf '%s\n' "$scripts" | sudo -n "$deployer" setup "$owner" "$platform"
  echo "machine $(machine)"
  exit 0
fi

# shellcheck shell=sh
# install ENVIRONMENT OWNER [--generation N], on standard input (`sh -s`), the scripts appended: puts them on the host,
# where all later commands find them. OWNER is the Pulumi stack; an environment belongs to one. The generation is for
# `drift` to tell.
set -eu
umask 022
environment=$1 owner=$2
scripts=/usr/local/lib/soar-profiling/$environment
state=/var/lib/soar-profiling/$environment
present=$(cat "$state/owner" 2>/dev/null || echo "$owner")
if [ "$present" != "$owner" ]; then
  echo "soar-profiling: environment $environment on this host belongs to the stack $present:" \
    "set another environment (or, if that stack was renamed to $owner, remove $state/owner on the host)" >&2
  exit 1
fi
for file in /var/lib/soar-profiling/*/owner; do
  if [ ! -e "$file" ] || [ "$file" = "$state/owner" ] || [ "$(cat "$file")" != "$owner" ]; then continue; fi
  name=$(basename "$(dirname "$file")")
  echo "soar-profiling: this stack is environment $name on this host, not $environment; nothing was changed." \
    "Set environment to $name again; or pulumi destroy first, and then pulumi up with the new name" >&2
  exit 1
done
install -d -m 0755 /var/lib/soar-profiling "$scripts"
install -d -m 0700 "$state"
printf '%s\n' "$owner" >"$state/owner"
printf '%s\n' "${4:-0}" >"$state/generation"

# put NAME <CONTENT: complete or not at all, also for a command that runs at the same time.
put() {
  cat >"$scripts/.$1.new"
  chmod 0755 "$scripts/.$1.new"
  mv -f "$scripts/.$1.new" "$scripts/$1"
}

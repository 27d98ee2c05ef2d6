# shellcheck shell=sh
# install ENVIRONMENT OWNER own|shared GENERATION, on standard input (`sh -s`), the scripts appended: puts them on the host,
# where all later commands find them, and takes the platform of the host where it is the environment's own. OWNER is the Pulumi
# stack; an environment belongs to one. The generation is for `drift` to tell. A copy of each script is kept with the records:
# it is how they were put there, and what `drift` runs by.
set -eu
umask 022
environment=$1 owner=$2 platform=$3 generation=$4
scripts=/usr/local/lib/soar-profiling/$environment
state_root=/var/lib/soar-profiling
state=$state_root/$environment
copies=$state/scripts/$environment # The name of a script's directory is that of the environment.
present=$(cat "$state/owner" 2>/dev/null || echo "$owner")
if [ "$present" != "$owner" ]; then
  echo "soar-profiling: environment $environment on this host belongs to the stack $present:" \
    "set another environment (or, if that stack was renamed to $owner, remove $state/owner on the host)" >&2
  exit 1
fi
for file in "$state_root"/*/owner; do
  if [ ! -e "$file" ] || [ "$file" = "$state/owner" ] || [ "$(cat "$file")" != "$owner" ]; then continue; fi
  name=$(basename "$(dirname "$file")")
  echo "soar-profiling: this stack is environment $name on this host, not $environment; nothing was changed." \
    "Set environment to $name again; or pulumi destroy first, and then pulumi up with the new name" >&2
  exit 1
done
taken=
[ "$platform" = shared ] || taken=$(platform_taken)
[ -z "$taken" ] || { echo "soar-profiling: $taken" >&2 && exit 1; }
newer=$(can_read_records "$state_root") || { echo "soar-profiling: $newer" >&2 && exit 1; }
install -d -m 0755 "$state_root" "$scripts"
install -d -m 0700 "$state"
printf '%s\n' "$owner" >"$state/owner"
printf '%s\n' "$generation" >"$state/generation"
rm -rf "$copies.new"
mkdir -p "$copies.new"

put() { cat >"$copies.new/$1"; } # NAME <CONTENT

# Each is complete or not there, also for a command that runs at the same time.
put_all() {
  chmod 0755 "$copies.new"/*
  rm -rf "$scripts/.new"
  cp -rp "$copies.new" "$scripts/.new"
  mv -f "$scripts/.new"/* "$scripts"
  rmdir "$scripts/.new"
  rm -rf "$copies"
  mv "$copies.new" "$copies"
  [ -d "$scripts/records" ] || keep_spares
}

# Of all records (see keep_spare in lib.sh), where the directory was removed with the scripts.
keep_spares() {
  install -d -m 0700 "$scripts/records"
  for record in "$state"/packages/* "$state"/apt-* "$state"/*/manifest "$state"/*/directories "$state"/*/original; do
    case $record in *.new) continue ;; esac
    [ -e "$record" ] || continue
    copy=$scripts/records/${record#"$state/"}
    mkdir -p "$(dirname "$copy")"
    cp -a "$record" "$copy"
  done
}

# The last step.
claim_platform() { [ "$platform" = shared ] || "$scripts/platform" claim; }

# shellcheck shell=sh
# Shared by the scripts beside it, which soar-profiling calls over SSH. Source it; do not run it.
# They run as root, take what they need as arguments and on standard input, and print no file's content.
set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# needrestart in automatic mode would restart services of others in the middle of our use of apt.
export NEEDRESTART_SUSPEND=1
umask 077

# The environment (one stack) is the directory that the scripts of this stack are in.
spare=$(readlink -f "$0")
spare=${spare%/*}
# shellcheck disable=SC2034
environment=${spare##*/}
spare=$spare/records
state_root=/var/lib/soar-profiling
# shellcheck disable=SC2034 # used by the scripts that source this file
state=$state_root/$environment
run=/run/soar-profiling
lock_wait=${SOAR_LOCK_WAIT:-600}

# shellcheck source=components/host/scripts/time.sh
. "${0%/*}/time.sh"

# The session may be cut at any time (engine killed, network gone): what was begun is finished all the same.
trap '' HUP PIPE

say() { printf '%s\n' "$*" 2>/dev/null || :; }

# shellcheck disable=SC2034
die() {
  dying=yes
  printf 'soar-profiling: %s\n' "$*" >&2 2>/dev/null || :
  exit 1
}

# Written whole, and down to the disk, or not at all.
write_record() { # FILE <CONTENT
  if cat >"$1.new" && sync "$1.new" && mv -f "$1.new" "$1"; then return 0; fi
  rm -f "$1.new" || :
  return 1
}

# The same of a file that is not a record.
replace() { # FILE COMMAND..., which makes it at the path that is its last argument
  _replaced=$1 && shift
  if "$@" "$_replaced.new" && sync "$_replaced.new" && mv -fT "$_replaced.new" "$_replaced"; then return 0; fi
  rm -f "$_replaced.new" || :
  return 1
}

# What was kept beside a file, as a hard link of it, is the file again, whether that was replaced or not.
bring_back() { # KEPT FILE
  if [ "$(stat -c %d:%i -- "$1")" = "$(stat -c %d:%i -- "$2" 2>/dev/null)" ]; then
    rm -f -- "$1" # It was not replaced, and mv refuses two names of one file.
  else
    mv -fT -- "$1" "$2"
  fi
}

# Records are kept twice: in $state, and in $spare, beside the scripts. Where one place was emptied, the other still tells what
# is ours on this host, and what was here before us.
keep_spare() { # NAME of a record in $state
  rm -rf "$spare/$1.new" && mkdir -p "$(dirname "$spare/$1")" && cp -a "$state/$1" "$spare/$1.new" &&
    rm -rf "${spare:?}/$1" && mv "$spare/$1.new" "$spare/$1"
}

find_record() { # NAME
  if [ -e "$state/$1" ] || [ ! -e "$spare/$1" ]; then return 0; fi
  if ! mkdir -p "$(dirname "$state/$1")" || ! rm -rf "$state/$1.new" || ! cp -a "$spare/$1" "$state/$1.new" ||
    ! mv "$state/$1.new" "$state/$1"; then
    die "the record $state/$1 is gone, and cannot be written again from $spare/$1 (the reason above)"
  fi
  say "the record $state/$1 was gone: it is back, from $spare/$1"
}

drop_record() { rm -rf "${spare:?}/$1" "${state:?}/$1"; } # NAME

# What is to go has something of this environment on top of it still. Where it is replaced (`pulumi up --replace`) it comes
# back at once: it stays, and this ends. A destroy (see `platform guard`) has taken the other before, if Pulumi knew of it.
stays_for() { # WHAT OTHER HOW-TO-REMOVE-IT
  [ ! -e "$run/$environment.destroy" ] ||
    die "$1 cannot be removed: $2 of environment $environment is still on this host. Pulumi did not know of it (an up that was" \
      "killed, or pulumi state delete): remove it on the host ($3), then go on"
  say "$1 stays for $2"
  exit 0
}

stays_for_packages() { # WHAT
  for _package in $(packages_kept); do
    stays_for "$1" "package $_package" "${0%/*}/apt-package remove $_package $_package.service keep"
  done
}

# The services of this environment that are declared for a unit, by their records.
configurations_of() { grep -lsx "unit $1" "$state"/*/manifest | sed 's,/manifest$,,; s,.*/,,'; } # UNIT

# quietly COMMAND...: its output only when it fails.
quietly() {
  _out=$(mktemp "$run/output.XXXXXX") || return 1
  # 9 is the lock: a daemon that a package starts must not keep it.
  if (trap - PIPE && within "$(seconds_left)" "$@") >"$_out" 2>&1 9>&-; then
    rm -f "$_out" || :
    return 0
  fi
  cat "$_out" >&2 2>/dev/null || :
  rm -f "$_out" || :
  return 1
}

# patiently COMMAND...: quietly, and again while another process holds a lock of apt or dpkg. Their own waiting covers one
# of their four locks.
patiently() {
  _deadline=$(($(uptime_seconds) + ${SOAR_APT_WAIT:-300}))
  _told=
  until _words=$(quietly "$@" 2>&1); do
    _holder=$(printf '%s\n' "$_words" | grep -m 1 -e 'Could not get lock' -e ' lock was locked by ') || _deadline=0
    if [ "$(uptime_seconds)" -ge "$_deadline" ] || is_late; then
      printf '%s\n' "$_words" >&2 2>/dev/null || :
      return 1
    fi
    [ -n "$_told" ] || say "waiting for another process: $_holder"
    _told=yes
    sleep 1
  done
}

# The rest of each line that begins with a word.
values_of() { # WORD <LINES
  while read -r _first _rest; do [ "$_first" != "$1" ] || printf '%s\n' "$_rest"; done
}

# The version of a package; nothing when it is not installed.
installed_version() { # PACKAGE
  # shellcheck disable=SC2016 # dpkg-query expands it
  dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null | values_of installed
}

# Those that this environment keeps.
packages_kept() {
  for _record in "$state"/packages/*; do
    case $_record in
    *.new | */\*) ;; # of a run that was cut off, or none
    *) printf '%s\n' "${_record##*/}" ;;
    esac
  done
}

# As apt-mark tells, which takes ten times as long.
is_held() { # PACKAGE
  # shellcheck disable=SC2016 # dpkg-query expands it
  dpkg-query -W -f '${db:Status-Want}\n' "$1" 2>/dev/null | grep -qx hold
}

# One change at a time on this host, whoever makes it.
lock() {
  install -d -m 0755 "$run"
  exec 9>>"$run/lock"
  if ! flock -n 9; then
    say "waiting for $(cat "$run/holder" 2>/dev/null || echo 'another run')"
    flock -w "$lock_wait" 9 ||
      die "gave up after $lock_wait s: this host is being changed by $(cat "$run/holder" 2>/dev/null || echo 'another run')"
  fi
  printf 'environment %s: %s (pid %s, since %s)\n' "$environment" "$*" "$$" "$(date +%T)" >"$run/holder"
}

# What a request of a user who may only deploy was held against is so still, now that it is its turn: else one that an
# administrator has overtaken would put back what was before.
need_same_records() { # WHAT
  [ -z "${SOAR_HELD_AGAINST:-}" ] || printf '%s\n' "$SOAR_HELD_AGAINST" | sha256sum --check --status 2>/dev/null ||
    die "$1: somebody else has changed this host meanwhile; nothing was changed. Run it once more"
}

# shellcheck source=components/host/scripts/logins.sh
. "${0%/*}/logins.sh"
space_logins "$@"

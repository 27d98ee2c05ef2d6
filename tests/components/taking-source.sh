#!/bin/sh
# taking-source.sh SCRIPTS kill|DIRECTORY EVERY    brings an APT source by apt-repository as it is where sources of others are in
# its way, and takes it away, again and again. Each time it is killed, or the file system of DIRECTORY fills and stays full, at a
# later one of the commands that each way consists of, every EVERYth of them. It prints
#   add STATUS OURS THEIRS APT LEFT COMMAND    where COMMAND is the one at which that happened
#   again ...                                  once more, with room again
#   remove ..., and removed ...                the same of the way back
# with the words of each indented below it. OURS, source and key, are `there`, `absent` or neither; THEIRS are all `there`,
# `gone` as they make way, or neither; APT `reads` its sources or `refuses`; LEFT is how many files are left that are nobody's.
# A mount namespace is its own, everything is in memory, and apt itself reads the sources.
set -eu
# shellcheck source=tests/components/fill-at.sh
. "$(dirname "$0")/fill-at.sh"
scripts=$1 how=$2 every=$3
# shellcheck source=tests/components/apt-host.sh
. "$(dirname "$0")/apt-host.sh"
fill_at mv ln cp mkdir rm install sync touch cat sort apt-get apt-cache curl gpg
chmod 755 /usr/local/sbin/* /usr/local/apt-* /usr/local/curl /usr/local/gpg

picture() { # FILE...
  stat -c '%n %a %U:%G %y' "$@" 2>&1
  cat "$@" 2>&1
}
their_files="$parts/x.list /etc/apt/sources.list $keys/x.gpg"

what_is() {
  if [ ! -e $parts/x.sources ] && [ ! -e $keys/x.asc ]; then ours=absent; elif grep -q '^Components: extra' $parts/x.sources &&
    [ -s $keys/x.asc ]; then ours=there; else ours=neither; fi
  # shellcheck disable=SC2086 # some files
  if [ "$(picture $their_files)" = "$before" ]; then
    now=there
  elif [ ! -e $parts/x.list ] && [ -e $keys/x.gpg ] && [ "$(cat /etc/apt/sources.list)" = "$rest" ]; then
    now=gone
  else
    now=neither
  fi
  if /usr/bin/apt-get indextargets >/dev/null 2>&1; then apt=reads; else apt=refuses; fi
  left=$(find /etc/apt /var/lib/soar-profiling \( -name '*.soar-*' -o -name '*.new' -o -name '*.undo*' \) | wc -l)
  echo "$status $ours $now $apt $left"
}

# The command is killed, or has a full disk, at the ATth of its own.
run() { # AT add|remove
  : >/run/commands
  echo "$1 $how" >/run/fill
  status=0
  our_source http://x.example |
    sh -c 'echo $$ >/run/main; exec "$@"' sh /usr/local/lib/soar-profiling/test/apt-repository "$2" x http://127.0.0.1/key PINNED \
      >/run/words 2>&1 || status=$?
  echo "0 $how" >/run/fill
  [ ! -e /run/soar-profiling/lock ] || flock /run/soar-profiling/lock true
}
tell() { # WHAT [AT]
  echo "$1 $(what_is) $(sed -n "${2:-0}{p;q}" /run/commands 2>/dev/null || :)"
  sed 's/^/  /' /run/words
}
make_room() { [ "$how" = kill ] || rm -f "$how/filler"; }

at=1
echo "0 $how" >/run/fill
rest=$(printf 'deb http://other.example stable main\n# the end\n')
while :; do
  rm -rf /var/lib/soar-profiling/* /usr/local/lib/soar-profiling/test/records
  mkdir -p /var/lib/soar-profiling/test
  theirs
  # shellcheck disable=SC2086 # as above
  before=$(picture $their_files)
  run "$at" add
  adding=$(wc -l </run/commands)
  tell add "$at"
  make_room
  run 0 add
  tell again
  run "$at" remove
  removing=$(wc -l </run/commands)
  tell remove "$at"
  make_room
  run 0 remove
  tell removed
  [ "$adding" -ge "$at" ] || [ "$removing" -ge "$at" ] || break
  at=$((at + every))
done

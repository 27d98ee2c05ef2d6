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
mount -t tmpfs tmpfs /usr/local
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs -o size=192k tmpfs /etc/apt
mkdir -p /usr/local/lib/soar-profiling/test /usr/local/sbin /var/lib/soar-profiling /var/lib/apt/lists /var/lib/dpkg
: >/var/lib/dpkg/status
mount -t tmpfs -o size=512k tmpfs /var/lib/soar-profiling
cp -r "$scripts"/. /usr/local/lib/soar-profiling/test/
parts=/etc/apt/sources.list.d keys=/etc/apt/keyrings

# Where keys come from, and what they are. What is downloaded is none of this.
cat >/usr/local/sbin/curl <<'END'
#!/bin/sh
while [ "$1" != -o ]; do shift; done
echo key >"$2"
END
cat >/usr/local/sbin/gpg <<'END'
#!/bin/sh
case "$*" in
*--show-keys*) printf 'pub:\nfpr:::::::::PINNED:\n' ;;
*--export*) echo key ;;
esac
END
cat >/usr/local/sbin/apt-get <<'END'
#!/bin/sh
case "$*" in *indextargets*) exec /usr/bin/apt-get "$@" ;; esac
[ -s /etc/apt/keyrings/x.asc ]
END
printf '#!/bin/sh\nexec /usr/bin/apt-get indextargets >/dev/null\n' >/usr/local/sbin/apt-cache
chmod 755 /usr/local/sbin/*
fill_at mv ln cp mkdir rm install sync touch cat sort apt-get apt-cache curl gpg
chmod 755 /usr/local/sbin/* /usr/local/apt-* /usr/local/curl /usr/local/gpg

theirs() {
  rm -rf $parts $keys /etc/apt/sources.list "$parts"
  mkdir -p $parts $keys
  entry="[arch=amd64 signed-by=$keys/x.gpg] http://x.example stable main"
  printf '# Of the vendor.\ndeb %s extra' "$entry" >$parts/x.list
  printf 'deb http://other.example stable main\ndeb-src %s\n# the end\n' "$entry" >/etc/apt/sources.list
  printf 'theirs' >$keys/x.gpg
  chmod 640 $parts/x.list
  chown daemon $parts/x.list
  touch -d 2020-01-01 $parts/x.list /etc/apt/sources.list $keys/x.gpg
}
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
  printf 'Types: deb\nURIs: http://x.example\nSuites: stable\nComponents: main\nSigned-By: %s\n' $keys/x.asc |
    sed '1i # Managed by soar-profiling' |
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

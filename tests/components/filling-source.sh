#!/bin/sh
# filling-source.sh SCRIPTS DIRECTORY    changes an APT source by apt-repository as it is, again and again. At each change the
# file system of DIRECTORY fills at a later one of the commands that the change consists of, and stays full. It prints
#   run STATUS FILES LEFT COMMAND    for each, where COMMAND is the one at which it filled
#   next STATUS FILES LEFT           for the same change once there is room again
# with the words of a change indented below it. FILES, source and key, are `before`, `after`, or `neither` of these; LEFT is how
# many files a change has left that are nobody's. A mount namespace is its own, and everything is in memory.
set -eu
# shellcheck source=tests/components/fill-at.sh
. "$(dirname "$0")/fill-at.sh"
scripts=$1 full=$2
mount -t tmpfs tmpfs /usr/local
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs -o size=128k tmpfs /etc/apt
mkdir -p /usr/local/lib/soar-profiling/test /usr/local/sbin /var/lib/soar-profiling /var/lib/apt/lists \
  /etc/apt/sources.list.d /etc/apt/keyrings
mount -t tmpfs -o size=256k tmpfs /var/lib/soar-profiling
mkdir -p /var/lib/soar-profiling/test
cp -r "$scripts"/. /usr/local/lib/soar-profiling/test/
source=/etc/apt/sources.list.d/x.sources key=/etc/apt/keyrings/x.asc

# Where keys come from, what they are, and what apt makes of them.
cat >/usr/local/sbin/curl <<'END'
#!/bin/sh
while [ "$1" != -o ]; do shift; done
cp /run/published "$2"
END
cat >/usr/local/sbin/gpg <<'END'
#!/bin/sh
case "$*" in
*--show-keys*) printf 'pub:\nfpr:::::::::PINNED:\n' ;;
*--export*) cat /run/published ;;
esac
END
cat >/usr/local/sbin/apt-get <<'END'
#!/bin/sh
case "$*" in *indextargets*) exit 0 ;; esac
[ -s /etc/apt/keyrings/x.asc ] && grep -q '^Signed-By' /etc/apt/sources.list.d/x.sources
END
printf '#!/bin/sh\nexit 0\n' >/usr/local/sbin/apt-cache
chmod 755 /usr/local/sbin/*
fill_at mv ln cp mkdir rm install sync chmod stat apt-get apt-cache curl gpg
chmod 755 /usr/local/sbin/* /usr/local/apt-* /usr/local/curl /usr/local/gpg

apply() { # old|new
  : >/run/commands
  echo "key $1" >/run/published
  status=0
  printf '# Managed by soar-profiling\nSuites: %s\nSigned-By: %s\n' "$1" "$key" |
    /usr/local/lib/soar-profiling/test/apt-repository add x http://127.0.0.1/key PINNED >/run/words 2>&1 || status=$?
}

digest() { cat "$source" "$key" 2>&1 | sha256sum; }
what_is() {
  case $(digest) in "$before") files=before ;; "$after") files=after ;; *) files=neither ;; esac
  left=$(find /etc/apt /var/lib/soar-profiling \( -name '*.soar-*' -o -name '*.new' \) | wc -l)
  echo "$status $files $left"
}

echo "0 $full" >/run/fill
# Somebody else's, of the same name, and kept: it comes back at the end.
printf 'Signed-By: %s\n' "$key" >$source
echo 'theirs' >$key
theirs=$(digest)
apply old
before=$(digest)
apply new
after=$(digest)
apply old

sweep 1 "$full" works

# The way out, on a disk that is full: what is theirs comes back once there is room, and not in part.
echo "1 $full" >/run/fill
: >/run/commands
remove() { /usr/local/lib/soar-profiling/test/apt-repository remove x >/run/words 2>&1; }
remove || :
rm -f "$full/filler"
echo "0 $full" >/run/fill
remove
[ "$(digest)" = "$theirs" ] && echo "theirs 0 back 0"

#!/bin/sh
# filling.sh SCRIPTS works|fails DIRECTORY EVERY    changes a service by service-config as it is, again and again. At each
# change the file system of DIRECTORY fills at a later one of the commands that the change consists of, every EVERYth of
# them, and stays full. It prints
#   run STATUS FILES RUNNING LEFT COMMAND    for each, where COMMAND is the one at which it filled
#   next STATUS FILES RUNNING LEFT           for the same change once there is room again
# with the words of a change indented below it. FILES, with the program, and RUNNING are `before`, `after`, or `neither` of these; LEFT is how
# many files a change has left that are nobody's. A mount namespace is its own, and everything is in memory.
set -eu
# shellcheck source=tests/components/fill-at.sh
. "$(dirname "$0")/fill-at.sh"
scripts=$1 kind=$2 full=$3 every=$4
tree=/mnt/etc
mount -t tmpfs tmpfs /usr/local
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs tmpfs /mnt
mkdir -p /usr/local/lib/soar-profiling/test /usr/local/sbin /var/lib/soar-profiling $tree /run/lock
mount -t tmpfs -o size=512k tmpfs /var/lib/soar-profiling
mount -t tmpfs -o size=128k tmpfs $tree
cp -r "$scripts"/. /usr/local/lib/soar-profiling/test/
# The host has no systemd here, and what a unit's files say is no matter of space.
echo 'exit 0;' >/usr/local/lib/soar-profiling/test/unit-in-force.pl
service_config=/usr/local/lib/soar-profiling/test/service-config

# What runs is the text of all files at its last start or reload.
cat >/usr/local/sbin/systemctl <<'END'
#!/bin/sh
case "$*" in
*NRestarts*) echo 0 ;;
*MainPID*) echo 1 ;;
*is-failed*) exit 1 ;;
restart*) cat /mnt/etc/*.conf /run/version >/run/loaded ;;
esac
END
for name in journalctl apt-mark dpkg; do printf '#!/bin/sh\nexit 0\n' >/usr/local/sbin/$name; done
# The program is as old or new as the files that are written for it.
cat >/usr/local/sbin/apt-get <<'END'
#!/bin/sh
for package in "$@"; do :; done
echo "${package#*=}" >/run/version
END
cat >/usr/local/sbin/dpkg-query <<'END'
#!/bin/sh
echo "installed $(cat /run/version)"
END
fill_at mv ln cp mkdir rm install sync chmod chown stat systemctl cut sort apt-get apt-mark
chmod 755 /usr/local/sbin/* /usr/local/systemctl /usr/local/apt-*

# Of three files: a third is in only one of the versions, and there is a line in a file that is not ours.
declaration() { # old|new, of which the new one may not work
  case $kind:$1 in fails:new) health='! grep -qx new /mnt/etc/a.conf' ;; *) health='test -s /run/loaded' ;; esac
  cat <<END
unit x.service
user root
package x $1
tree $tree
validate grep -qE 'old|new' $tree/a.conf
reload cat $tree/*.conf /run/version >/run/loaded
health 0 $health
line $tree/main.conf $1
file 0640 root:root reload $tree/a.conf
  $1
file 0640 root:root reload $tree/$1.conf
  $1
file 0640 root:root reload $tree/z.conf
  $1
end
END
}

apply() { # old|new
  : >/run/commands
  status=0
  declaration "$1" | SOAR_TIME_LIMIT=60 $service_config apply x >/run/words 2>&1 || status=$?
}

version() { # DIGEST
  case $1 in "$before") echo before ;; "$after") echo after ;; *) echo neither ;; esac
}
digest() { cat $tree/*.conf /run/version | sha256sum | cut -c1-16; }
running() { sha256sum </run/loaded | cut -c1-16; }
# What a change that has ended leaves.
left() {
  find $tree /var/lib/soar-profiling \( -name '*.soar-*' -o -name 'undo*' -o -name work -o -name '*.new' \) | wc -l
}

what_is() { echo "$status $(version "$(digest)") $(version "$(running)") $(left)"; }

echo "0 $full" >/run/fill
echo 'operator' >$tree/main.conf
echo old >/run/version
mkdir -p /var/lib/soar-profiling/test/packages
echo 'version old' >/var/lib/soar-profiling/test/packages/x
apply old
before=$(digest)
wanted=$kind kind=works
apply new
kind=$wanted after=$(digest)
apply old
if [ "$(what_is)" != '0 before before 0' ]; then cat /run/words && exit 1; fi

sweep "$every" "$full" "$kind"

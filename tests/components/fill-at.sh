# shellcheck shell=sh
# Source it; do not run it.

# Each of these commands, real or a stand-in in /usr/local/sbin, is counted in /run/commands. At the one whose number /run/fill
# has, the file system of the directory named there is filled first.
fill_at() { # NAME...
  for name in "$@"; do
    [ ! -e "/usr/local/sbin/$name" ] || mv "/usr/local/sbin/$name" "/usr/local/$name"
    cat >"/usr/local/sbin/$name" <<'END'
#!/bin/sh
name=${0##*/}
echo "$name $*" >>/run/commands
read -r at where </run/fill
[ "$(wc -l </run/commands)" -ne "$at" ] || dd if=/dev/zero of="$where/filler" bs=4k 2>/dev/null
[ ! -x "/usr/local/$name" ] || exec "/usr/local/$name" "$@"
exec "/usr/bin/$name" "$@"
END
  done
}

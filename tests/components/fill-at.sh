# shellcheck shell=sh
# Source it; do not run it.

# Each of these commands, real or a stand-in in /usr/local/sbin, is counted in /run/commands. At the one whose number /run/fill
# has, the file system of the directory named there is filled first; or, for `kill`, the process in /run/main is killed.
fill_at() { # NAME...
  for name in "$@"; do
    [ ! -e "/usr/local/sbin/$name" ] || mv "/usr/local/sbin/$name" "/usr/local/$name"
    cat >"/usr/local/sbin/$name" <<'END'
#!/bin/sh
name=${0##*/}
echo "$name $*" >>/run/commands
read -r at where </run/fill
if [ "$(wc -l </run/commands)" -eq "$at" ]; then
  if [ "$where" = kill ]; then
    read -r main </run/main
    kill -KILL "$main" && exit 1
  fi
  dd if=/dev/zero of="$where/filler" bs=4k 2>/dev/null
fi
[ ! -x "/usr/local/$name" ] || exec "/usr/local/$name" "$@"
exec "/usr/bin/$name" "$@"
END
  done
}

# Applies a change again and again; at each, the file system of DIRECTORY fills at a later command, every EVERYth of them. Then
# once more, with room again. Where a change `works`, the next one goes back. `apply` and `what_is` are the driver's.
sweep() { # EVERY DIRECTORY works|fails
  from=old to=new at=0
  while :; do
    at=$((at + $1))
    echo "$at $2" >/run/fill
    apply $to
    [ "$(wc -l </run/commands)" -ge "$at" ] || break
    echo "run $(what_is) $(sed -n "${at}p" /run/commands)"
    sed 's/^/  /' /run/words
    rm -f "$2/filler"
    echo "0 $2" >/run/fill
    apply $to
    echo "next $(what_is)"
    sed 's/^/  /' /run/words
    if [ "$3" = works ]; then
      other=$from from=$to to=$other
      other=$before before=$after after=$other
    fi
  done
}

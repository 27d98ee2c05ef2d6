# shellcheck shell=sh
# by-copies COPIES SCRIPTS OTHERWISE NAME ARGUMENT...    runs a script that only looks at the host: by the copy of it, should it
# itself have been removed or edited, and else as it is. Where it is not there at all, the words OTHERWISE are printed. It comes
# as one line (see script-lines.ts): a command a line.
copies=$1 scripts=$2 otherwise=$3 name=$4
shift 4
test ! -x "$copies/$name" || exec "$copies/$name" "$@"
test ! -x "$scripts/$name" || exec "$scripts/$name" "$@"
test -z "$otherwise" || echo "$otherwise"

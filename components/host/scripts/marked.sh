# shellcheck shell=sh
# marked NONCE COMMAND    runs a command between two marks, by which its answer is told from what a login shell prints (see
# answer.ts). It comes as one line: a command a line.
printf "\n%s%s\n" begin- "$1"
printf "\n%s%s\n" begin- "$1" >&2
/bin/sh -c "$2"
printf "\n%s%s %s\n" end- "$1" "$?"

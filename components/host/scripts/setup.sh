# shellcheck shell=sh
# setup ENVIRONMENT OWNER own|shared [--generation N] -- WORD...    the beginning of what brings a host to where all later
# commands find their scripts (see `setup` in scripts.ts): the words are the preflight's, which comes next, in a subshell; then
# the installer is run with what is set here.
# shellcheck disable=SC2034
set -eu
environment=$1 owner=$2 platform=$3 generation=0
shift 3
if [ "$1" = --generation ]; then generation=$2 && shift 2; fi
shift # --

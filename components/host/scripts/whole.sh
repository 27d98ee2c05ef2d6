# shellcheck shell=sh
# What is around a script for `sh -s` (see `whole` in scripts.ts), so that it fails, and does nothing, where it does not arrive
# to its last line: a shell reads a group to its closing brace before it runs any of it. The trap is in a group for that, too.
{ trap 'echo "soar-profiling: the script was cut off on its way; nothing was changed" >&2; exit 1' EXIT; }
{
trap - EXIT
# the script
}

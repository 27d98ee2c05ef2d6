# shellcheck shell=sh
# How long things may take. Source it; do not run it.
# shellcheck disable=SC2034

# Seconds since the boot, for deadlines: the clock may be set meanwhile.
uptime_seconds() { read -r _uptime _ </proc/uptime && printf '%s\n' "${_uptime%.*}"; }

# What was begun is finished, or taken back, by then: sooner than the `timeout` around it (script-lines.ts), which would leave
# that to the next run.
begun=$(uptime_seconds)
time_limit=${SOAR_TIME_LIMIT:-1440}
finish_by=$((begun + time_limit))

# The time that is left, or a part of it: `seconds_left 2` is half of it.
seconds_left() { echo $(((finish_by - $(uptime_seconds)) / ${1:-1})); }

is_late() { [ "$(seconds_left)" -le 0 ]; }

# For a subshell: what is in it leaves as much for what comes after.
in_half_the_time() { finish_by=$((finish_by - $(seconds_left 2))); }

# within SECONDS COMMAND...: nor longer than the time that is left; fails with 124 where it had to be ended.
within() {
  _most=$(seconds_left)
  [ "$_most" -lt "$1" ] || _most=$1
  shift
  perl "${0%/*}/within.pl" "$_most" "$@"
}

# A stop of a unit may take the time that its own TimeoutStopSec gives it, which may be any.
control() { within 300 systemctl "$@"; }

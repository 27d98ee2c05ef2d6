# shellcheck shell=sh
# A systemd unit: bring it to the files on disk, and see whether it is healthy. Source it; do not run it.
# Uses $spec, the declaration of one service (see service-config), $place, its records, and $scratch, a directory in memory,
# so that a full disk does not keep it from seeing what is wrong. Sets $action and $since.
# shellcheck disable=SC2154,SC2034

# The declaration in memory: it is asked some fifty times in a change, and each look by another program costs more than all of them.
read_spec() {
  spec_lines=$(cat "$spec") || return 1
  spec_in_memory=$spec
}

value() { # WORD: the value of each line that begins with it
  [ "${spec_in_memory:-}" = "$spec" ] || read_spec || return 1
  _separators=$IFS
  IFS='
'
  set -f
  for _in_spec in $spec_lines; do
    case $_in_spec in "$1 "*) printf '%s\n' "${_in_spec#"$1 "}" ;; esac
  done
  set +f
  IFS=$_separators
}

# The unit of the declaration. One that is the host's own is told of new files, and never started, stopped, restarted, enabled
# or disabled by us.
read_unit() {
  read_spec
  unit=$(value unit)
  host_unit=$(value host-unit; value guest) # As a declaration of format 2 says it.
  configured=$state_root/configured/$unit
}

unit_pid() { systemctl show -p MainPID --value "$unit"; }

# dpkg has replaced the program since it was started.
program_replaced() {
  case $(readlink "/proc/$(unit_pid)/exe" 2>/dev/null || :) in *' (deleted)') return 0 ;; *) return 1 ;; esac
}

# The declared groups that the user is not in.
missing_groups() {
  value group | while read -r _group; do
    id -nG "$(value user)" 2>/dev/null | tr ' ' '\n' | grep -qxF "$_group" || echo "$_group"
  done
}

# They stay: it is what the package's own installation gives.
join_groups() {
  missing_groups | while read -r _group; do
    quietly usermod -aG "$_group" "$(value user)" || die "$name: cannot put $(value user) into group $_group"
  done
}

# The unit was started before its user was in all declared groups.
lacks_group() {
  if [ -z "$(value group)" ] || ! is_active; then return 1; fi
  value group | while read -r _group; do
    _gid=$(getent group "$_group" | cut -d: -f3)
    grep -qE "^Groups:.*[[:space:]]$_gid([[:space:]]|$)" "/proc/$(unit_pid)/status" || echo "$_group"
  done | grep -q .
}

# A daemon-reload reads all units of the host anew, which takes as long as fifty other commands.
needs_daemon_reload() { [ "$(systemctl show -p NeedDaemonReload --value "$unit")" = yes ]; }

is_active() { systemctl is-active --quiet "$unit"; }

# So that it runs after a boot, too.
enable_unit() { [ -n "$host_unit" ] || systemctl is-enabled --quiet "$unit" || quietly systemctl enable "$unit"; }

# What is wrong already before the change is not the change's fault. Fails where it is not told.
faults() {
  _command=$(value faults)
  [ -n "$_command" ] || return 0
  within 10 sh -c "$_command" >"$scratch/faults" 2>/dev/null 9>&- || return 1
  sort "$scratch/faults"
}

reload_unit() {
  _command=$(value reload)
  [ -z "$_command" ] || within 60 env PATH="${0%/*}:$PATH" sh -c "$_command" >"$scratch/probe" 2>&1 9>&-
}

restart_unit() {
  systemctl reset-failed "$unit" 2>/dev/null || :
  control restart "$unit" >"$scratch/probe" 2>&1
}

# Adds to what is told of an activation, which has failed, whether that can be written or not.
fault() { # WORDS
  printf '%s\n' "$*" >>"$scratch/probe" || :
  return 1
}

# probe: each `health SECONDS COMMAND` must succeed within its time, and no fault may have come.
probe() {
  value health >"$scratch/health" || return 1
  _restarts=
  while read -r _seconds _command; do
    [ "$_seconds" -lt "$(seconds_left)" ] || _seconds=$(seconds_left)
    _deadline=$(($(uptime_seconds) + _seconds))
    until within 15 env PATH="${0%/*}:$PATH" sh -c "$_command" </dev/null >"$scratch/probe" 2>&1 9>&-; do
      if systemctl is-failed --quiet "$unit"; then fault "$unit has failed" || return 1; fi
      _now=$(systemctl show -p NRestarts --value "$unit")
      [ "$_now" -lt $((${_restarts:=$_now} + 3)) ] || fault "$unit ends again and again" || return 1
      [ "$(uptime_seconds)" -lt "$_deadline" ] || fault "not healthy after $_seconds s" || return 1
      sleep 0.3
    done
  done <"$scratch/health"
  _restarts=$(systemctl show -p NRestarts --value "$unit")
  # A component that fails does so just after the load, for which a reload has waited already.
  if [ "$action" = reloaded ]; then _load=0.3; else _load=1; fi
  [ -z "$(value faults)" ] || sleep "$_load"
  # What answered may have been another process, at a port that the unit did not get.
  if ! is_active || [ "$(systemctl show -p NRestarts --value "$unit")" != "$_restarts" ]; then
    fault "$unit did not keep running" || return 1
  fi
  faults >"$scratch/faults.after" || fault "$unit does not tell what is wrong" || return 1
  comm -13 "$scratch/faults.before" "$scratch/faults.after" >"$scratch/probe" || return 1
  [ ! -s "$scratch/probe" ]
}

# activate restart|reload|none: a unit that does not run is started in any case, unless it is the host's own.
activate() {
  if [ -z "$host_unit" ] && { [ "$1" = restart ] || needs_daemon_reload; }; then control daemon-reload; fi
  since=$(date '+%Y-%m-%d %H:%M:%S')
  : >"$scratch/probe" || return 1
  if [ -z "$host_unit" ] && { [ "$1" = restart ] || ! is_active; }; then
    action=restarted
    if ! restart_unit || ! is_active; then fault "$unit does not start" || return 1; fi
  elif [ "$1" = reload ]; then
    action=reloaded
    _status=0
    reload_unit || _status=$?
    if [ "$_status" -eq 124 ] && [ -z "$host_unit" ]; then
      # No verdict in all that time: it hangs, and would hang on the old files too.
      action='restarted, because it did not answer to a reload'
      restart_unit || return 1
    elif [ "$_status" -ne 0 ]; then
      return 1
    fi
  else
    action='not touched'
    return 0
  fi
  probe
}

# What a person would look at next. Only what was logged since the activation.
explain() {
  cat "$scratch/probe" 2>/dev/null || :
  within 30 journalctl -q --no-pager -o cat -u "$unit" --since "$since" 2>/dev/null |
    grep -Ei 'error|fail|fatal|panic|invalid|line [0-9]' | tail -n 12 || :
}

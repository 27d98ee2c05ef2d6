# shellcheck shell=sh
# What runs is what was declared, as the unit's files, its process and the program itself tell. Source it; do not run it.
# Uses unit.sh. A finding is a line, in words for whoever reads the log:
#   foreign WHAT    a file that is not ours wins: nothing that is done here helps
#   differs WHAT    a reload or a restart may help
# shellcheck disable=SC2154

# Of the unit's files and its process, where the unit is not the host's own.
unit_findings() {
  [ -z "$host_unit" ] || return 0
  perl "${0%/*}/unit-in-force.pl" "$unit" "$(value package | cut -d' ' -f1)" "$state_root" 2>"$scratch/said" ||
    printf 'differs %s: its files cannot be read: %s\n' "$unit" "$(head -n 1 "$scratch/said")"
}

# By the program's own word. The command finds the scripts that are beside this one.
program_findings() {
  _command=$(value inforce)
  if [ -z "$_command" ] || ! is_active; then return 0; fi
  _status=0
  within 30 env PATH="${0%/*}:$PATH" sh -c "$_command" </dev/null >"$scratch/told" 2>"$scratch/said" 9>&- ||
    _status=$?
  cat "$scratch/told"
  [ "$_status" -eq 0 ] ||
    printf 'differs %s does not tell what it runs on: %s\n' "$unit" "$(head -n 1 "$scratch/said" | grep . || echo "status $_status")"
}

# is_in_force: or the findings are in $scratch/findings. What was at fault before the change is not the change's fault.
is_in_force() {
  { unit_findings && program_findings; } >"$scratch/findings" || return 1
  if [ -s "$scratch/faults.before" ] && [ -s "$work/paths" ]; then
    # A fault may have the name of the kind alone, without the last part; one more of its kind is found by probe.
    awk 'FNR == NR { before[$1]; next } { kind = $2; sub(/\.[^.]*$/, "", kind) } !($2 in before || kind in before)' \
      "$scratch/faults.before" "$scratch/findings" >"$scratch/findings.new" || return 1
    mv "$scratch/findings.new" "$scratch/findings" || return 1
  fi
  [ ! -s "$scratch/findings" ]
}

# A program that has just been activated may take a moment to tell so.
comes_into_force() {
  _deadline=$(($(uptime_seconds) + 10))
  until is_in_force; do
    if grep -q '^foreign ' "$scratch/findings" || [ "$(uptime_seconds)" -ge "$_deadline" ] || is_late; then return 1; fi
    sleep 0.3
  done
}

# After an activation. A restart is tried once, where it may help.
bring_into_force() {
  ! comes_into_force || return 0
  if [ -n "$host_unit" ] || [ "$action" = restarted ] || grep -q '^foreign ' "$scratch/findings"; then return 1; fi
  activate restart && comes_into_force
}

tell_findings() { sed -e 's/^[a-z]* //' "$scratch/findings" | sort -u; }

# Before anything is changed: what would win over it.
refuse_beaten() {
  unit_findings | sed -n 's/^foreign //p' >"$scratch/findings"
  [ ! -s "$scratch/findings" ] || die "$name: $(cat "$scratch/findings"); nothing was changed"
}

# shellcheck shell=sh
# What somebody else has written over since the last change, as a deploy of before may do: a change tells it, for it is on the
# host anyway. It looks at what costs little: files, lines of ours in files of others, and who decides how a unit runs. `drift`
# looks at all. Source it; do not run it. Uses $name and $scratch (see service-config).
# shellcheck disable=SC2154

# A change that begins so many seconds after another is one of the same run, which has looked already.
same_run=10

note_change() { touch "$run/$environment.changed"; }

tell_written_over() {
  [ -z "$(find "$run/$environment.changed" -newermt "-$same_run seconds" 2>/dev/null)" ] || return 0
  # Of its own unit the change itself finds what is in the way.
  printf '%s\n' "$unit" >"$scratch/units"
  for manifest in "$state"/*/manifest; do
    [ -e "$manifest" ] || continue
    rm -rf "$scratch/other"
    mkdir "$scratch/other"
    _of=${manifest%/manifest}
    (look_at "$manifest") || say "warning: what somebody else may have changed of ${_of##*/} cannot be found"
  done
}

look_at() { # MANIFEST
  spec=$1 place=${1%/manifest} work=$scratch/other
  of=${place##*/}
  remedy='An up with detectDrift puts it back'
  [ "$of" != "$name" ] || remedy='This puts it back'
  read_unit
  { edited_files && edited_lines && beaten_unit; } >"$work/findings" || return 1
  while read -r what; do say "warning: On the host $what."; done <"$work/findings" || return 1
}

edited_files() {
  sed -n 's/^file \([^ ]*\) [^ ]* [^ ]* [^ ]* /\1  /p' "$spec" >"$work/digests" || return 1
  { within 20 sha256sum --check --quiet "$work/digests" 2>/dev/null || :; } |
    sed -n -e "s/: FAILED open or read\$/ is missing. $remedy/p" -e "s/: FAILED\$/ was edited. $remedy/p"
}

# Where they cannot be looked at, their own change tells why.
edited_lines() {
  if ! (compare_edits) >/dev/null 2>&1 || [ ! -s "$work/edits" ]; then return 0; fi
  cut -d' ' -f2- "$work/edits" | sed "s/\$/ was edited. $remedy/"
}

beaten_unit() {
  ! grep -qxF -e "$unit" "$scratch/units" || return 0
  printf '%s\n' "$unit" >>"$scratch/units" || return 1
  unit_findings >"$work/beaten" || return 1
  sed -e "s/^differs \(.*\)/\1. $remedy/" -e 's/^foreign \(.*\)/\1. An up that changes it fails until then/' "$work/beaten"
}

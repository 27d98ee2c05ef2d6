# shellcheck shell=sh
# Files that change together, with their program (see program.sh). Source it; do not run it. Uses $work, $scratch (see
# unit.sh), and $place, the directory of one service's records:
#   manifest      what is in place: the declaration, and `file SHA256 MODE OWNER ACTIVATION PATH` for each file
#   manifest.new  the same of a change under way
#   undo/         complete while a change is under way: the paths of what to put back, those of them that were absent, and
#                 the unit as it was. Renaming it away is the commit; in a roll back it goes once all old files are back.
#                 The old files themselves are kept beside the real ones, as hard links: going back takes no space.
#   original/     what stood where our files are, before us
#   modes         `MODE OWNER PATH` of each directory that was there before us, as it was
#   carried       see carried.sh, and `taken` and `returned` in undo/
#   program       see program.sh; in undo/ once that is complete
# $configured is the file that lets the unit start at all (see package-install.sh); a unit of the host's own has none.
# After a kill at any point, `recover` goes back (undo/ is there) or forward (it is not).
# shellcheck disable=SC2154,SC2034

encoded() { printf '%s' "$1" | tr / '%'; }

# remember ACTIVATION <PATHS: keeps all that will change, or the note that there was nothing.
remember() {
  remove_all "$place/undo.new"
  mkdir "$place/undo.new"
  # What is written from here on must find room too: it is taken now, and free again when the undo is complete.
  head -c 65536 /dev/zero >"$place/undo.new/spare"
  : >"$place/undo.new/paths"
  : >"$place/undo.new/absent"
  printf 'format %s\n' "$own_format" >"$place/undo.new/format"
  printf '%s\n' "$1" >"$place/undo.new/activation"
  while read -r _path; do
    printf '%s\n' "$_path" >>"$place/undo.new/paths"
    if exists "$_path"; then
      ln -fT -- "$_path" "$(kept "$_path")"
    else
      printf '%s\n' "$_path" >>"$place/undo.new/absent"
    fi
  done
  [ -n "$host_unit" ] || [ -e "$configured" ] || : >"$place/undo.new/not-configured"
  if is_active; then : >"$place/undo.new/active"; fi
  # A restart may move the address at which the unit answers: until then, the old declaration has it.
  if [ "$1" = restart ] && [ -e "$place/manifest" ]; then _before=$place/manifest; else _before=$spec; fi
  cp "$_before" "$place/undo.new/spec"
  edit_digests >"$place/undo.new/edits"
  [ ! -e "$place/program" ] || cp "$place/program" "$place/undo.new/program"
  (spec=$_before && faults) >"$scratch/faults.before" || : # It need not run.
  cp "$scratch/faults.before" "$place/undo.new/faults"
  rm "$place/undo.new/spare"
  sync "$place"/undo.new/*
  mv "$place/undo.new" "$place/undo"
  rm -f "$place/program"
  sync "$place"
}

was_absent() { # PATH
  if [ "$(format_of "$place/undo/format")" -ge 2 ]; then
    grep -qxF -e "$1" "$place/undo/absent"
  else
    ! exists "$(copy_of "$1")"
  fi
}

copy_of() { printf '%s/undo/%s' "$place" "$(encoded "$1")"; }

# What is neither kept nor was absent is back already, by a run that was cut off.
put_file_back() { # PATH
  real_way "${1%/*}" || { planted_words >&2 && return 1; }
  if exists "$(copy_of "$1")"; then cp -aT --remove-destination -- "$(copy_of "$1")" "$(kept "$1")" || return 1; fi
  if exists "$(kept "$1")"; then
    bring_back "$(kept "$1")" "$1"
  elif was_absent "$1"; then
    rm -f -- "$1"
  fi
}

# Fails where an old file is not back: $not_back names the first.
put_back() {
  not_back=
  while read -r _path; do
    if was_edited_since "$_path"; then
      rm -f -- "$(kept "$_path")" || :
    elif ! put_file_back "$_path"; then
      not_back=${not_back:-$_path}
    fi
  done <"$place/undo/paths"
  [ -z "$not_back" ] || return 1
  if [ -e "$place/undo/not-configured" ]; then rm -f "$configured" || return 1; fi
  remove_temporaries "$place/undo/paths" || return 1
  sync_directories "$place/undo/paths"
}

# Takes back what undo/ describes, which may be an earlier run's change; sets $outcome. Killed in here, the next run
# does it again, as it does where an old file could not be put back.
roll_back() {
  finish_by=$((begun + time_limit))
  spec=$place/undo/spec
  read_unit
  if ! put_back; then
    outcome="but not all old files are back: ${not_back:-$configured} cannot be put in place (the reason above), and $unit was left as it is. The old file is ${not_back:+$(kept "$not_back")}; once the reason is gone, the next pulumi up puts it back"
    spec=$work/spec
    return 0
  fi
  [ ! -e "$place/undo/program" ] || ln -f "$place/undo/program" "$place/program" # Which takes no space.
  (in_half_the_time && return_program)
  remove_empty_directories
  if ! carry_back; then
    outcome="the old files are back, but not all that $unit has stored: $(cat "$scratch/carried"); the next pulumi up tries again"
    [ ! -e "$place/undo/active" ] || (in_half_the_time && activate restart) || :
    spec=$work/spec
    return 0
  fi
  cp "$place/undo/faults" "$scratch/faults.before"
  _activation=$(cat "$place/undo/activation")
  if [ -n "${untouched:-}" ]; then
    outcome="the old files are back, $unit was not touched"
  elif [ -n "$host_unit" ]; then
    if ! is_active; then
      outcome="the old files are back, $unit does not run"
    elif activate reload; then
      outcome="the old files are back and $unit runs on them"
    else
      outcome="the old files are back, but $unit does not load them either: see journalctl -u $unit"
    fi
  elif [ ! -e "$place/undo/active" ]; then
    control daemon-reload
    control stop "$unit" 2>/dev/null || :
    systemctl reset-failed "$unit" 2>/dev/null || :
    outcome="the old files are back, $unit is stopped as it was"
  elif (in_half_the_time && activate "$_activation") || activate restart; then
    outcome="the old files are back and $unit runs on them"
  else
    outcome="the old files are back, but $unit is not healthy on them either: see journalctl -u $unit"
  fi
  rm -rf "$place/manifest.new" "${spare:?}/$name.new"
  # Else the next run does it once more.
  if mv "$place/undo" "$place/undo.old"; then rm -rf "$place/undo.old" || :; fi
  spec=$work/spec
}

commit() {
  committed=yes
  sync_directories "$place/undo/paths"
  mv "$place/undo" "$place/undo.old"
  mv "$place/manifest.new" "$place/manifest"
  sync "$place"
  put_spare
  drop_kept "$place/undo.old"
}

# Leaves no change half done, of an earlier run or of this one.
recover() {
  unsay || say "$name: cannot put back $_told yet: it has a line of ours at its end"
  if [ -d "$place/undo" ]; then
    roll_back
    say "$name: a change was cut off; $outcome"
  elif [ -e "$place/manifest.new" ]; then
    if [ -d "$place/undo.old" ]; then
      mv "$place/manifest.new" "$place/manifest"
      put_spare
    else
      rm "$place/manifest.new"
    fi
  fi
  drop_kept "$place/undo.new"
  drop_kept "$place/undo.old"
  return_program
}

# What stands beside the real files, of a run that ended before it swapped them in.
clean_up() {
  [ ! -e "$work/paths" ] || remove_temporaries "$work/paths"
  remove_all "$work" "$scratch"
}

# However this ends before the commit, the old state comes back.
end_run() { # STATUS
  trap '' TERM INT
  finish_by=$((begun + time_limit))
  # A command failed, as where a disk is full, and has said why.
  case $1:${dying:-}${committed:-} in
  0:* | 143:* | *:?*) ;;
  *)
    [ -d "$place/undo" ] ||
      printf 'soar-profiling: %s: cannot go on (the reason above); nothing was changed\n' "$name" >&2 2>/dev/null || :
    ;;
  esac
  recover
  [ "$1" -eq 0 ] || remove_empty_directories
  clean_up
}

# Those that were made for our files and are empty.
remove_empty_directories() {
  [ -e "$place/directories" ] || return 0
  sort -ru "$place/directories" | while read -r _path; do rmdir "$_path" 2>/dev/null || :; done
}

keep_mode() { # PATH of a directory that is to get a mode and an owner
  if [ ! -d "$1" ] || is_ours "$1" || cut -d' ' -f3- "$place/modes" 2>/dev/null | grep -qxF -e "$1"; then return 0; fi
  printf '%s %s\n' "$(stat -c '%a %U:%G' -- "$1")" "$1" >>"$place/modes"
}

# Of those that nobody declares any more.
give_modes_back() {
  [ -e "$place/modes" ] || return 0
  while read -r _mode _owner _path; do
    [ ! -d "$_path" ] || grep -sh '^directory ' "$state_root"/*/*/manifest | cut -d' ' -f2 | grep -qxF -e "$_path" ||
      make_plain_directory "$_path" "$_mode" "$_owner"
  done <"$place/modes"
}

# What was there before us is kept once, and comes back when our file goes.
keep_original() {
  if [ -e "$place/manifest" ] && paths_in "$place/manifest" | grep -qxF -e "$1"; then return 0; fi
  _original=$place/original/$(encoded "$1")
  # That of an earlier time, if the file was ours before: an operator may have deleted theirs since.
  rm -rf -- "$_original" "$_original.new"
  if [ ! -e "$1" ] || has_our_header "$1"; then return 0; fi
  mkdir -p "$place/original"
  cp -aT -- "$1" "$_original.new"
  sync -- "$_original.new"
  mv -fT -- "$_original.new" "$_original"
}

# Ours, of records that were lost with their spare.
has_our_header() { head -n 5 -- "$1" 2>/dev/null | grep -q 'Managed by soar-profiling'; } # PATH

take_out() { # PATH
  if [ -e "$place/original/$(encoded "$1")" ]; then
    put_in_place "$place/original/$(encoded "$1")" "$1"
  else
    rm -f -- "$1"
  fi
}

# shellcheck shell=sh
# What a program has stored by other files than ours comes along with the change to ours, and goes back with the way back. Source
# it; do not run it. Uses $spec, $place and $scratch, as service-config has them. `carry COMMAND` of the declaration is called
#   COMMAND look RECORD ORIGINALS      prints a line for what there may be to take; nothing where there is nothing
#   COMMAND take RECORD ORIGINALS      while the unit is stopped; prints a line for what it takes, and keeps in RECORD where that was
#   COMMAND return RECORD ORIGINALS    likewise, where the files in place are not ours; RECORD is gone then
# and may be ended and called again at any time. ORIGINALS is $place/original. In undo/, `taken` or `returned` has the COMMAND of
# what was begun.
# shellcheck disable=SC2154,SC2034

carry() { # COMMAND look|take|return; its words are in $scratch/carried
  within "$(seconds_left)" sh -c "$1 $2 $place/carried $place/original" </dev/null >"$scratch/carried" 2>&1 9>&-
}

# While `undo` is there. Fails with the reason in $scratch/probe.
take_along() {
  since=$(date '+%Y-%m-%d %H:%M:%S')
  : >"$scratch/brought" || return 1
  _carry=$(value carry)
  [ -n "$_carry" ] || return 0
  if carry "$_carry" look && [ ! -s "$scratch/carried" ]; then return 0; fi
  printf '%s\n' "$_carry" | write_record "$place/undo/taken" || return 1
  control stop "$unit" >"$scratch/probe" 2>&1 || return 1
  if ! carry "$_carry" take || ! keep_in_spare carried; then
    mv "$scratch/carried" "$scratch/probe" || :
    return 1
  fi
  mv "$scratch/carried" "$scratch/brought" || return 1
}

# What was brought along, for the message at the end.
brought() { [ ! -s "$scratch/brought" ] || paste -sd';' "$scratch/brought" | sed 's/;/; /g; s/^./; brought along: &/'; }

# Of a unit that has been stopped for good.
give_stored_back() {
  [ -e "$place/carried" ] || return 0
  _carry=$(value carry)
  printf '%s\n' "$_carry" | write_record "$place/undo/returned" || die "$name: what was stored cannot be given back (the reason above)"
  carry "$_carry" return || die "$name: what was stored cannot be given back: $(cat "$scratch/carried")"
}

# Of a change that is taken back.
carry_back() {
  if [ -e "$place/undo/taken" ]; then
    control stop "$unit" 2>"$scratch/carried" && carry "$(cat "$place/undo/taken")" return
  elif [ -e "$place/undo/returned" ]; then
    carry "$(cat "$place/undo/returned")" take
  fi
}

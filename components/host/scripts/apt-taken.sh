# shellcheck shell=sh
# Sources of others that have made way for one of ours, and come back when it goes. Source it; do not run it. Uses $state, $spare,
# $work, apt-source.sh and apt-places.sh. Its records, $state/apt-NAME/taken/FILE/ (/ is % in FILE):
#   place      `URL SUITE`
#   before     the file as it was
#   after      as it is without its entries of the place; not there where it has gone whole, because nothing else was in it
#   entries    the text of those entries
#   offers     a line `TYPE COMPONENT` for each thing that they offer
#   keys/KEY   the key files that they name
# shellcheck disable=SC2154

taken_records() { # NAME
  for _record in "$state/apt-$1/taken"/*; do [ ! -e "$_record/place" ] || echo "$_record"; done
}

# Which file it is of, or which key.
taken_file() { printf '%s\n' "${1##*/}" | tr % /; } # RECORD

is_at() { [ "$(cat "$1/place")" = "$2" ]; } # RECORD PLACE

place_of() { echo "$(source_field "$1" URIs) $(source_field "$1" Suites)"; } # SOURCE

key_files() { # FILE, of entries on standard input
  case $1 in
  *.sources) sed -nE 's/^[Ss]igned-[Bb]y:[ \t]*//p' ;;
  *) sed -nE 's/.*[[ \t]signed-by=([^] \t]*).*/\1/p' ;;
  esac | tr ', ' '\n' | grep '^/' | sort -u
}

new_room() { rm -rf "$work/room" && mkdir "$work/room"; }

# What is in the way of ours. Fails where it cannot be taken; $in_the_way says why then. Changes nothing.
find_room() { # NAME SOURCE
  in_the_way='the sources of this host cannot be looked at (the reason above)'
  new_room || return 1
  make_room "$work/room" "$(source_file "$1")" "$2" >"$work/room/found" || return 1
  in_the_way=$(sed -n 's/^unreadable //p; s/^refused \([^ ]*\) \(.*\)/\1 has a source of the same place, which apt refuses beside ours, and which cannot make way (\2)/p' \
    "$work/room/found" | head -n 1)
  [ -z "$in_the_way" ]
}

# Those that `find_room` has found.
found_files() { sed -n 's/^taken //p' "$work/room/found"; }

# Before anything is changed.
record_found() { # NAME SOURCE
  [ -n "$(found_files)" ] || return 0
  _all=$state/apt-$1
  rm -rf "$_all.new" || return 1
  if prepare_records "$2" && rm -rf "$_all" && mv "$_all.new" "$_all"; then
    keep_spare "apt-$1"
  else
    rm -rf "$_all.new" || :
    return 1
  fi
}

prepare_records() { # SOURCE
  mkdir -p "$_all" || return 1
  cp -a "$_all" "$_all.new" || return 1
  for _file in $(found_files); do
    _record=$_all.new/taken/$(as_name "$_file")
    rm -rf "$_record" || return 1
    mkdir -p "$_record/keys" || return 1
    place_of "$1" >"$_record/place" || return 1
    record_file "$_file" "$_record" || return 1
  done
  find "$_all.new" -exec sync {} +
}

record_file() { # FILE RECORD
  cp -a "$1" "$2/before" || return 1
  cp "$work/room/taken/${2##*/}" "$2/entries" || return 1
  cp "$work/room/offers/${2##*/}" "$2/offers" || return 1
  for _key in $(key_files "$1" <"$2/entries"); do
    [ ! -f "$_key" ] || cp -a "$_key" "$2/keys/$(as_name "$_key")" || return 1
  done
  _rest=$(room_copy "$work/room" "$1")
  if [ "$1" = /etc/apt/sources.list ] || grep -q '^[^#]' "$_rest"; then as_file "$_rest" "$1" "$2/after"; fi
}

# The text of one, with the mode and owner of another.
as_file() { cp -a "$2" "$3" && cat "$1" >"$3"; } # TEXT FILE NEW

# They go, as they are recorded.
take_found() { # NAME
  for _file in $(found_files); do
    _record=$state/apt-$1/taken/$(as_name "$_file")
    if [ -e "$_record/after" ]; then replace "$_file" cp -a "$_record/after" || return 1; else rm -f "$_file" || return 1; fi
    say "the source $(cat "$_record/place") in $_file makes way for ours, and comes back when that goes"
  done
}

# The file of an operator that ours has taken the place of, as in a room of its own: what it offers of the place, and the rest.
split_original() { # NAME SOURCE
  _split=$work/original
  mkdir -p "$_split/parts" "$_split/taken" "$_split/offers" || return 1
  _original=$state/apt-$1/$1.sources
  [ -e "$_original" ] || return 0
  : >"$_split/sources.list" || return 1
  cp "$_original" "$_split/parts/rest.sources" || return 1
  read_targets "$_split" || return 1
  entries_at "$_split" "$(source_field "$2" URIs)" "$(source_field "$2" Suites)" >"$_split/entries" || return 1
  while read -r _copy _number _; do
    cut_out "$_split" "$_original" "$_copy" "$_number" || return 1
  done <"$_split/entries"
}

# What those that have made way offered, and SOURCE does not, as stanzas for its file.
further_offers() { # NAME SOURCE
  split_original "$1" "$2" || return 1
  {
    find "$work/original/offers" -type f -exec cat {} +
    taken_records "$1" | while read -r _taken; do
      if is_at "$_taken" "$(place_of "$2")"; then cat "$_taken/offers"; fi
    done
  } | sort -u >"$work/offers" || return 1
  for _type in deb deb-src; do
    _further=$(awk -v type="$_type" -v own=" $(source_field "$2" Components) " '
      $1 == type && (type == "deb-src" || !index(own, " " $2 " ")) { printf "%s%s", (found++ ? " " : ""), $2 }' "$work/offers")
    [ -z "$_further" ] ||
      printf '\n# As the source offered that was here before.\nTypes: %s\nURIs: %s\nSuites: %s\nComponents: %s\nSigned-By: %s\n' "$_type" \
        "$(source_field "$2" URIs)" "$(source_field "$2" Suites)" "$_further" "$(source_field "$2" Signed-By)" || return 1
  done
  _rest=$work/original/parts/rest.sources
  if grep -qs '^[^#]' "$_rest"; then { echo && cat "$_rest"; } || return 1; fi
}

# Where another was put back beside ours since, so that apt reads none: before apt is needed.
make_way_again() {
  for _source in "$state"/sources/*/generation; do
    [ -e "$_source" ] || continue
    _source=${_source%/generation}
    if ! find_room "${_source##*/}" "$_source/source"; then
      say "apt source ${_source##*/}: $in_the_way"
    elif ! record_found "${_source##*/}" "$_source/source" || ! take_found "${_source##*/}"; then
      say "apt source ${_source##*/}: what is beside it cannot make way (the reason above)"
    fi
  done
}

# What an operator has made of it since stays.
give_back() { # RECORD
  _file=$(taken_file "$1")
  for _key in "$1/keys"/*; do
    _path=$(taken_file "$_key")
    if [ ! -e "$_key" ] || [ -e "$_path" ]; then continue; fi
    install -d -m 0755 "${_path%/*}" || return 1
    replace "$_path" cp -a "$_key" || return 1
  done
  if [ -e "$1/after" ] && cmp -s "$_file" "$1/after"; then
    replace "$_file" as_it_was "$1/before" "$_file" || return 1
  elif [ ! -e "$_file" ] && [ ! -e "$1/after" ]; then
    replace "$_file" cp -a "$1/before" || return 1
  else
    replace "$_file" with_entries "$1" "$_file" || return 1
  fi
  say "$_file has its source $(cat "$1/place") again"
}

as_it_was() { as_file "$@" && touch -r "$1" "$3"; } # BEFORE FILE NEW

# At the end of what is there now.
with_entries() { # RECORD FILE NEW
  if [ -e "$2" ]; then
    cp -a "$2" "$3" || return 1
    echo >>"$3" || return 1
  else
    cp -a "$1/before" "$3" || return 1
    : >"$3" || return 1
  fi
  cat "$1/entries" >>"$3"
}

# All but those of a place that ours is still at. Where somebody has put a source of the place somewhere since, that one stays,
# alone.
give_all_back() { # NAME [PLACE]
  new_room || return 1
  copy_others "$work/room" / || return 1
  _file=$(source_file "$1")
  ! cmp -s "$_file" "$state/apt-$1/${_file##*/}" || rm -f "$(room_copy "$work/room" "$_file")" || return 1
  taken_records "$1" >"$work/room/records" || return 1
  while read -r _taken; do
    if is_at "$_taken" "${2:-}"; then continue; fi
    _file=$(taken_file "$_taken")
    if cmp -s "$_file" "$_taken/before"; then
      rm -f "$(room_copy "$work/room" "$_file")" || return 1 # It is back, by a run that was cut off or by hand.
    else
      echo "$_taken" >>"$work/room/away" || return 1
    fi
  done <"$work/room/records"
  [ -e "$work/room/away" ] || return 0
  read_targets "$work/room" || return 1
  while read -r _taken; do
    read -r _url _suite <"$_taken/place"
    if [ -n "$(entries_at "$work/room" "$_url" "$_suite")" ]; then
      say "$(taken_file "$_taken") does not get its source $_url $_suite back, because another one is there by now"
    else
      give_back "$_taken" || return 1
    fi
  done <"$work/room/away"
}

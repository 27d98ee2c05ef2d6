# shellcheck shell=sh
# The spare of a service's records (see lib.sh): what tells what is in place, and what was before it. Source it; do not run it.
# Uses $place, the records, and $name. A removal drops it first.
# shellcheck disable=SC2154

# There is none of a change that was never whole, so that its records are all there is of it.
find_own_records() {
  if [ -e "$place/manifest" ] || [ -d "$place/undo" ] || [ ! -e "$spare/$name/manifest" ]; then return 0; fi
  rm -rf "$place"
  find_record "$name"
}

# Before the swap, as it takes room. Who calls it sees to it that it is on the disk.
prepare_spare() {
  remove_all "$spare/$name.new"
  mkdir -p "$spare/$name.new" && cp -a "$place/manifest.new" "$spare/$name.new/manifest" || return 1
  for _record in directories modes original carried; do
    [ ! -e "$place/$_record" ] || cp -a "$place/$_record" "$spare/$name.new/" || return 1
  done
}

# What has been recorded since.
keep_in_spare() { # NAME
  [ ! -e "$place/$1" ] || [ ! -d "$spare/$name.new" ] || cp -a "$place/$1" "$spare/$name.new/"
}

# With the commit.
put_spare() {
  [ -d "$spare/$name.new" ] || return 0
  rm -rf "${spare:?}/$name"
  mv "$spare/$name.new" "$spare/$name"
}

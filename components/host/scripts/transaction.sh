# shellcheck shell=sh
# Files that change together. Source it; do not run it. Uses $place, the directory of one service's records:
#   manifest      what is in place: the declaration, and `file SHA256 MODE OWNER ACTIVATION PATH` for each file
#   manifest.new  the same of a change under way
#   undo/         complete while a change is under way: what to put back. Renaming it away is the commit.
#   original/     what stood where our files are, before us
# $configured is the file that lets the unit start at all (see apt-package).
# After a kill at any point, `recover` goes back (undo/ is there) or forward (it is not).
# shellcheck disable=SC2154,SC2034

encoded() { printf '%s' "$1" | tr / '%'; }

# remember ACTIVATION <PATHS: copies of all that will change, or the note that there was nothing.
remember() {
  rm -rf "$place/undo.new" && mkdir "$place/undo.new"
  : >"$place/undo.new/paths"
  printf '%s\n' "$1" >"$place/undo.new/activation"
  while read -r _path; do
    if [ -e "$_path" ]; then
      cp -a -- "$_path" "$place/undo.new/$(encoded "$_path")"
    fi
    printf '%s\n' "$_path" >>"$place/undo.new/paths"
  done
  [ -e "$configured" ] || : >"$place/undo.new/not-configured"
  sync "$place"/undo.new/*
  mv "$place/undo.new" "$place/undo"
  sync "$place"
}

put_back() {
  [ -d "$place/undo" ] || return 0
  while read -r _path; do
    _copy=$place/undo/$(encoded "$_path")
    if [ -e "$_copy" ]; then
      cp -a -- "$_copy" "$(beside "$_path")" && mv -f -- "$(beside "$_path")" "$_path"
    else
      rm -f -- "$_path"
    fi
  done <"$place/undo/paths"
  [ ! -e "$place/undo/not-configured" ] || rm -f "$configured"
  remove_temporaries "$place/undo/paths"
  rm -f "$place/manifest.new"
  rm -rf "$place/undo.old" && mv "$place/undo" "$place/undo.old" && rm -rf "$place/undo.old"
}

commit() {
  mv "$place/undo" "$place/undo.old"
  mv "$place/manifest.new" "$place/manifest"
  sync "$place"
  rm -rf "$place/undo.old"
}

recover() {
  recovered=none # the activation that was under way
  if [ -d "$place/undo" ]; then
    recovered=$(cat "$place/undo/activation")
    put_back
    say "$name: an earlier change was cut off; what it had begun was taken back"
  elif [ -e "$place/manifest.new" ]; then
    if [ -d "$place/undo.old" ]; then mv "$place/manifest.new" "$place/manifest"; else rm "$place/manifest.new"; fi
  fi
  rm -rf "$place/undo.new" "$place/undo.old"
}

beside() { printf '%s/.%s.soar-new' "$(dirname "$1")" "$(basename "$1")"; }

remove_temporaries() { # FILE with a path per line
  while read -r _path; do rm -f -- "$(beside "$_path")"; done <"$1"
}

# What was there before us is kept once, and comes back when our file goes.
keep_original() {
  grep -qs "^file .* $1\$" "$place/manifest" && return 0
  [ ! -e "$1" ] || { mkdir -p "$place/original" && cp -a -- "$1" "$place/original/$(encoded "$1")"; }
}

take_out() { # PATH
  if [ -e "$place/original/$(encoded "$1")" ]; then
    cp -a -- "$place/original/$(encoded "$1")" "$(beside "$1")" && mv -f -- "$(beside "$1")" "$1"
  else
    rm -f -- "$1"
  fi
}

# shellcheck shell=sh
# Single lines of ours in files that are not ours. Source it; do not run it. Uses $spec and $work, the declaration of one
# service (see service-config), and $place, its records. Manifests hold the declarations' `entry` and `line` as they are.
# shellcheck disable=SC2154

new_line='
'

edits_in() { sed -n -e '/^entry /p' -e '/^line /p' "$1"; } # FILE

paths_in() { sed -n 's/^file [^ ]* [^ ]* [^ ]* [^ ]* //p' "$1"; } # MANIFEST

is_declared_elsewhere() { # EDIT
  for _manifest in "$state_root"/*/*/manifest; do
    if [ "$_manifest" != "$place/manifest" ] && grep -qsxF -e "$1" "$_manifest"; then return 0; fi
  done
  return 1
}

# The paths of all files of ours on this host, as they are to be: environments share the lines that have them read.
files_of_ours() {
  # While only `drift` looks, there is no other declaration than the one that was applied last.
  [ ! -e "$work/declared" ] || cat "$work/declared"
  for _manifest in "$state_root"/*/*/manifest; do
    if [ ! -e "$_manifest" ] || { [ -e "$work/declared" ] && [ "$_manifest" = "$place/manifest" ]; }; then continue; fi
    paths_in "$_manifest"
  done
}

# "N PATH" in $work/edits for each file that an edit changes: $work/edited/N is its new text, N.before the one of now.
# What is no longer declared goes, unless another declaration on this host has it too; before anything is added, which it
# would cover. What an operator's lines have in common with ours is in $work/overlaps: it may be why a program refuses.
compare_edits() {
  for _list in edits edits.wanted overlaps; do : >"$work/$_list" || return 1; done
  mkdir "$work/edited" || return 1
  grep -qsE '^(entry|line) ' "$spec" "$place/manifest" || return 0
  edits_in "$spec" >"$work/edits.declared" || return 1
  files_of_ours >"$work/names" || return 1
  [ ! -e "$place/manifest" ] || edits_in "$place/manifest" | grep -vxFf "$work/edits.declared" | while IFS= read -r edit; do
    is_declared_elsewhere "$edit" || printf 'remove %s\n' "$edit" >>"$work/edits.wanted" || exit 1
  done || return 1
  sed 's/^/add /' "$work/edits.declared" >>"$work/edits.wanted" || return 1
  cut -d' ' -f3 "$work/edits.wanted" | sort -u >"$work/edits.files" || return 1
  n=0
  while read -r file; do
    n=$((n + 1))
    path=$(readlink -f -- "$file" && echo .) || path=$file
    path=${path%
.}
    if [ ! -f "$path" ]; then
      ! cut -d' ' -f1,3 "$work/edits.wanted" | grep -qxF -e "add $file" || die "$name: $file is missing; nothing was changed"
      continue
    fi
    # Lines of the work files end with a path.
    case $path in
    *[[:space:]] | *"$new_line"*) die "$name: $file leads to a file whose name ends with a space or has a line break: rename it; nothing was changed" ;;
    esac
    real_way "$file" || die "$name: $(planted_words); nothing was changed"
    cat "$path" >"$work/edited/$n.before" || return 1
    if ! perl "${0%/*}/edit-lines.pl" "$file" "$work/edits.wanted" "$work/names" <"$work/edited/$n.before" \
      >"$work/edited/$n" 2>"$work/edited/$n.said"; then
      cat "$work/edited/$n.said" >&2
      die "$name: $file cannot be edited (the reason above); nothing was changed"
    fi
    cat "$work/edited/$n.said" >>"$work/overlaps" || return 1
    cmp -s "$work/edited/$n" "$work/edited/$n.before" || printf '%s %s\n' "$n" "$path" >>"$work/edits" || return 1
  done <"$work/edits.files"
}

# Into the stage, also where the file is outside of the trees: a link's.
stage_edits() {
  while read -r n path; do
    mkdir -p "$work/stage${path%/*}"
    cp -a -- "$path" "$work/stage$path"
    cat "$work/edited/$n" >"$work/stage$path"
  done <"$work/edits"
}

# Beside the real files, with all that is theirs but the text.
prepare_edits() {
  while read -r n path; do
    cp -a -- "$path" "$work/edited/$n.new"
    cmp -s "$work/edited/$n.new" "$work/edited/$n.before" ||
      die "$name: $path was changed by someone else just now; nothing was changed"
    cat "$work/edited/$n" >"$work/edited/$n.new"
    put_beside "$work/edited/$n.new" "$path"
    sync "$(beside "$path")"
  done <"$work/edits"
}

swap_edits() {
  while read -r n path; do mv -fT -- "$(beside "$path")" "$path"; done <"$work/edits"
}

# For the undo: the digest that each file has once it is swapped.
edit_digests() {
  while read -r n path; do
    printf '%s %s\n' "$(sha256sum <"$work/edited/$n" | cut -d' ' -f1)" "$path"
  done <"$work/edits"
}

# Whether an operator has changed a file since the change that $place/undo takes back: their text is kept.
was_edited_since() { # PATH
  _digest=$(_of=$1 awk '{ digest = $1; sub(/^[^ ]* /, "") } $0 == ENVIRON["_of"] { print digest }' "$place/undo/edits")
  [ -n "$_digest" ] && [ "$_digest" != "$(sha256sum <"$1" | cut -d' ' -f1)" ]
}

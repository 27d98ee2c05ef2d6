# shellcheck shell=sh
# A declaration against what is on the host; changes nothing there. Source it; do not run it.
# Uses $spec and $work, where it puts what it finds, and $place, the records of the service (see service-config).
# The files in $work, of one run. Of a line with columns the last is a path, and may have spaces in it:
#   declaration    as it came
#   spec           its lines, without those of files
#   content/N      the Nth file of it
#   digests        N SHA256 of each of those
#   files          N MODE OWNER ACTIVATION PATH of each file of the declaration
#   changed        the same, of those that are not on the host like that
#   gone           ACTIVATION PATH of each file in place that is no longer declared
#   declared       PATH of each file of the declaration
#   own            PATH of each file in `changed` or `gone`
#   edits          N PATH of each file that is not ours and changes; edited/N is its new text, edited/N.before the present one
#   paths          PATH of all that changes: `own` and `edits`
#   activations    what each of these asks of the unit
#   stage/         the live trees with the change in them; stage.directories, stage.own: PATH of what is in it
#   large          PATH of what is too large to be copied there
# shellcheck disable=SC2154

# Content goes to $work/content/N, N being the file's place in the declaration.
read_declaration() {
  cat >"$work/declaration"
  [ "$(tail -n 1 "$work/declaration")" = end ] || die "$name: the declaration was cut off on its way; nothing was changed"
  mkdir "$work/content"
  awk -v to="$work/content/" -v spec="$spec" -v files="$work/files" '
    /^  / { print substr($0, 3) > (to n); next }
    /^$/ { print "" > (to n); next }
    /^file / { n++; printf "" > (to n); $1 = ""; print n $0 > files; next }
    /^end$/ { exit }
    { print > spec }' "$work/declaration"
  [ -e "$work/files" ] || : >"$work/files"
}

# "N SHA256" of each file; nothing where no declaration was read.
content_digests() {
  [ ! -d "$work/content" ] ||
    find "$work/content" -type f -exec sha256sum {} + | awk '{ sub(/.*\//, "", $2); print $2, $1 }'
}

# Lines "N MODE OWNER ACTIVATION PATH" in $work/files, and what is no longer declared in $work/gone: "ACTIVATION PATH".
compare() {
  : >"$work/changed"
  : >"$work/gone"
  declared_paths >"$work/declared"
  while read -r n mode owner activation path; do
    if ! cmp -s "$work/content/$n" "$path" || [ "$(stat -c '%04a %U:%G' "$path")" != "$mode $owner" ]; then
      printf '%s %s %s %s %s\n' "$n" "$mode" "$owner" "$activation" "$path" >>"$work/changed"
    fi
  done <"$work/files"
  [ ! -e "$place/manifest" ] || sed -n 's/^file [^ ]* [^ ]* [^ ]* //p' "$place/manifest" |
    while read -r activation path; do
      grep -qxF -e "$path" "$work/declared" || printf '%s %s\n' "$activation" "$path" >>"$work/gone"
    done
  compare_edits
  { cut -d' ' -f5- "$work/changed" && cut -d' ' -f2- "$work/gone"; } >"$work/own"
  { cat "$work/own" && cut -d' ' -f2- "$work/edits"; } >"$work/paths"
  sed 's,/[^/]*$,,' "$work/paths" | sort -u | refuse_planted
}

# What no staging is needed for.
refuse_at_once() {
  id "$(value user)" >/dev/null 2>&1 || die "$name: this host has no user $(value user): is the package installed?"
  refuse_foreign
  value directory | cut -d' ' -f1 | refuse_planted
  sed 's,/[^/]*$,,' "$work/declared" | sort -u | refuse_planted
  refuse_beaten
}

# Two owners of a file would overwrite each other's text back and forth.
refuse_foreign() {
  declared_paths >"$work/declared"
  for manifest in "$state_root"/*/*/manifest; do
    if [ ! -e "$manifest" ] || [ "$manifest" = "$place/manifest" ]; then continue; fi
    foreign=$(paths_in "$manifest" | grep -xFf "$work/declared" | head -n 1) || :
    [ -z "$foreign" ] ||
      die "$name: $foreign belongs to environment $(basename "$(dirname "$(dirname "$manifest")")") already; nothing was changed"
  done
}

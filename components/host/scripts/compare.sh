# shellcheck shell=sh
# A declaration against what is on the host; changes nothing there. Source it; do not run it.
# Uses $spec and $work, where it puts what it finds, and $place, the records of the service (see service-config).
# The files in $work, of one run. Of a line with columns the last is a path, and may have spaces in it:
#   declaration    as it came
#   spec           its lines, without those of files
#   content/N      the Nth file of it
#   files          N MODE OWNER ACTIVATION PATH of each file of the declaration
#   declared       PATH of each of those
#   sums, modes    SHA256 and MODE OWNER with the PATH of each file that is looked at
#   digests        N SHA256 of each of content/N
#   changed        the same, of those that are not on the host like that
#   gone           ACTIVATION PATH of each file in place that is no longer declared
#   own            PATH of each file in `changed` or `gone`
#   edits          N PATH of each file that is not ours and changes; edited/N is its new text, edited/N.before the present one
#   paths          PATH of all that changes: `own` and `edits`
#   stage/         the live trees with the change in them; stage.directories, stage.own: PATH of what is in it
#   large          PATH of what is too large to be copied there
# shellcheck disable=SC2154

# Content goes to $work/content/N, N being the file's place in the declaration.
read_declaration() {
  cat >"$work/declaration"
  [ "$(tail -n 1 "$work/declaration")" = end ] || die "$name: the declaration was cut off on its way; nothing was changed"
  mkdir "$work/content"
  : >"$work/files"
  : >"$work/declared"
  awk -v to="$work/content/" -v spec="$spec" -v files="$work/files" -v declared="$work/declared" '
    /^  / { print substr($0, 3) > (to n); next }
    /^$/ { print "" > (to n); next }
    /^file / {
      n++; printf "" > (to n); $1 = ""; print n $0 > files
      sub(/^ [^ ]* [^ ]* [^ ]* /, ""); print > declared
      next
    }
    /^end$/ { exit }
    { print > spec }' "$work/declaration"
}

# What changes: all of the lists above that come after `files`. A declaration need not have been read.
compare() {
  for _list in digests changed gone own paths; do : >"$work/$_list"; done
  compare_edits
  set -- "$work"/content/*
  while read -r path; do set -- "$@" "$path"; done <"$work/declared"
  look_at_files "$@"
  set -- "$work/sums" "$work/modes" "$work/files" "$work/edits"
  [ ! -e "$place/manifest" ] || set -- "$@" "$place/manifest"
  awk -v work="$work/" "$read_found"'
    function changes(path) {
      print path > (work "own")
      print path > (work "paths")
    }
    FILENAME == work "files" {
      path = rest(4)
      declared[path]
      digest = sum[work "content/" $1]
      print $1, digest > (work "digests")
      if (sum[path] != digest || mode[path] != $2 " " $3) {
        print > (work "changed")
        changes(path)
      }
      next
    }
    FILENAME == work "edits" { edited[++edits] = rest(1); next }
    /^file / && !((path = rest(5)) in declared) {
      print $5, path > (work "gone")
      changes(path)
    }
    END { for (n = 1; n <= edits; n++) print edited[n] > (work "paths") }' "$@"
  ways_to "$work/paths"
}

# On the way to a file, root follows no link that somebody else may have put there.
ways_to() { # FILE with a path a line
  while read -r _path; do refuse_planted "${_path%/*}"; done <"$1"
}

# What no staging is needed for.
refuse_at_once() {
  id "$(value user)" >/dev/null 2>&1 || die "$name: this host has no user $(value user): is the package installed?"
  refuse_foreign
  value directory | while read -r path _; do refuse_planted "$path"; done
  ways_to "$work/declared"
  refuse_beaten
}

# Two owners of a file would overwrite each other's text back and forth.
refuse_foreign() {
  set --
  for manifest in "$state_root"/*/*/manifest; do
    if [ -e "$manifest" ] && [ "$manifest" != "$place/manifest" ]; then set -- "$@" "$manifest"; fi
  done
  [ "$#" -gt 0 ] || return 0
  awk -v work="$work/" "$read_found"'
    FILENAME == work "declared" { is_declared[$0]; next }
    /^file / && (path = rest(5)) in is_declared { print FILENAME, path; exit }' "$work/declared" "$@" >"$work/foreign"
  [ -s "$work/foreign" ] || return 0
  read -r manifest path <"$work/foreign"
  other=${manifest#"$state_root/"}
  die "$name: $path belongs to environment ${other%%/*} already; nothing was changed"
}

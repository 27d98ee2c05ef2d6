# shellcheck shell=sh
# Records outlive the program that wrote them. The manifest and the undo of a service (see transaction.sh) say in which format
# they are; who reads one knows all formats up to its own. Source it; do not run it.
#   1  says none: commit 93fb0d0 and before. The undo has copies of the old files in it, and no list of what was absent; the
#      manifest has no digest of its declaration, so that `drift` tells none.
#   2  the undo has the paths, and the old files are kept beside the real ones.
#   3  a unit that is the host's own is called `host-unit`, before `guest`; a service brings its package (`install`), which had
#      a command of its own in users' states before.
# What Pulumi calls at a deletion is in the users' states, and what reloads and probes a service is in the records: they have no
# number. A script goes on to take the arguments that it took, and another meaning gets another word.
# shellcheck disable=SC2034
own_format=3

format_of() { # FILE, which need not be there
  _format=
  { read -r _format <"$1"; } 2>/dev/null || :
  case $_format in
  'format '*[!0-9]* | 'format ') echo 1 ;;
  'format '*) echo "${_format#format }" ;;
  *) echo 1 ;;
  esac
}

# Fails with what is in the way where a newer program has written something that this one would misread. It is asked of all
# environments: files and lines of one are compared with those of the others.
can_read_records() { # DIRECTORY with a directory for each environment
  for _record in "$1"/*/*/manifest "$1"/*/*/manifest.new "$1"/*/*/undo/format; do
    if [ ! -e "$_record" ] || [ "$(format_of "$_record")" -le "$own_format" ]; then continue; fi
    echo "$_record is of format $(format_of "$_record"), which a newer version of soar-profiling has written; this one reads" \
      "formats up to $own_format. Nothing was changed. Use the newer version for this stack, too"
    return 1
  done
}

# shellcheck shell=sh
# How files are, by two programs however many they are. Source it; do not run it. Uses $work, where it puts what it finds:
#   sums    SHA256  PATH
#   modes   MODE OWNER:GROUP PATH
# shellcheck disable=SC2154

# The beginning of an awk that reads both: sum[PATH], mode[PATH], and the rest of a line without so many fields.
# shellcheck disable=SC2016 # awk's
read_found='
    function rest(fields, _text) {
      for (_text = $0; fields > 0; fields--) sub(/^[^ ]* /, "", _text)
      return _text
    }
    FILENAME == work "sums" { sum[substr($0, 67)] = $1; next }
    FILENAME == work "modes" { mode[rest(2)] = $1 " " $2; next }'

# Nothing of what is not there, or no file.
look_at_files() { # PATHS
  : >"$work/sums" || return 1
  : >"$work/modes" || return 1
  for _file in "$@"; do
    shift
    [ ! -f "$_file" ] || set -- "$@" "$_file"
  done
  [ "$#" -gt 0 ] || return 0
  sha256sum -- "$@" >"$work/sums" || return 1
  stat -c '%04a %U:%G %n' -- "$@" >"$work/modes" || return 1
}

# Those of the lines "SHA256 MODE OWNER:GROUP PATH" whose file is not like that.
others_than() { # <LINES
  cat >"$work/meant" || return 1
  set --
  while read -r _ _ _ _path; do set -- "$@" "$_path"; done <"$work/meant"
  look_at_files "$@" || return 1
  awk -v work="$work/" "$read_found"'
    sum[rest(3)] != $1 || mode[rest(3)] != $2 " " $3' "$work/sums" "$work/modes" "$work/meant"
}

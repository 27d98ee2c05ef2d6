# shellcheck shell=sh
# What was put in place, kept so that `drift` can tell what was edited since. Source it; do not run it.
# Uses $spec, $work with its digests, and $place (see service-config). $place/texts/SHA256 is the text of a file; there is
# none where a file of the declaration holds a secret.
# shellcheck disable=SC2154

# Those of the manifest that is in place stay, too: the change may not come to its commit.
keep_texts() {
  if [ -n "$(value secret)" ]; then
    rm -rf "$place/texts"
    return
  fi
  mkdir -p "$place/texts" || return 1
  {
    sed -n 's/^file \([^ ]*\) .*/\1/p' "$place/manifest" 2>/dev/null || :
    cut -d' ' -f2 "$work/digests"
  } >"$work/texts.kept" || return 1
  find "$place/texts" -type f -printf '%f\n' | grep -vxFf "$work/texts.kept" | while read -r _digest; do
    rm -f "$place/texts/$_digest" || return 1
  done || return 1
  while read -r _n _digest; do
    [ ! -e "$place/texts/$_digest" ] || continue
    cp -- "$work/content/$_n" "$place/texts/$_digest.new" || return 1
    mv "$place/texts/$_digest.new" "$place/texts/$_digest" || return 1
  done <"$work/digests"
}

# As many lines of a difference are told.
most_lines=12

# Who edited a file may have written a secret into it, which is not told. Of what is no text, and of the rest of long lines,
# nothing is. Each line begins with a tab.
show_lines() { # <LINES
  tr -d '\000-\010\013-\037\177' | sed -E \
    -e '/^[-+].*([Pp][Aa][Ss][Ss]|[Ss][Ee][Cc][Rr][Ee][Tt]|[Tt][Oo][Kk][Ee][Nn]|[Cc][Rr][Ee][Dd][Ee][Nn]|[Aa][Uu][Tt][Hh]|[Bb][Ee][Aa][Rr][Ee][Rr]|[Kk][Ee][Yy]|:\/\/[^/ ]*@)/s/^(.).*/\1 (not shown: it may be a secret)/' \
    -e 's/^(.{160}).+/\1 .../' -e 's/^/\t/' | awk -v most="$most_lines" '
    NR <= most { print }
    END { if (NR > most) printf "\t... and %d lines more\n", NR - most }'
}

# Of a file that was edited, and its text as it was put in place.
show_difference() { # TEXT FILE
  [ ! -f "$1" ] || diff -U0 --text --label 'as it was put in place' --label 'as it is now' -- "$1" "$2" | show_lines
}

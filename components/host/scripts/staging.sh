# shellcheck shell=sh
# A change as the service's own program would see it, before anything is in place. Source it; do not run it.
# Uses $spec and $work, the declaration of one service (see service-config), $place, its records, and $refused.
# shellcheck disable=SC2154,SC2034

# A directory below ROOT. One that a unit of the host's own has already stays as it is.
make_directory() { # ROOT PATH MODE OWNER:GROUP
  if [ -z "$host_unit" ] || [ ! -d "$2" ] || is_ours "$2"; then
    make_plain_directory "$1$2" "$3" "$4"
  fi
}

record_directory() { # PATH
  grep -qsxF -e "$1" "$place/directories" || printf '%s\n' "$1" >>"$place/directories"
}

# A tree that is not there yet could not be shown to the validators. On a failure these go again.
make_missing_directories() {
  value directory | while read -r path mode owner; do
    [ ! -d "$path" ] || continue
    record_directory "$path"
    make_directory '' "$path" "$mode" "$owner"
  done
  value tree | while read -r path; do
    [ ! -e "$path" ] || continue
    record_directory "$path"
    install -d -m 0755 "$path"
  done
}

# In KiB. Of a larger tree, as one with a database in it, what is large and not on the way to a file of ours is not copied,
# but shown to the validators where it is.
large_tree=65536
large_entry=1024

leads_to_ours() { # PATH: what is staged is in it, or is it
  _at=$1 awk '$0 == ENVIRON["_at"] || index($0, ENVIRON["_at"] "/") == 1 { found = 1 } END { exit !found }' "$work/stage.own"
}

# A live file or directory in the stage, if it is not larger than LIMIT; $work/large has what is not copied.
copy_to_stage() { # PATH LIMIT
  _size=$(du -Dsk -- "$1")
  if [ "${_size%%[!0-9]*}" -le "$2" ]; then
    cp -aH -- "$1" "$work/stage$1"
  elif [ ! -d "$1" ]; then
    : >"$work/stage$1"
    printf '%s\n' "$1" >>"$work/large"
  else
    mkdir "$work/stage$1"
    chown --reference="$1" -- "$work/stage$1"
    chmod --reference="$1" -- "$work/stage$1"
    if leads_to_ours "$1"; then
      find "$1/" -mindepth 1 -maxdepth 1 | while IFS= read -r _entry; do
        if [ -L "$_entry" ]; then cp -a -- "$_entry" "$work/stage$_entry"; else copy_to_stage "$_entry" "$large_entry"; fi
      done
    else
      printf '%s\n' "$1" >>"$work/large"
    fi
  fi
}

# A directory in the stage with the way to it, without links: these would lead out of it, to the real files.
keep_in_stage() { # DIRECTORY
  _at=
  _rest=${1#/}/
  while [ -n "$_rest" ]; do
    _at=$_at/${_rest%%/*}
    _rest=${_rest#*/}
    [ -L "$work/stage$_at" ] || continue
    rm "$work/stage$_at"
    copy_to_stage "$_at" "$large_tree"
  done
}

# The live trees with the change in them, under $work/stage.
stage() {
  umask 022
  : >"$work/large"
  {
    value directory | while read -r path _; do printf '%s\n' "$path"; done
    while read -r path; do printf '%s\n' "${path%/*}"; done <"$work/declared"
    while read -r _ path; do printf '%s\n' "${path%/*}"; done <"$work/gone"
  } | sort -u >"$work/stage.directories"
  { cat "$work/stage.directories" && value tree && cut -d' ' -f2- "$work/edits"; } >"$work/stage.own"
  value tree | while read -r tree; do
    [ -d "$work/stage${tree%/*}" ] || mkdir -p "$work/stage${tree%/*}"
    [ ! -e "$tree" ] || [ -e "$work/stage$tree" ] || copy_to_stage "$tree" "$large_tree"
  done
  while read -r path; do keep_in_stage "$path"; done <"$work/stage.directories"
  value directory | while read -r path mode owner; do make_directory "$work/stage" "$path" "$mode" "$owner"; done
  while read -r n mode owner activation path; do
    [ -d "$work/stage${path%/*}" ] || mkdir -p "$work/stage${path%/*}"
    [ ! -L "$work/stage$path" ] || rm -f -- "$work/stage$path" # It leads out of the stage.
    install -T -m "$mode" -o "${owner%:*}" -g "${owner#*:}" "$work/content/$n" "$work/stage$path"
  done <"$work/files"
  while read -r activation path; do rm -f -- "$work/stage$path"; done <"$work/gone"
  stage_edits
  umask 077
}

# What a tool said may quote the files. Where these hold a secret, only the positions in them leave the host, and root
# finds the words in $refused, if there is one.
show_words() { # FILE; sets $shown
  if [ -z "$(value secret)" ]; then
    cat "$1" >&2 || :
    shown='its words above'
    return 0
  fi
  grep -oE '/[^]"[:space:]:[]+:[0-9]+(:[0-9]+)?' "$1" | sort -u | while IFS=: read -r path position; do
    [ ! -f "$work/stage$path" ] || printf '%s:%s\n' "$path" "$position"
  done >&2 || :
  if [ -z "$refused" ]; then
    shown='its words may quote a secret: an up leaves them on the host, for root'
  elif install -m 0600 "$1" "$refused"; then
    shown="its words may quote a secret: root reads them on the host in $refused"
  else
    shown='its words may quote a secret, and there is no room on the host to keep them'
  fi
}

# Runs a command for its verdict; its words are in $work/verdict. It sees the staged files at their real paths, in a mount namespace
# of its own, so that its words are about these; or those that are in place. As a user it has the environment of the unit.
judge() { # staged|live USER COMMAND; without a USER as root, by the scripts that are beside this one
  _tree=$1
  set -- "${0%/*}" "$(value unit)" "$2" "$3"
  if [ "$_tree" = staged ]; then
    while read -r path; do set -- "$work/stage$path" "$path" "$@"; done <"$work/shown"
    while read -r path; do set -- "$path" "$work/stage$path" "$@"; done <"$work/large"
  fi
  # shellcheck disable=SC2016 # expanded in the namespace
  within 120 unshare --mount --propagation private sh -c '
    while [ "$#" -gt 4 ]; do
      mount --rbind "$1" "$2" || { echo "the staged $2 cannot be shown to the validator"; exit 1; }
      shift 2
    done
    [ -n "$3" ] || PATH=$1:$PATH exec sh -c "$4"
    exec perl "$1/unit-environment.pl" --hide "$2" runuser -u "$3" -- /bin/sh -c "$4"' sh "$@" </dev/null >"$work/verdict" 2>&1 9>&-
}

# What the files in place make the validator say, where these are refused as well. Of a unit that nobody has files for yet there
# is nothing to compare with; and another version of the program may only have become stricter.
is_refused_already() { # COMMAND
  if [ -e "$place/program" ] || { [ -z "$host_unit" ] && ! grep -qsx "unit $(value unit)" "$state_root"/*/*/manifest; }; then
    return 1
  fi
  ! judge live "$(value user)" "$1"
}

# Whether a text may quote a file of ours that holds a secret: it names a place in it, or has a word of it.
may_quote_ours() { # FILE
  grep -lsx 'secret yes' "$state_root"/*/*/manifest | while read -r _manifest; do paths_in "$_manifest"; done |
    while read -r _path; do
      printf '%s:\n' "$_path"
      # No directive, and no path: those are in the files of others, too.
      [ ! -f "$_path" ] || tr -s '[:space:]"'"'"'`=,;{}()' '\n' <"$_path" | grep -E '.{8}' | grep -vE '^([a-z_]+|[/@].*)$' || :
    done | sort -u >"$work/ours" || return 0
  [ -s "$work/ours" ] && grep -qFf "$work/ours" "$1"
}

# One that did not end is not asked again: there may be no time for it.
refuse() { # COMMAND STATUS; what it said of the staged files is in $work/verdict
  mv "$work/verdict" "$work/verdict.staged"
  if [ "$2" -ne 124 ] && is_refused_already "$1"; then
    if [ -z "$(value secret)" ] || may_quote_ours "$work/verdict"; then
      show_words "$work/verdict"
    else
      cat "$work/verdict" >&2 || :
      shown='its words above'
    fi
    die "$name: refused by '$1' ($shown), which refuses what is on the host now as well, without any change of this stack:" \
      "correct that first; nothing was changed"
  fi
  show_words "$work/verdict.staged"
  cat "$work/overlaps" >&2 || :
  die "$name: refused by '$1' ($shown); nothing was changed"
}

validate() {
  value validate >"$work/validators"
  { cut -d' ' -f2- "$work/edits" && value tree; } >"$work/shown"
  while read -r command; do
    judge staged "$(value user)" "$command" || refuse "$command" "$?"
  done <"$work/validators"
  ask_program
}

# The running program may not let in who asks it, as with a wrong password. The words are ours, and tell no secret.
ask_program() {
  command=$(value ask)
  if [ -z "$command" ] || ! is_active || judge staged '' "$command"; then return 0; fi
  die "$name: $(cat "$work/verdict"); nothing was changed"
}

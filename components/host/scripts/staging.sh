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
  if [ "$(du -Dsk -- "$1" | cut -f1)" -le "$2" ]; then
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
    value directory | cut -d' ' -f1
    { declared_paths && cut -d' ' -f2- "$work/gone"; } | sed 's,/[^/]*$,,'
  } | sort -u >"$work/stage.directories"
  { cat "$work/stage.directories" && value tree && cut -d' ' -f2- "$work/edits"; } >"$work/stage.own"
  value tree | while read -r tree; do
    mkdir -p "$work/stage$(dirname "$tree")"
    [ ! -e "$tree" ] || [ -e "$work/stage$tree" ] || copy_to_stage "$tree" "$large_tree"
  done
  while read -r path; do keep_in_stage "$path"; done <"$work/stage.directories"
  value directory | while read -r path mode owner; do make_directory "$work/stage" "$path" "$mode" "$owner"; done
  while read -r n mode owner activation path; do
    mkdir -p "$work/stage$(dirname "$path")"
    rm -f -- "$work/stage$path" # It may be a link, out of the stage.
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

# In a mount namespace of its own, so that paths and messages are the real ones.
validate() {
  value validate >"$work/validators"
  { cut -d' ' -f2- "$work/edits" && value tree; } >"$work/shown"
  while read -r command; do
    set -- "$(value user)" "$command"
    while read -r path; do set -- "$work/stage$path" "$path" "$@"; done <"$work/shown"
    while read -r path; do set -- "$path" "$work/stage$path" "$@"; done <"$work/large"
    # shellcheck disable=SC2016 # expanded in the namespace
    if ! within 120 unshare --mount --propagation private sh -c '
      while [ "$#" -gt 2 ]; do
        mount --rbind "$1" "$2" || { echo "the staged $2 cannot be shown to the validator"; exit 1; }
        shift 2
      done
      exec runuser -u "$1" -- sh -c "$2"' sh "$@" </dev/null >"$work/verdict" 2>&1 9>&-; then
      show_words "$work/verdict"
      cat "$work/overlaps" >&2 || :
      die "$name: refused by '$command' ($shown); nothing was changed"
    fi
  done <"$work/validators"
}

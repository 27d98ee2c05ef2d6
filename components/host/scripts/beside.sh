# shellcheck shell=sh
# What stands beside the real files while they change: the new one before it is in place, and the old one until it is not needed.
# Source it; do not run it.

exists() { [ -e "$1" ] || [ -L "$1" ]; } # PATH

# rm -rf, which is started only where there is something.
remove_all() { # PATHS
  for _there in "$@"; do
    if exists "$_there"; then
      rm -rf -- "$@" || return 1
      return 0
    fi
  done
}

remove_file() { ! exists "$1" || rm -f -- "$1"; } # PATH

beside() { printf '%s/.%s.soar-new' "${1%/*}" "${1##*/}"; }

# A name that is there is not written through.
put_beside() { cp -aT --remove-destination -- "$1" "$(beside "$2")"; } # COPY PATH

put_in_place() { # COPY PATH
  put_beside "$1" "$2" && mv -fT -- "$(beside "$2")" "$2"
}

kept() { printf '%s/.%s.soar-old' "${1%/*}" "${1##*/}"; }

# An undo that is not needed, with the old files that it kept.
drop_kept() { # DIRECTORY
  [ ! -e "$1/paths" ] || while read -r _path; do remove_file "$(kept "$_path")" || return 1; done <"$1/paths"
  remove_all "$1"
}

remove_temporaries() { # FILE with a path per line
  while read -r _path; do remove_file "$(beside "$_path")" || return 1; done <"$1"
}

sync_directories() { # FILE with a path per line
  set -- "$1"
  while read -r _path; do
    case "$* " in *" ${_path%/*} "*) ;; *) [ ! -d "${_path%/*}" ] || set -- "$@" "${_path%/*}" ;; esac
  done <"$1"
  shift
  [ "$#" -eq 0 ] || sync -- "$@"
}

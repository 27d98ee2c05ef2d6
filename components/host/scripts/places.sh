# shellcheck shell=sh
# Where root writes: it follows no link that a service may have put there. Source it; do not run it.
# shellcheck disable=SC2154,SC2034

is_ours() { grep -qsxF -e "$1" "$state_root"/*/*/directories; } # PATH of a directory

# Somebody else than root may put things into it, as its package lets Alloy into /etc/alloy.
is_open() { # DIRECTORY
  case $(stat -c '%u %g %A' -- "$1") in
  '0 '*' '????????w*) return 0 ;;
  '0 0 '*) return 1 ;;
  '0 '*' '?????w*) return 0 ;;
  '0 '*) return 1 ;;
  *) return 0 ;;
  esac
}

# $real is the path without the links on the way to it, which need not be there to its end. Fails at a link that is not
# root's alone: $planted.
real_way() { # PATH
  real=
  planted=
  _rest=${1#/}/
  _links=0
  while [ -n "$_rest" ]; do
    _part=${_rest%%/*}
    _rest=${_rest#*/}
    case $_part in
    '' | .) continue ;;
    ..) real=${real%/*} && continue ;;
    esac
    if [ ! -L "$real/$_part" ]; then
      real=$real/$_part
      continue
    fi
    _links=$((_links + 1))
    if [ "$_links" -gt 40 ] || is_open "${real:-/}" || [ "$(stat -c %u -- "$real/$_part")" != 0 ]; then
      planted=$real/$_part
      return 1
    fi
    _target=$(readlink -- "$real/$_part")
    case $_target in /*) real= ;; esac
    _rest=${_target#/}/$_rest
  done
  real=${real:-/}
}

planted_words() {
  echo "$planted is a link that not only root can have put there ($(stat -c '%U:%G %a' -- "${planted%/*}/") may write to ${planted%/*})," \
    "so root does not follow it: remove it, or let only root write to ${planted%/*}"
}

refuse_planted() { # PATH
  real_way "$1" || die "$name: $(planted_words); nothing was changed"
}

# Its mode and owner are set on the directory itself, whatever stands at its name by then.
make_plain_directory() { # PATH MODE OWNER:GROUP
  if [ ! -d "$1" ]; then
    [ -d "${1%/*}" ] || install -d -m 0755 "${1%/*}" || return 1
    mkdir -m 0700 -- "$1" || return 1
  fi
  real_way "$1" || die "$name: $(planted_words)"
  (cd -P -- "$1" && [ "$(pwd -P)" = "$real" ] && chown "$3" . && chmod "$2" .) ||
    die "$name: $1 is not the directory that it was a moment ago, or cannot be given to $3"
}

# shellcheck shell=sh
# A package that is kept at exactly one version (apt-mark hold). Source it; do not run it. Uses $state.
# Its records, $state/packages/PACKAGE, a line each:
#   found HOLD ENABLED ACTIVE [VERSION]    it was there before: what apt-mark and systemctl said of it and its unit. A program
#                                          before this one left out the version
#   found absent                           it was not
#   version VERSION                        what it is kept at
# shellcheck disable=SC2154

apt() {
  patiently apt-get -q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    -o APT::Keep-Downloaded-Packages=false "$@"
}

# A package run that was cut off is finished first; dpkg says nothing when there is nothing to do.
finish_package_runs() { patiently dpkg --configure -a --force-confdef --force-confold; }

# Nothing of a package that this environment does not keep.
kept_version() { { values_of version <"$state/packages/$1"; } 2>/dev/null || :; } # PACKAGE

# What keeps a unit from starting before a configuration of ours is in place.
gate() { echo "/etc/systemd/system/$1.d/00-soar-profiling.conf"; } # UNIT

gate_text() { # UNIT
  cat <<EOF2
# Managed by soar-profiling: $1 starts only with a configuration that was put in place by it.
[Unit]
ConditionPathExists=$state_root/configured/$1
EOF2
}

# A package that was on the host before has none.
is_gated() { [ -e "$state/packages/$1" ] && ! grep -qE '^found (un)?hold ' "$state/packages/$1"; } # PACKAGE

# How it was found; nothing where no record says it, as one of an earlier version of these scripts.
found_as() { { values_of found <"$state/packages/$1"; } 2>/dev/null || :; } # PACKAGE

# Whether it is ours to remove. Where no record says it, one with our drop-in is, because no other has it.
came_with_us() { # PACKAGE UNIT
  case $(found_as "$1") in
  '') [ -e "$(gate "$2")" ] ;;
  absent) return 0 ;;
  *) return 1 ;;
  esac
}

need_finished_package_runs() { finish_package_runs || die "dpkg --configure -a fails on this host (its words above)"; }

# Nothing where it was not there, or no record says how.
hold_as_found() { # PACKAGE
  _found=$(found_as "$1")
  case $_found in hold* | unhold*) patiently apt-mark "${_found%% *}" "$1" ;; esac
}

# Also an older one. What would take another package along is refused, in apt's words, which name it.
put_version() { # PACKAGE VERSION
  apt install --no-install-recommends --no-remove --allow-change-held-packages --allow-downgrades "$1=$2"
}

# What apt would remove along with a package, one name a line.
removed_with() { # remove|purge PACKAGE
  apt-get -s "$1" --allow-change-held-packages "$2" 2>/dev/null |
    awk -v own="$2" '($1 == "Remv" || $1 == "Purg") && $2 != own && !seen[$2]++ { print $2 }'
}

keep_at_version() { # PACKAGE VERSION
  patiently apt-mark hold "$1" || return 1
  _records=$(
    grep '^found ' "$state/packages/$1" || :
    printf 'version %s\n' "$2"
  )
  printf '%s\n' "$_records" | write_record "$state/packages/$1" || return 1
  keep_spare "packages/$1" || return 1
}

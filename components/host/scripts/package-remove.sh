# shellcheck shell=sh
# A package that an environment has brought goes, or is given back. Source it; do not run it. Uses $state and package.sh.
# shellcheck disable=SC2154

# A package's own removal script must not take the data with it.
removal() { # PACKAGE [DATA_DIRECTORY]
  if [ -n "${2:-}" ] && grep -qsF "$2" "/var/lib/dpkg/info/$1.postrm"; then echo remove; else echo purge; fi
}

# A mount point, or a link to another disk, is the operator's and stays, empty.
purge_data() { # DIRECTORY
  [ -d "$1" ] || return 0
  find "$1/" -mindepth 1 -delete || die "cannot remove the data in $1"
  [ -L "$1" ] || rmdir "$1" 2>/dev/null || :
}

need_no_configuration() { # UNIT
  rm -f "$(gate "$1")" || return 1
  rmdir "$(dirname "$(gate "$1")")" 2>/dev/null || :
  systemctl daemon-reload
}

# Not over a major version: what the newer one has stored, the older one may not read.
return_version() { # PACKAGE [VERSION]
  _now=$(installed_version "$1")
  if [ -z "${2:-}" ] || [ "$_now" = "$2" ]; then return 0; fi
  if [ "${_now%%.*}" != "${2%%.*}" ] || ! put_version "$1" "$2"; then
    say "$1 $2, which was on this host before, cannot be put back: $_now stays"
  fi
}

# It was there before: so it is again. Its data are not ours to purge.
return_package() { # PACKAGE UNIT
  _package=$1 _unit=$2
  # shellcheck disable=SC2046 # some words, or none where the record was lost
  set -- $(found_as "$_package")
  return_version "$_package" "${4:-}"
  hold_as_found "$_package" || return 1
  need_no_configuration "$_unit" || return 1
  case ${2:-} in enabled | disabled) quietly systemctl "${2%d}" "$_unit" || : ;; esac
  [ "${3:-}" != active ] || quietly systemctl start "$_unit" || say "$_unit does not start: see journalctl -u $_unit"
  drop_record "packages/$_package" || return 1
  say "$_package was on this host before, and stays with its data, at $(installed_version "$_package")"
}

is_returned() { [ -n "$(installed_version "$1")" ] && ! came_with_us "$1" "$2"; } # PACKAGE UNIT

# Before anything of it is taken away.
refuse_removal_along() { # PACKAGE UNIT [DATA_DIRECTORY]
  ! is_returned "$1" "$2" || return 0
  _along=$(removed_with "$(removal "$1" "${3:-}")" "$1" | xargs)
  [ -z "$_along" ] ||
    die "with $1 apt would also remove what depends on it: $_along. Nothing was removed." \
      "Remove it by hand if it is no longer needed (apt-get remove $_along), then go on"
}

take_package_away() { # PACKAGE UNIT [DATA_DIRECTORY]
  systemctl stop "$2" 2>/dev/null || :
  systemctl disable "$2" >/dev/null 2>&1 || :
  # shellcheck disable=SC2016 # dpkg-query expands it
  if dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qv not-installed; then
    patiently apt-mark unhold "$1" || :
    apt "$(removal "$1" "${3:-}")" --allow-change-held-packages "$1" || return 1
  fi
  need_no_configuration "$2" || return 1
  systemctl reset-failed "$2" 2>/dev/null || :
  drop_record "packages/$1"
}

# After refuse_removal_along.
remove_package() { # PACKAGE UNIT keep|purge [DATA_DIRECTORY]
  if is_returned "$1" "$2"; then
    return_package "$1" "$2" || die "$1 cannot be given back as it was found (the reason above)"
    return 0
  fi
  take_package_away "$1" "$2" "${4:-}" || die "apt-get cannot remove $1 (its words above)"
  case $3:${4:-} in
  purge:/var/lib/?*) purge_data "$4" && say "$1 and its data in $4 are gone" ;;
  keep:?*) say "$1 is gone; its data stays in $4" ;;
  *) say "$1 is gone" ;;
  esac
}

# shellcheck shell=sh
# The package of a service, which its environment brings (`install SOURCE [downgrade]`): kept at exactly the declared version
# (apt-mark hold). Source it; do not run it. Uses $spec, $place, $unit, package.sh and apt-source.sh.
# The unit does not start before a configuration of ours is in place: some packages start their service at once, with a
# configuration that listens everywhere. Where this environment keeps another version, the new one is left to
# `replace_program`: program and files change together, or neither.
# A package that the host had before is adopted, and stays at the end, its unit and its hold as they were.
# shellcheck disable=SC2154

offered() { apt-cache madison "$1" | awk -F'|' '{ gsub(/ /, "", $2); print $2 }' | sort -u; } # PACKAGE

wait_for_configuration() {
  install -d -m 0755 "$(dirname "$(gate "$unit")")" && gate_text "$unit" >"$(gate "$unit")" &&
    chmod 0644 "$(gate "$unit")" && control daemon-reload
}

# Where it was removed or edited by hand.
put_gate_back() { # PACKAGE
  if ! is_gated "$1" || [ "$(cat "$(gate "$unit")" 2>/dev/null && echo .)" = "$(gate_text "$unit" && echo .)" ]; then
    return 0
  fi
  wait_for_configuration
}

# The mark lets the unit start with the files that it was made for. A package that was purged by hand has lost those, and would
# start with its own; one that was only removed has kept them.
withdraw_configuration() { # PACKAGE
  # shellcheck disable=SC2016 # dpkg-query expands it
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = config-files ] || rm -f "$configured"
}

# Before the first change of it, how the package was found; until the change is whole, $place/program says that it was the first.
find_package() { # PACKAGE VERSION, which is empty where it is not installed
  ! grep -qs '^found ' "$state/packages/$1" || return 0
  install -d -m 0700 "$state/packages" || return 1
  if [ -z "$2" ] || came_with_us "$1" "$unit"; then
    _found=absent
  else
    if is_held "$1"; then _found=hold; else _found=unhold; fi
    _found="$_found $(systemctl is-enabled "$unit" || :) $(systemctl is-active "$unit" || :) $2"
  fi
  _before=$(cat "$state/packages/$1" 2>/dev/null) || :
  if [ -z "$_before" ]; then
    printf '%s %s first %s %s\n' "$1" "${2:-absent}" "$unit" "$(value data | cut -d' ' -f2)" | write_record "$place/program" || return 1
  fi
  printf '%s\n' "found $_found" ${_before:+"$_before"} | write_record "$state/packages/$1" || return 1
  keep_spare "packages/$1"
}

read_packages() { # SOURCE
  patiently apt-get -q update -o Dir::Etc::sourcelist="/etc/apt/sources.list.d/$1.sources" -o Dir::Etc::sourceparts=- \
    -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any
}

need_offer() { # PACKAGE VERSION SOURCE
  ! offered "$1" | grep -qxF "$2" || return 0
  put_source_back "$3" || die "$name: the apt source $3 cannot be put back (the reason above)"
  make_way_again
  read_packages "$3" || { renew_key "$3" && read_packages "$3"; } || die "cannot read the package list of $3"
  ! offered "$1" | grep -qxF "$2" || return 0
  _offers=$(offered "$1" | grep . | xargs)
  [ -e "$(source_file "$3")" ] ||
    _offers="${_offers:-none at all}, for $(source_file "$3") is gone: set detectDrift, and an up puts it back"
  die "$1 $2 is not offered by this host's apt sources; they offer: ${_offers:-none at all}"
}

bring_package() {
  _install=$(value install)
  [ -n "$_install" ] || return 0
  _package=$(value package)
  _version=${_package#* } _package=${_package% *}
  need_finished_package_runs
  find_record "packages/$_package"
  _now=$(installed_version "$_package")
  if [ -n "$_now" ] && dpkg --compare-versions "$_version" lt "$_now" && [ "$_install" = "${_install% downgrade}" ]; then
    die "$_package $_now is installed, which is newer than $_version: set allowDowngrade to go back"
  fi
  [ "$_now" = "$_version" ] || need_offer "$_package" "$_version" "${_install%% *}"
  find_package "$_package" "$_now" || die "$name: no record can be made of how $_package was found; nothing was changed"
  _kept=$(kept_version "$_package")
  # Not where an operator has put another one there since.
  if [ -n "$_now" ] && [ "${_kept:-$_now}" = "$_now" ]; then
    put_gate_back "$_package" || die "$name: $(gate "$unit") cannot be put back (the reason above)"
    keep_at_version "$_package" "$_now" || die "$name: $_package cannot be kept at $_now (the reason above)"
    return 0
  fi
  [ -n "$_now" ] || { withdraw_configuration "$_package" && wait_for_configuration; } ||
    die "$name: $unit cannot be kept from starting with the files of its package (the reason above); nothing was changed"
  put_version "$_package" "$_version" || die "apt-get cannot install $_package $_version (its words above)"
  keep_at_version "$_package" "$_version" || die "$name: $_package cannot be kept at $_version (the reason above)"
  say "$_package $_version is installed${_now:+ (before: $_now)}"
}

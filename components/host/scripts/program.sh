# shellcheck shell=sh
# The program of a service gets another version together with its files. Source it; do not run it.
# Uses $spec, $place, package.sh and package-remove.sh. While that is under way, $place/program says what was there before:
#   PACKAGE VERSION                                      this environment kept it
#   PACKAGE VERSION|absent first UNIT [DATA_DIRECTORY]    it did not, and the host had this version of it, or none
# shellcheck disable=SC2154

# What an operator has put there is not replaced here: it is for bring_package to refuse or to put right.
replace_program() {
  _wanted=$(value package)
  _package=${_wanted% *}
  _wanted=${_wanted#* }
  _kept=$(kept_version "$_package")
  if [ -z "$_kept" ] || [ "$_kept" = "$_wanted" ] || [ "$(installed_version "$_package")" != "$_kept" ]; then return 0; fi
  [ -e "$place/program" ] || printf '%s %s\n' "$_package" "$_kept" | write_record "$place/program" ||
    die "$name: no note can be made in $place that $_package $_kept is to come back on a failure; nothing was changed"
  say_to_package || die "$name: cannot keep $_told as it is; nothing was changed"
  if ! keep_program "$_package" "$_wanted"; then
    [ "$(installed_version "$_package")" = "$_wanted" ] ||
      die "$name: apt-get cannot install $_package $_wanted (its words above)"
    die "$name: $_package cannot be kept at $_wanted (the reason above)"
  fi
  unsay || die "$name: cannot put back $_told"
  say "$_package $_wanted is installed (before: $_kept)"
}

# On any failure before the commit, and after a kill. The service comes back also where apt or dpkg does not work.
return_program() {
  [ -e "$place/program" ] || return 0
  read -r _package _kept _first _unit _data <"$place/program"
  (in_half_the_time && finish_package_runs) || :
  if [ "$_kept" = absent ]; then
    remove_empty_directories # In its own, which would stay.
    if ! take_package_away "$_package" "$_unit" "$_data"; then
      printf 'soar-profiling: %s stays, because apt-get cannot remove it again (its words above)\n' "$_package" >&2 2>/dev/null || :
      return 0 # The next run goes on from here.
    fi
    say "$_package is gone again"
    rm -f "$place/program"
    return 0
  fi
  _now=$(installed_version "$_package")
  # shellcheck disable=SC2016 # dpkg-query expands it
  case $(dpkg-query -W -f '${db:Status-Status}' "$_package" 2>/dev/null) in
  '' | not-installed | config-files) ;; # Removed by hand since.
  *)
    _is_kept=yes
    keep_program "$_package" "$_kept" || _is_kept=
    if [ "$(installed_version "$_package")" = "$_kept" ]; then
      [ "$_now" = "$_kept" ] || say "$_package $_kept is installed again"
      [ -n "$_is_kept" ] || return 0 # The records may name the other version still: the next run goes on from here.
      [ -z "$_first" ] || forget_package "$_package" || return 0
    else
      _now=$(dpkg-query -W -f '${Version}' "$_package")
      keep_at_version "$_package" "$_now" || :
      printf 'soar-profiling: %s %s stays, because apt-get cannot install %s again (its words above)\n' \
        "$_package" "$_now" "$_kept" >&2 2>/dev/null || :
    fi
    ;;
  esac
  rm -f "$place/program"
}

keep_program() { # PACKAGE VERSION
  [ "$(installed_version "$1")" = "$2" ] || put_version "$1" "$2" || return 1
  keep_at_version "$1" "$2"
}

# The operator's, as before: held or not, and not in our records.
forget_package() { # PACKAGE
  hold_as_found "$1" || return 1
  drop_record "packages/$1"
}

# What the package's own scripts find at the end of a file while they run (`replacing FILE LINE`): an operator's file, which
# is in force until ours are in place, may have them restart the unit in the middle of the change. Meanwhile
# $place/replacing holds the file as it was and as it is, and its path.
say_to_package() {
  value replacing >"$work/replacing" || return 1
  read -r _told _line <"$work/replacing" || return 0
  if [ ! -f "$_told" ] || [ "$(tail -n 1 "$_told")" = "$_line" ]; then return 0; fi
  rm -rf "$place/replacing.new" || return 1
  mkdir "$place/replacing.new" && cp -a -- "$_told" "$place/replacing.new/before" &&
    cp -a -- "$_told" "$place/replacing.new/now" && printf '\n%s\n' "$_line" >>"$place/replacing.new/now" &&
    printf '%s\n' "$_told" >"$place/replacing.new/path" && sync "$place"/replacing.new/* &&
    mv "$place/replacing.new" "$place/replacing" && put_in_place "$place/replacing/now" "$_told"
}

# Also after a kill. What an operator has made of it since stays.
unsay() {
  remove_all "$place/replacing.new" "$place/replacing.old" || return 1
  [ -d "$place/replacing" ] || return 0
  read -r _told <"$place/replacing/path"
  if cmp -s "$place/replacing/now" "$_told"; then put_in_place "$place/replacing/before" "$_told" || return 1; fi
  rm -f -- "$(beside "$_told")" || return 1
  mv "$place/replacing" "$place/replacing.old" && rm -rf "$place/replacing.old"
}

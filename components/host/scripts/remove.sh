# shellcheck shell=sh
# A service of one environment goes, with its package if it has brought one. Source it; do not run it. Uses all that
# service-config uses.
# shellcheck disable=SC2154,SC2034

others() { # the environments that still configure this unit
  for manifest in "$state_root"/*/*/manifest; do
    [ "$manifest" != "$place/manifest" ] && grep -qsx "unit $unit" "$manifest" && printf '%s\n' "${manifest#"$state_root/"}"
  done | cut -d/ -f1 | sort -u
}

# Where the unit answers may have moved since our own declaration: as the latest of those on this host says. What its lines call
# are the scripts of its own environment.
take_latest_probes() {
  # shellcheck disable=SC2012 # paths of ours, by time
  latest=$(grep -lsx "unit $unit" "$state_root"/*/*/manifest | xargs ls -t | head -n 1)
  [ "$latest" != "$place/manifest" ] || return 0
  sed -i -e '/^reload /d' -e '/^health /d' -e '/^faults /d' "$spec"
  grep -e '^reload ' -e '^health ' -e '^faults ' "$latest" >>"$spec" || :
  read_spec
}

# The configuration of this environment that stands on this one, if this is the base of a unit, which has its name.
on_top() { [ "$name.service" != "$unit" ] || configurations_of "$unit" | grep -vxF "$name" | head -n 1; }

# Where this does not get to its end, the manifest is still there, and the next run goes on.
take_its_package() {
  [ -n "$(value install)" ] || return 0
  other=$(others | head -n 1)
  [ -z "$other" ] || { say "package $package stays for environment $other" && return 0; }
  find_record "packages/$package"
  rule=${data% *}
  # With `pulumi up --replace` it comes back at once, and finds its data.
  [ -e "$run/$environment.destroy" ] || rule=keep
  remove_package "$package" "$unit" "$rule" "${data#* }"
}

remove() {
  removing=yes
  [ -e "$place/manifest" ] || { say "$name: nothing is in place" && return 0; }
  sed -e '/^format /d' -e '/^ask /d' -e '/^file /d' -e '/^directory /d' -e '/^entry /d' -e '/^line /d' -e '/^group /d' "$place/manifest" >"$spec"
  read_unit
  top=$(on_top)
  [ -z "$top" ] || stays_for "$name" "configuration $top" "${0%/*}/service-config remove $top"
  package=$(value package)
  package=${package% *}
  if [ -n "$(value install)" ]; then
    data=$(value data)
    need_finished_package_runs
    make_way_again
    refuse_removal_along "$package" "$unit" "${data#* }"
  fi
  take_latest_probes
  # Of a package that was removed by hand, no file comes back.
  [ -z "$package" ] || [ -n "$(installed_version "$package")" ] || rm -rf "$place/original"
  # What the host's own unit showed while our files were there ends with them; the reload's own verdict counts.
  if [ -n "$host_unit" ]; then
    sed -i '/^health /d' "$spec"
    read_spec
  fi
  : >"$work/files"
  : >"$work/declared"
  compare
  if [ -z "$host_unit" ] && [ -z "$(others)" ]; then
    prepare
    change stop
  elif is_active; then
    stage
    validate
    prepare
    change "$(needed_activation)"
  else
    prepare
    change skip # It may be broken, and must not keep its files from being removed.
  fi
  remove_empty_directories
  give_modes_back
  say "$name: its files are gone, $unit $action"
  take_its_package
  cd / && drop_record "$name"
}

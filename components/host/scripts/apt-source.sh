# shellcheck shell=sh
# The files of an APT source of ours, as they were put in place. Source it; do not run it. Uses $state. Its records,
# $state/sources/NAME/:
#   source, key    copies of its two files
#   generation     of the last `apt-repository add`, for `drift` to tell
# shellcheck disable=SC2154

source_file() { echo "/etc/apt/sources.list.d/$1.sources"; } # NAME

source_key() { echo "/etc/apt/keyrings/$1.asc"; } # NAME

# Once both are in place: whole, or not at all.
keep_source() { # NAME GENERATION
  _new=$state/sources/$1.new
  if rm -rf "$_new" && mkdir -p "$_new" && cp -- "$(source_file "$1")" "$_new/source" &&
    cp -- "$(source_key "$1")" "$_new/key" && printf '%s\n' "${2:-0}" >"$_new/generation" && sync "$_new"/* &&
    rm -rf "$state/sources/$1" && mv "$_new" "$state/sources/$1"; then
    return 0
  fi
  rm -rf "$_new" || :
  return 1
}

forget_source() { rm -rf "$state/sources/$1" "$state/sources/$1.new"; } # NAME

# What of it was removed or edited since.
put_source_back() { # NAME
  _kept=$state/sources/$1
  [ -e "$_kept/generation" ] || return 0
  if cmp -s "$_kept/source" "$(source_file "$1")" && cmp -s "$_kept/key" "$(source_key "$1")"; then return 0; fi
  install -d -m 0755 "$(dirname "$(source_key "$1")")" "$(dirname "$(source_file "$1")")" || return 1
  install -m 0644 "$_kept/key" "$(source_key "$1").new" && mv "$(source_key "$1").new" "$(source_key "$1")" || return 1
  install -m 0644 "$_kept/source" "$(source_file "$1").new" && mv "$(source_file "$1").new" "$(source_file "$1")" || return 1
  say "apt source $1 was no longer as it was put in place, and is again"
}

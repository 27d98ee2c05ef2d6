# shellcheck shell=sh
# The files of an APT source of ours, as they were put in place. Source it; do not run it. Uses $state. Its records,
# $state/sources/NAME/:
#   source, key    copies of its two files
#   publisher      `URL FINGERPRINT` of the key; an older program has left it out
#   generation     of the last `apt-repository add`, for `drift` to tell
# shellcheck disable=SC2154

source_file() { echo "/etc/apt/sources.list.d/$1.sources"; } # NAME

source_key() { echo "/etc/apt/keyrings/$1.asc"; } # NAME

# Once both are in place: whole, or not at all.
keep_source() { # NAME GENERATION KEY_URL FINGERPRINT
  _new=$state/sources/$1.new
  if rm -rf "$_new" && mkdir -p "$_new" && cp -- "$(source_file "$1")" "$_new/source" &&
    cp -- "$(source_key "$1")" "$_new/key" && printf '%s\n' "${2:-0}" >"$_new/generation" &&
    printf '%s %s\n' "$3" "$4" >"$_new/publisher" && sync "$_new"/* &&
    rm -rf "$state/sources/$1" && mv "$_new" "$state/sources/$1"; then
    return 0
  fi
  rm -rf "$_new" || :
  return 1
}

forget_source() { rm -rf "$state/sources/$1" "$state/sources/$1.new"; } # NAME

fingerprints() { # FILE HOME: those of the primary keys
  gpg --homedir "$2" --batch --quiet --with-colons --show-keys "$1" 2>/dev/null |
    awk -F: '$1 == "pub" { primary = 1 } $1 == "fpr" && primary { print $10; primary = 0 }'
}

# The one key with that fingerprint, as it is published now, in DIRECTORY/keyring; or $no_key says why not.
get_key() { # URL FINGERPRINT DIRECTORY, which is empty
  no_key="cannot get the signing key from $1"
  quietly curl -fsSL --proto '=http,https' --retry 2 --max-time 60 -o "$3/key" "$1" || return 1
  _found=$(fingerprints "$3/key" "$3")
  if ! printf '%s\n' "$_found" | grep -qx "$2"; then
    no_key="the key at $1 is not the pinned one: found ${_found:-no key at all}, pinned $2."
    no_key="$no_key If the publisher has announced a new key, set repository.fingerprint to it."
    return 1
  fi
  no_key="gpg cannot read the key at $1"
  gpg --homedir "$3" --batch --quiet --import "$3/key" 2>/dev/null || return 1
  gpg --homedir "$3" --batch --quiet --armor --export "$2" >"$3/keyring" 2>/dev/null
}

# A publisher prolongs a key before it expires: its fingerprint stays, and only who fetches it again has it. Fails where it is the
# one that is there already.
renew_key() { # NAME
  read -r _url _fingerprint 2>/dev/null <"$state/sources/$1/publisher" || return 1
  _key=$(mktemp -d) || return 1
  _renewed=
  if ! get_key "$_url" "$_fingerprint" "$_key"; then
    say "apt source $1: $no_key"
  elif ! cmp -s "$_key/keyring" "$(source_key "$1")" && install -m 0644 "$_key/keyring" "$(source_key "$1").new" &&
    mv "$(source_key "$1").new" "$(source_key "$1")" && cp "$_key/keyring" "$state/sources/$1/key"; then
    say "the signing key of apt source $1 was fetched again from $_url, for apt does not take the one that was there"
    _renewed=yes
  fi
  rm -rf "$_key" || :
  [ -n "$_renewed" ]
}

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

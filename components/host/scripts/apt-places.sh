# shellcheck shell=sh
# Sources of others at the place (URL and suite) of an APT source of ours, which apt refuses beside it: it would read none of its
# sources then. They are found by apt's own reading of copies in a directory ROOM:
#   sources.list, parts/   all sources of the host but ours, from which `make_room` cuts them
#   taken/FILE             the text of what was cut out of a file; / is % in FILE
#   offers/FILE            a line `TYPE COMPONENT` for each thing that was offered by it
# Source it; do not run it. The preflight has it, too. Uses $sudo, which root has not.
# shellcheck disable=SC2154

source_field() { sed -n "s/^$2: //p" "$1" | head -n 1; } # FILE FIELD

room_copy() { # ROOM FILE
  case $2 in /etc/apt/sources.list) echo "$1/sources.list" ;; *) echo "$1/parts/${2##*/}" ;; esac
}

as_name() { printf '%s\n' "$1" | tr / %; } # PATH

copy_others() { # ROOM OUR_FILE
  mkdir -p "$1/parts" "$1/taken" "$1/offers" || return 1
  : >"$1/sources.list" || return 1
  for _file in $(${sudo-} find /etc/apt/sources.list /etc/apt/sources.list.d -maxdepth 1 '(' -name '*.list' -o -name '*.sources' ')' \
    ! -path "$2" ! -type d -readable 2>/dev/null); do
    if ${sudo-} test -f "$_file"; then ${sudo-} cat "$_file" >"$(room_copy "$1" "$_file")" || return 1; fi
  done
}

read_sources() { # ROOM [OPTION...]
  _room=$1 && shift
  apt-get -o Dir::Etc::sourcelist="$_room/sources.list" -o Dir::Etc::sourceparts="$_room/parts" indextargets --no-release-info "$@"
}

# What apt says against ours beside them is in $contradiction, without the password of an address.
is_contradicted() { # ROOM OUR_FILE SOURCE
  cp "$3" "$1/parts/${2##*/}" || return 1
  contradiction=$(read_sources "$1" 2>&1 >/dev/null |
    sed -n 's,//[^/@ ]*@,//,g; s/^E: \(Conflicting values set for option .*\)/\1/p' | head -n 1)
  rm -f "$1/parts/${2##*/}" || return 1
  [ -n "$contradiction" ]
}

# "COPY NUMBER alone|shared" of each entry at a place, as apt counts them, the last of a file first. One that is shared has
# other places, too. Apt takes http and https for the same.
entries_at() { # ROOM URL SUITE
  awk -v url="${2%/}/" -v suite="$3" '
    BEGIN { sub(/^https?:/, "", url) }
    { sub(/^https?:/, "", $2); if ($2 == url && $3 == suite) at[$1]; else elsewhere[$1] }
    END {
      for (entry in at) {
        number = file = entry
        sub(/.*:/, "", number); sub(/:[0-9]+$/, "", file)
        print file, number, (entry in elsewhere) ? "shared" : "alone"
      }
    }' "$1/targets" | sort -k 1,1 -k 2,2nr
}

# The text of one entry (yes), or all but it (no): a line, or a paragraph that has more than comments, as apt counts them.
entry() { # FILE NUMBER yes|no
  case $1 in *.sources) _kind=paragraph ;; *) _kind=line ;; esac
  awk -v number="$2" -v kind="$_kind" -v wanted="$3" '
    function flush() {
      if ((is_entry && count == number) == (wanted == "yes")) printf "%s", text
      text = ""; is_entry = 0
    }
    kind == "line" { text = $0 "\n"; count++; is_entry = 1; flush(); next }
    { text = text $0 "\n" }
    /^$/ { flush(); next }
    /^[^# \t]/ && !is_entry { is_entry = 1; count++ }
    END { flush() }' "$1"
}

option_names() { # FILE, of one entry on standard input
  case $1 in
  *.sources) sed -nE 's/^([A-Za-z0-9-]+):.*/\1/p' ;;
  *) sed -nE 's/^[^[#]*\[([^]]*)\].*/\1/p' | tr ' \t' '\n' | sed -nE 's/^([a-z-]+)\+?=.*/\1/p' | sed 's/-$//' ;;
  esac | tr '[:upper:]' '[:lower:]'
}

# Why an entry cannot make way for ours without a loss; nothing where it can. What the options that are let pass leave out, ours
# offers as well.
hindrance() { # FILE COPY NUMBER alone|shared
  if ${sudo-} test -L "$1"; then
    echo "it is a link"
  elif [ "$4" = shared ]; then
    echo "the same entry has other places, too"
  else
    entry "$2" "$3" yes | option_names "$1" | while read -r _option; do
      case $_option in
      types | uris | suites | components | enabled | signed-by | x-*) ;;
      arch | architectures* | lang | languages* | target | targets* | pdiffs | by-hash) ;;
      *) echo "it has the option $_option" && break ;;
      esac
    done
  fi
}

cut_out() { # ROOM FILE COPY NUMBER
  entry "$3" "$4" yes >>"$1/taken/$(as_name "$2")" || return 1
  awk -v entry="$3:$4" '
    $1 == entry && $4 == "Packages" { print "deb", $5 }
    $1 == entry && $4 == "Sources" { print "deb-src", $5 }' "$1/targets" | sort -u >>"$1/offers/$(as_name "$2")" || return 1
  entry "$3" "$4" no >"$1/cut" && mv "$1/cut" "$3"
}

read_targets() { # ROOM
  # shellcheck disable=SC2016 # apt expands it
  read_sources "$1" --format '$(SOURCESENTRY) $(REPO_URI) $(RELEASE) $(CREATED_BY) $(COMPONENT)' >"$1/targets" 2>/dev/null || :
}

# Cuts out of the copies what apt refuses beside ours. Prints a line for each file, or of what is left:
#   taken FILE
#   refused FILE WHY    cannot be taken
#   unreadable WORDS    apt reads no sources for another reason
make_room() { # ROOM OUR_FILE SOURCE
  copy_others "$1" "$2" || return 1
  is_contradicted "$@" || return 0
  read_targets "$1" || return 1
  entries_at "$1" "$(source_field "$3" URIs)" "$(source_field "$3" Suites)" >"$1/entries" || return 1
  : >"$1/refused" || return 1
  while read -r _copy _number _shared; do
    case $_copy in */parts/*) _file=/etc/apt/sources.list.d/${_copy##*/} ;; *) _file=/etc/apt/sources.list ;; esac
    _why=$(hindrance "$_file" "$_copy" "$_number" "$_shared")
    if [ -n "$_why" ]; then
      echo "refused $_file $_why" >>"$1/refused" || return 1
    else
      cut_out "$1" "$_file" "$_copy" "$_number" || return 1
    fi
  done <"$1/entries"
  find "$1/taken" -type f -printf 'taken %f\n' | sort | tr % /
  is_contradicted "$@" || return 0
  if [ -s "$1/refused" ]; then cat "$1/refused"; else echo "unreadable $contradiction"; fi
}

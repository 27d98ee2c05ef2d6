# shellcheck shell=sh disable=SC2154
# What a host has from before the first `up`, told as a plan: what will be replaced, what will no longer be read, what is
# stored elsewhere, what is scraped already, and which source of apt makes way. Read in by the preflight, whose findings and
# notes it uses, after apt-places.sh. What this program has written itself is not told.

is_ours() { # FILE
  $sudo head -n 3 "$1" 2>/dev/null | grep -q 'Managed by soar-profiling'
}

# A file of a package that nobody has changed is no loss.
is_as_packaged() { # FILE
  # shellcheck disable=SC2016 # dpkg-query expands it
  recorded=$(dpkg-query -W -f '${Conffiles}\n' 2>/dev/null | awk -v file="$1" '$1 == file { print $2; exit }')
  [ -n "$recorded" ] && [ "$($sudo md5sum "$1" | cut -d ' ' -f 1)" = "$recorded" ]
}

check_replaced() { # FILE
  if ! $sudo test -e "$1" || is_ours "$1" || is_as_packaged "$1"; then return 0; fi
  note "$1 is there: it will be replaced, and comes back with a destroy"
}

# A source of the same place, which apt refuses beside ours.
check_source() { # URL SUITE KEYRING
  room=$(mktemp -d)
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$1" "$2" "$3" >"$room/ours"
  make_room "$room" "/etc/apt/sources.list.d/$(basename "$3" .asc).sources" "$room/ours" >"$room/found" ||
    finding "the sources of apt cannot be looked at (the reason above)"
  while read -r what file why; do
    case $what in
    taken) note "$file has $1 $2, signed by another key file than $3, which apt refuses: the stack's source takes its place, and it comes back with a destroy" ;;
    refused) finding "$file has $1 $2 already, which apt refuses beside the stack's source, and which cannot make way ($why): remove it there" ;;
    unreadable) finding "the sources of apt contradict each other, or would with the stack's: $file${why:+ $why}" ;;
    esac
  done <"$room/found"
  rm -rf "$room"
  check_replaced "/etc/apt/sources.list.d/$(basename "$3" .asc).sources"
}

# Blocks of Alloy's syntax at the beginning of a line, without their labels.
alloy_components() { # FILE
  $sudo sed -nE 's/^([a-z_]+(\.[a-z0-9_]+)+)( +"[^"]*")? *\{.*/\1/p' "$1" | sort -u
}

check_unread() { # FILE COMPONENTS
  $sudo test -f "$1" || return 0
  if is_ours "$1" || is_as_packaged "$1"; then return 0; fi
  left=
  for component in $(alloy_components "$1"); do
    case " $2 " in *" $component "*) ;; *) left="$left, $component" ;; esac
  done
  note "$1 will no longer be read, and is again after a destroy${left:+; nothing of ours takes the place of its ${left#, }: put what you need of them into alloy.fragments}"
}

# Where a configuration of Pyroscope has profiles stored: pyroscopedb.data_path and storage.filesystem.dir.
stored_places() { # DIRECTORY FILE
  printf '%s\n' "$1" "$1/data-shared"
  if is_ours "$2"; then return 0; fi
  $sudo cat "$2" 2>/dev/null | tr '\n' ' ' | grep -oE "(data_path:|filesystem:[ {]*dir:) *[\"']?[^\"', }]+" |
    sed -E "s,^.*: *[\"']?,," | while read -r place; do
    case $place in /*) printf '%s\n' "$place" ;; *) printf '%s\n' "$1/${place#./}" ;; esac
  done
}

# What another configuration has stored; see the script pyroscope-stored, which brings it along.
check_stored() { # DIRECTORY FOLDERS FILE
  for place in $(stored_places "$1" "$3" | sort -u); do
    for folder in $2; do [ "$place" != "$1/$folder" ] || continue 2; done
    for tenant in $($sudo find "$place" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' 2>/dev/null | sort); do
      case " $2 " in *" $tenant "*) continue ;; esac
      blocks=$($sudo find "$place/$tenant" -mindepth 3 -maxdepth 3 -name meta.json '(' -path '*/local/*' -o -path '*/phlaredb/*' ')' | wc -l)
      [ "$blocks" -gt 0 ] || continue
      size=$($sudo du -smx "$place/$tenant" | cut -f 1)
      what="$place/$tenant has profiles of another configuration (blocks: $blocks, $size MiB)"
      if [ "$tenant" != anonymous ]; then
        note "$what, of a tenant that the stack does not read: they stay there, and nothing deletes them"
      elif [ "$($sudo stat -c %d "$place")" != "$($sudo stat -c %d "$1")" ]; then
        note "$what, on another file system than $1: they stay there, are not shown, and nothing deletes them"
      else
        note "$what: they are moved to where Pyroscope will read them, and back with a destroy"
      fi
    done
  done
}

# "own JOB" of each job that a file of ours below a directory has; who logs in may not read it.
own_jobs() { # DIRECTORY
  # shellcheck disable=SC2016 # awk has fields of that name
  $sudo find "$1" -name '*.yml' -exec awk '
    FNR == 1 { ours = 0 }
    /Managed by soar-profiling/ { ours = 1 }
    ours && sub(/^ *-? *job_name: *"?/, "") { sub(/"$/, ""); print "own " $0 }' {} + 2>/dev/null || :
  echo 'own soar-profiling'
}

# "at URL JOB" of each target that Prometheus has; reads its answer.
scraped_targets() {
  grep -o '"scrapePool":"[^"]*","scrapeUrl":"[^"]*"' |
    sed -E 's/"scrapePool":"(.*)","scrapeUrl":"(.*)"/at \2 \1/; s,//localhost([:/]),//127.0.0.1\1,' | sort -u
}

# "NAME URL JOB" of each of $targets that a job of somebody else scrapes. There may be a thousand: each is looked up once.
doubled_targets() { # ANSWER DIRECTORY
  # shellcheck disable=SC2016 # as above
  {
    own_jobs "$2"
    printf '%s\n' "$1" | scraped_targets || :
    printf '%s\n' "$targets" | sed 's/^/target /'
  } | awk '
    { kind = $1; sub(/^[^ ]* ?/, "") }
    kind == "own" { own[$0] }
    kind == "at" {
      job = $0; sub(/^[^ ]* /, "", job)
      if (job in own) next
      found[$1] = found[$1] $1 " " job "\n"
      root = match($1, /^[a-z]+:\/\/[^\/]*\//) ? substr($1, 1, RLENGTH) : $1
      if (root != $1) found[root] = found[root] $1 " " job "\n"
    }
    kind == "target" && $2 in found {
      count = split(found[$2], lines, "\n")
      for (i = 1; i < count; i++) print $1, lines[i]
    }'
}

# Which of $targets, a line "NAME URL" each, another job of Prometheus scrapes: all sums would double. A URL that ends with /
# stands for every path there. The options of curl that let one in come on standard input, for they may have a password.
check_scraped() { # URL DIRECTORY
  answer=$(printf '%s\n' "${scraped_login:-}" | curl -fsS -K - --max-time 10 "$1/api/v1/targets?state=active" 2>/dev/null) ||
    return 0
  doubled=$(doubled_targets "$answer" "$2")
  while read -r name at job; do
    [ -z "$name" ] ||
      finding "the job \"$job\" of Prometheus scrapes $at already, as the stack would ($name), and every sum would double: take that job away, or add $name to prometheus.skip"
  done <<EOF2
$doubled
EOF2
}

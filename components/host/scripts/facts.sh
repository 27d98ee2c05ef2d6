# shellcheck shell=sh
# What only the host itself can tell, for `npm run verify`; changes nothing. It is sent on standard input, or is on the host as the
# script `facts` where a user may run no other (see `deployer`). Prints, for each UNIT and PACKAGE:
#   listener ADDRESS UNIT                  a TCP listener, and the unit of its process ("-" without one)
#   unit UNIT STATE RESULT                 ActiveState, and why it ended
#   words UNIT TEXT                        the last lines of a unit that does not run
#   package NAME VERSION                   as dpkg has it
#   disk BYTES                             what DIRECTORY takes
#   stored BYTES GROWN SECONDS             what the blocks in it take that stay, and how much of it came in the last SECONDS, a day at most
#   record|differs|foreign NAME ...        what scripts/drift of ENVIRONMENT prints
facts() { # ENVIRONMENT DIRECTORY UNIT... -- PACKAGE...
  environment=$1 directory=$2
  shift 2
  ss -Hltnp | while read -r _ _ _ address _ process; do
    pid=${process#*pid=}
    unit=$(sed -n 's/.*\/\([^/]*\.service\)\(\/.*\)\{0,1\}$/\1/p' "/proc/${pid%%[!0-9]*}/cgroup" 2>/dev/null | head -n 1)
    echo "listener $address ${unit:--}"
  done
  while [ "${1:---}" != -- ]; do
    state=$(systemctl show -p LoadState,ActiveState,Result "$1" | sort | sed 's/.*=//' | tr '\n' ' ')
    echo "unit $1 $state"
    case $state in
      active* | inactive\ not-found*) ;;
      *) journalctl _SYSTEMD_UNIT="$1" -n 20 --no-pager -q -o cat | cut -c 1-300 | sed "s/^/words $1 /" ;;
    esac
    shift
  done
  [ $# -eq 0 ] || shift
  for package; do
    echo "package $package $(dpkg-query -W -f '${Version}' "$package" 2>/dev/null)"
  done
  if [ -n "$directory" ] && [ -d "$directory" ]; then
    # It may be a link to another disk.
    echo "disk $(du -DsB1 "$directory" 2>/dev/null | cut -f 1)"
    # Where Pyroscope 1.x and 2.x keep what they have stored for good. What 1.x is about to delete is marked, and there for twelve
    # hours still: what it has compacted into another block would count twice. A compacted block is new, and its profiles are not: it
    # tells of which time they are, and counts with its part of the last 24 hours.
    find "$directory/shared" -type f -printf '%b %T@ %p\n' 2>/dev/null |
      awk -v now="$(date +%s)" '
        function content(file, line, text) {
          while ((getline line < file) > 0) text = text line
          close(file)
          return text
        }
        function seconds(name, text) {
          return match(text, "\"" name "\": *[0-9.]+") ? substr(text, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0 : 0
        }
        function look(block, text, to) {
          text = content(block "/meta.json")
          begin[block] = seconds("minTime", text)
          to = seconds("maxTime", text)
          if (begin[block] >= since) share[block] = 1
          else share[block] = to > since ? (to - since) / (to - begin[block]) : 0
        }
        BEGIN { first = now; since = now - 86400 }
        { bytes[$3] = $1 * 512; time[$3] = $2 }
        /\/deletion-mark\.json$/ {
          block = substr($3, 1, length($3) - 19)
          if (content($3) ~ /source of compacted block/) replaced[block]
          else old[block]
        }
        END {
          for (file in bytes) {
            place = file
            while (sub(/\/[^\/]*$/, "", place) && !(place in replaced) && !(place "/meta.json" in bytes));
            if (place in replaced) continue
            all += bytes[file]
            if (place in old) continue
            begins = time[file]
            part = 1
            if (place != "" && begins > since) {
              if (!(place in begin)) look(place)
              begins = begin[place]
              part = share[place]
            }
            if (time[file] > since) grown += bytes[file] * part
            if (begins < first && (place != "" || file ~ /\/block\.bin$/)) first = begins
          }
          printf "stored %.0f %.0f %.0f\n", all, grown, now - (first < since ? since : first)
        }'
  fi
  drift=/usr/local/lib/soar-profiling/$environment/drift
  [ ! -x "$drift" ] || timeout 60 "$drift" || echo "differs drift what is declared could not be compared with what there is"
}

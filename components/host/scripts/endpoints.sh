# shellcheck shell=sh disable=SC2154
# What endpoints of HTTP answer, against what is wanted of them. Read in by the preflight, whose sockets, findings,
# warnings and notes it uses.

# Asks at once all of $endpoints that listen, a line "NAME URL SECONDS [may-be-away]" each; 503 is asked again.
#   TYPE     the Content-Type that is wanted; - takes any but a text or a picture
#   BYTES    the most that an answer may have, uncompressed; 0 takes any
#   CORRECT  what to do where something else is served
#   ADAPT    what to do where it takes another time than SECONDS, which the query asks for; 0 asks for none
check_endpoints() { # TYPE BYTES CORRECT ADAPT
  wanted=$1 most=$2 correct=$3 adapt=$4
  # Of an answer without a limit some is enough to judge it.
  most_fetched=$((most > 0 ? most : 67108864))
  asked=0 absent='' away='' without=''
  curl=$(command -v curl) || curl=
  answers=$(mktemp -d) || { finding "no file can be made in ${TMPDIR:-/tmp}" && return 0; }
  while read -r name url seconds presence; do
    if ! listens "$url"; then
      is_not_there "$name" "$url" "$presence"
      continue
    fi
    if [ -z "$curl" ]; then
      without="$without $name"
      continue
    fi
    asked=$((asked + 1))
    ask "$name" "$url" "$seconds" "$answers/$asked" "$presence" >"$answers/$asked.says" &
    [ $((asked % 50)) -ne 0 ] || wait
  done <<EOF2
$endpoints
EOF2
  wait
  [ -z "$without" ] || finding "curl is missing, which asks for what is served by$without: apt-get install curl"
  number=0
  while [ "$number" -lt "$asked" ]; do
    number=$((number + 1))
    says=$(cat "$answers/$number.says") || says="answer $number was lost"
    case $says in
    '') ;;
    'absent '*)
      read -r _ name url presence <<EOF2
$says
EOF2
      is_not_there "$name" "$url" "$presence"
      ;;
    *) finding "$says" ;;
    esac
  done
  rm -rf "$answers"
  # Services may come later.
  [ -z "$absent" ] ||
    warning "nothing listens yet where these are to be asked: $(places "$absent"); what they serve was not looked at"
  [ -z "$away" ] || note "these are away, as they may be: $(places "$away"); what they serve was not looked at"
}

is_not_there() { # NAME URL PRESENCE
  case $3 in
  may-be-away) away="$away$1 $2
" ;;
  *) absent="$absent$1 $2
" ;;
  esac
}

# Prints each place once, of lines "NAME URL".
places() { # LINES
  all=$(printf '%s' "$1" | sed -E 's,^(\S+) [a-z]+://([^/]+).*,\1 (\2),' | sort -u)
  count=$(printf '%s\n' "$all" | wc -l)
  shown=$(printf '%s\n' "$all" | head -n 10 | paste -sd , - | sed 's/,/, /g')
  [ "$count" -le 10 ] || shown="$shown and $((count - 10)) more"
  printf '%s' "$shown"
}

listens() { # URL
  place=${1#*://}
  place=${place%%/*}
  port=${place##*:}
  address=${place%:*}
  address=${address#\[}
  address=${address%\]}
  [ "$address" != localhost ] || address=127.0.0.1
  case "
$sockets" in
  *"
$address $port "* | *"
0.0.0.0 $port "* | *"
* $port "* | *"
:: $port "*) return 0 ;;
  esac
  return 1
}

# Prints what is wrong and what to do, or "absent NAME URL PRESENCE"; nothing where it answers as is wanted.
ask() { # NAME URL SECONDS FILE PRESENCE
  url=$2
  [ "$3" -eq 0 ] || url="$2?seconds=$3"
  # What is measured has to be put together, too.
  limit=$(($3 + 8))
  # Another one that asks the same may take it again and again, and leaves pauses.
  patience=$(($(date +%s) + 2 * $3 + 20)) times=0
  while :; do
    code=0 times=$((times + 1))
    answer=$(fetch "$url" "$limit" "$4") || code=$?
    read -r status time type <<EOF2
$answer
EOF2
    if [ "$status" != 503 ] || [ "$(date +%s)" -ge "$patience" ]; then break; fi
    sleep 0.5
  done
  # One that may be away may also end while it is asked: no answer, or a part of one.
  case $5:$code in may-be-away:18 | may-be-away:52 | may-be-away:56) code=7 ;; esac
  case $code in
  0) problem=$(judge_answer "$status" "$time" "$type" "$3" "$4") ;;
  7) echo "absent $1 $2 $5" && return 0 ;;
  28) problem="takes connections and has no whole answer within $limit s$(of_seconds "$3"): $(if_hanging "$3")" ;;
  *)
    problem="gives no answer ($(tr '\n' ' ' <"$4.err" | sed 's/ $//')): $correct"
    [ "$(wc -c <"$4")" -le "$most_fetched" ] || problem=$(too_large)
    ;;
  esac
  [ -z "$problem" ] || echo "$1: $url $problem"
}

if_hanging() { # SECONDS
  if [ "$1" -eq 0 ]; then echo "if it hangs, restart it, else $correct"; else echo "if it hangs, restart it, else $adapt"; fi
}

of_seconds() { [ "$1" -eq 0 ] || printf ' when asked for %s s' "$1"; } # SECONDS

too_large() { echo "answers with more than the $most bytes that are taken: let it send less (a shorter time, fewer or shallower stacks)"; }

# Prints "STATUS SECONDS TYPE"; the answer itself, or a little more than may be of it, goes to the file.
fetch() { # URL LIMIT FILE
  : >"$3"
  (
    # Without the signal curl says why it ends.
    trap '' XFSZ
    ulimit -f $((most_fetched / 512 + 1))
    exec "$curl" -qgsSL --noproxy '*' --max-redirs 3 --connect-timeout 5 --max-time "$2" -o "$3" \
      -w '%{http_code} %{time_total} %{content_type}' "$1" 2>"$3.err"
  )
}

judge_answer() { # STATUS TIME TYPE SECONDS FILE
  size=$(wc -c <"$5")
  came="$1 with ${3:-no Content-Type} ($size bytes)"
  case $1 in
  2*) ;;
  503)
    echo "answered 503 $times times, in $((2 * $4 + 20)) s, as when another one is profiling: find out what keeps asking it, and stop that"
    return 0
    ;;
  *) echo "answers $came: $correct" && return 0 ;;
  esac
  case $3$(head -c 1 "$5" | tr -d '\0') in
  text/* | image/* | *html* | *json* | *xml* | *'<' | *'{') echo "answers $came, a text or a picture: $correct" && return 0 ;;
  esac
  [ "$size" -gt 0 ] || { echo "answers $came: $correct" && return 0; }
  if [ "$wanted" != - ] && [ "$3" != "$wanted" ]; then
    echo "answers $came, and $wanted is wanted: let it send Content-Type: $wanted"
    return 0
  fi
  if [ "$most" -gt 0 ] && [ "$(uncompressed "$5")" -gt "$most" ]; then
    too_large
    return 0
  fi
  tenths=${2#*.}
  tenths=$((${2%.*} * 10 + ${tenths%"${tenths#?}"}))
  [ "$tenths" -ge $(($4 * 9)) ] ||
    echo "answers after $((tenths / 10)).$((tenths % 10)) s$(of_seconds "$4"): $adapt"
}

# Bytes of a file, those of what is in it where it is compressed; no more than one more than may be.
uncompressed() { # FILE
  case $(head -c 2 "$1" | od -An -tx1) in
  ' 1f 8b') zcat "$1" 2>/dev/null | head -c $((most + 1)) | wc -c ;;
  *) wc -c <"$1" ;;
  esac
}

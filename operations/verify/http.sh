# shellcheck shell=sh
# What asks over HTTP from a host, sent there on standard input before its requests: ask NUMBER SECONDS, with curl's
# configuration on standard input, in a directory of its own that goes again. A busy profiler answers 503, and is asked
# again for so long. Of each: a line of what came, then the body and curl's own error.
umask 077
directory=$(mktemp -d) && cd "$directory" || exit
trap 'cd / && rm -rf "$directory"' EXIT

ask() { # NUMBER SECONDS
  cat >"$1.curl" || return
  end=$(($(date +%s) + $2))
  while :; do
    : >"$1.body"
    curl -sS -K "$1.curl" -o "$1.body" -w '%{http_code} %{time_total} %{content_type}' >"$1.head" 2>"$1.error"
    echo $? >"$1.exit"
    case $(cat "$1.head") in "503 "*) [ "$(date +%s)" -lt "$end" ] || return ;; *) return ;; esac
    sleep 0.2
  done
}

tell() { # NUMBER
  echo "$1 $(cat "$1.exit") $(wc -c <"$1.body") $(wc -c <"$1.error") $(cat "$1.head")"
  cat "$1.body" "$1.error"
}

# shellcheck shell=sh
# A firewall that turns away whoever connects too often, as `ufw limit` does, counts those that it has turned away, too: who tries
# again at once never gets in. So a command of ours ends only when the next ones will get in. Source it; do not run it.
# Uses $run and time.sh. $run/logins has the seconds since the boot of each of our logins, where there is such a firewall.
# shellcheck disable=SC2154

# "HITS SECONDS" of the rule for SSH: so many connections are one too many in that time. Nothing where there is none.
login_limit() { # [sudo -n]
  command -v iptables-save >/dev/null || return 0
  ${1:-} iptables-save 2>/dev/null |
    sed -nE 's/^-A .* --dport [0-9]+ .*-m recent (--update|--rcheck) --seconds ([0-9]+) .*--hitcount ([0-9]+).*/\3 \2/p' | head -n 1
}

# How many commands may log in at once after this one; of those of a stack that do not wait for each other there are four.
next_logins() { # SCRIPT ACTION
  case ${1##*/}:$2 in
  *:confirm | uninstall:*) echo 0 ;;
  service-config:apply | platform:guard) echo 4 ;;
  *) echo 1 ;;
  esac
}

logins_since() { awk -v since="$1" '$1 > since { n++ } END { print n + 0 }' "$run/logins"; } # SECONDS

# Waits until that many more get in, and one that is none of our commands.
wait_for_next() { # HITS SECONDS NEXT
  [ "$3" -gt 0 ] || return 0
  _room=$(($1 - 2 - $3))
  [ "$_room" -ge 0 ] || _room=0
  _waited=
  while [ "$(logins_since $(($(uptime_seconds) - $2 - 2)))" -gt "$_room" ]; do
    [ -n "$_waited" ] ||
      say "the firewall lets in fewer than $1 new connections in $2 s: waiting, so that the next ones get in"
    _waited=yes
    sleep 1
  done
}

# Runs the script that calls this once more, and waits at its end.
space_logins() { # ARGUMENTS
  case ${SOAR_SPACED:-}:${0##*/} in yes:* | *:drift | *:check) return 0 ;; esac
  _limit=$(login_limit '')
  if [ -z "$_limit" ]; then return 0; fi
  install -d -m 0755 "$run"
  uptime_seconds >>"$run/logins"
  # What was begun is finished by the one that has begun it.
  trap : TERM INT
  _status=0
  SOAR_SPACED=yes "$0" "$@" || _status=$?
  [ "$_status" -ne 0 ] || wait_for_next "${_limit% *}" "${_limit#* }" "$(next_logins "$0" "${1:-}")"
  exit "$_status"
}

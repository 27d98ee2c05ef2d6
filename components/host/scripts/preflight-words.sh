# shellcheck shell=sh disable=SC2154
# The second half of the preflight, which runs the checks of its words and tells what they have found. Between the two comes
# object-storage.sh, where there is one.
while [ $# -gt 0 ]; do
  case $1 in
  port) check_port "$2" "$3" "$4" "$5" "$6" && shift 6 ;;
  disk) check_disk "$2" "$3" "$4" && shift 4 ;;
  source) check_source "$2" "$3" "$4" && shift 4 ;;
  package) check_package "$2" "$3" "$4" "$5" "$6" && shift 6 ;;
  no-way-back) check_way_back "$2" "$3" "$4" && shift 4 ;;
  cpu) check_cpu "$2" "$3" && shift 3 ;;
  unit) check_unit "$2" "$3" && shift 3 ;;
  replaced) check_replaced "$2" && shift 2 ;;
  unread) check_unread "$2" "$3" && shift 3 ;;
  stored) check_stored "$2" "$3" "$4" && shift 4 ;;
  scraped) check_scraped "$2" "$3" && shift 3 ;;
  machine) check_machine "$2" "$3" && shift 3 ;;
  endpoints) check_endpoints "$2" "$3" "$4" "$5" && shift 5 ;;
  program) check_program "$2" "$3" "$4" "$5" && shift 5 ;;
  admin) check_admin "$2" "$3" && shift 3 ;;
  *) finding "preflight: unknown check $1" && break ;;
  esac
done

if [ -n "$findings" ]; then
  printf 'This host is not ready; nothing was changed:%s\n' "$findings" >&2
  exit 1
fi
echo 'the host is ready'
echo "machine $(machine)"

#!/bin/sh
# All checks and tests, saying what runs; the last line counts the tests. `make test` calls it.
set -eu
cd "$(dirname "$0")/.."

# The sandbox needs root; the rest does not mind.
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || { echo 'make test boots Debian hosts: run it as root, or allow sudo without a password' >&2 && exit 1; }
  exec sudo -n --preserve-env=HOME,PATH,SOAR_SANDBOX_CACHE,XDG_CACHE_HOME,PLUGINS,CI "$0" "$@"
fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

check() {
  echo "==> $*"
  "$@"
}

vitest() { # PROJECT
  echo "==> vitest, project $1"
  npx vitest run --project "$1" --reporter=default --reporter=json --outputFile.json="$results/$1.json" || failed=yes
}

check npx prettier --check --log-level warn .
check npx eslint .
check npx tsc --noEmit
command -v shellcheck >/dev/null || check node --import tsx sandbox/require.ts shellcheck
find components sandbox tests .ci -type f \( -name '*.sh' -o -perm -u+x \) ! -path '*/target/*' ! -name '*.ts' >"$results/scripts"
check xargs shellcheck -x <"$results/scripts"

failed=
vitest unit
check node --import tsx sandbox/prepare.ts
vitest sandbox
node tests/count.cjs "$results/unit.json" "$results/sandbox.json"
[ -z "$failed" ]

#!/bin/sh
# All checks and tests, saying what runs; the last line counts the tests. `make test` calls it.
set -eu
cd "$(dirname "$0")/.."

# The sandbox needs root; the rest does not mind.
[ "$(id -u)" -eq 0 ] || exec node --import tsx sandbox/sudo.ts tests/run.sh
umask 022 # What is made here is also the hosts' and their users'.

node --import tsx sandbox/plan.ts

bin=node_modules/.bin # npx would leave logs in the user's home, as root.
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
# Hundreds of processes load the same modules; that each compiles them is a twentieth of all that the tests compute.
export NODE_COMPILE_CACHE="$results/compiled"

check() {
  echo "==> $*"
  "$@"
}

vitest() { # PROJECT
  echo "==> vitest, project $1"
  "$bin/vitest" run --configLoader runner --project "$1" --reporter=default --reporter=json --outputFile.json="$results/$1.json" || failed=yes
}

# Each keeps one processor busy, so the slowest has another one for itself.
"$bin/eslint" . >"$results/eslint" 2>&1 &
eslint=$!
check "$bin/prettier" --check --log-level warn .
check "$bin/tsc" --noEmit
command -v shellcheck >/dev/null || check node --import tsx sandbox/require.ts shellcheck
check tests/shellcheck.sh
echo "==> $bin/eslint ., which ran beside these"
wait "$eslint" || { cat "$results/eslint"; exit 1; }

failed=
vitest unit
check node --import tsx sandbox/prepare.ts
vitest sandbox
node tests/count.cjs "$results/unit.json" "$results/sandbox.json"
[ -z "$failed" ]

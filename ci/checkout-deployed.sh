#!/bin/sh
# checkout-deployed.sh STACK    leaves the checkout, which has the whole history, at the commit that was deployed last to the stack,
# by the git reference that its last `up` was given: what was merged since and is not deployed yet is no drift. Where that is no
# commit of this repository, the checkout stays as it is.
set -eu
reference=$(pulumi stack output gitRef --stack "$1" 2>/dev/null) || reference=
case $reference in *[!0-9a-f]* | '') reference= ;; esac
if [ -z "$reference" ] || ! git cat-file -e "$reference^{commit}" 2>/dev/null; then
  echo "$1: its last up names no commit of this repository; looking from $(git rev-parse HEAD)"
  exit 0
fi
git checkout --quiet --detach "$reference"
echo "$1: looking from $reference"

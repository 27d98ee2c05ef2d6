#!/bin/sh
# All scripts of the shell, the host's among them; Perl's are none.
set -eu
cd "$(dirname "$0")/.."
find ci components operations sandbox tests .ci -type f \( -name '*.sh' -o -perm -u+x \) ! -path '*/target/*' ! -name '*.ts' \
  ! -exec grep -q '^#!/usr/bin/perl' {} \; -exec shellcheck -x {} +

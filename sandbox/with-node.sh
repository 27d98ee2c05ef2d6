#!/bin/sh
# with-node.sh COMMAND...: runs it with a Node that the pinned packages accept first on its PATH: the machine's, else one
# that is brought as every other tool is, from npm's registry into the cache, with the npm that belongs to it.
# The machine's own Node, and what else runs with it, stay as they are.
set -eu

minimum=22 # As "engines" in package.json has it, since @pulumi/pulumi does.

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Whether there is such a program, of that major version or later.
is_new_enough() { # NODE
  major=$("$1" --print 'process.versions.node.split(".")[0]' 2>/dev/null) || return 1
  [ "$major" -ge "$minimum" ]
}

# As cacheDir() in paths.ts, which runs in Node.
cache_directory() {
  case ${XDG_CACHE_HOME:-} in
    /*) base=$XDG_CACHE_HOME ;;
    *) base=${HOME:?}/.cache ;;
  esac
  realpath --canonicalize-missing "${SOAR_SANDBOX_CACHE:-$base/soar-profiling}"
}

# Puts what the lock file names into the directory: whole, or not at all.
bring() { # DIRECTORY
  command -v npm >/dev/null ||
    fail "There is no Node $minimum here, and no npm to bring one: install either (https://nodejs.org, or apt-get install npm)"
  echo "==> Node $minimum: this machine has $(node --version 2>/dev/null || echo none); bringing one into $1" >&2
  mkdir -p "$(dirname "$1")" || fail "Node needs a directory that you can write to: set SOAR_SANDBOX_CACHE to one"
  temporary=$(mktemp -d "$1.XXXXXX")
  trap 'rm -rf "$temporary"' EXIT
  trap 'exit 1' HUP INT TERM
  cp "$lock" "$(dirname "$lock")/package.json" "$temporary"
  npm ci --prefix "$temporary" --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >&2 ||
    fail "npm could not bring Node (see above): install Node $minimum or later (https://nodejs.org)"
  # Not npm's own links: npm 10 makes none for what is optional.
  mkdir "$temporary/bin"
  ln -s "../$(cd "$temporary" && echo node_modules/node-linux-*/bin/node)" "$temporary/bin/node"
  ln -s ../node_modules/npm/bin/npm-cli.js "$temporary/bin/npm"
  ln -s ../node_modules/npm/bin/npx-cli.js "$temporary/bin/npx"
  chmod 0755 "$temporary"
  # Another process may have been as fast.
  mv -T "$temporary" "$1" 2>/dev/null || [ -d "$1" ]
}

if ! is_new_enough node; then
  lock=$(dirname "$0")/node/package-lock.json
  directory=$(cache_directory)/node/$(sha256sum <"$lock" | cut -c 1-16)
  [ -d "$directory" ] || (bring "$directory")
  PATH=$directory/bin:$PATH
  export PATH
  is_new_enough node || fail "$directory has no Node $minimum that runs here: install Node $minimum or later (https://nodejs.org)"
fi

exec "$@"

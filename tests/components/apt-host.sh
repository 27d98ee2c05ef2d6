# shellcheck shell=sh
# Source it; do not run it. A host, in a mount namespace of its own and in memory, for apt-repository as it is in $scripts. Apt
# itself reads its sources; what it would download, and the key, are made up. Two files of others have a source of a place of ours.
# shellcheck disable=SC2154,SC2034
mount -t tmpfs tmpfs /usr/local
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs -o size=192k tmpfs /etc/apt
mkdir -p /usr/local/lib/soar-profiling/test /usr/local/sbin /var/lib/soar-profiling /var/lib/apt/lists /var/lib/dpkg
: >/var/lib/dpkg/status
mount -t tmpfs -o size=512k tmpfs /var/lib/soar-profiling
cp -r "$scripts"/. /usr/local/lib/soar-profiling/test/
parts=/etc/apt/sources.list.d keys=/etc/apt/keyrings

# Where keys come from, and what they are. What is downloaded is none of this.
cat >/usr/local/sbin/curl <<'END'
#!/bin/sh
while [ "$1" != -o ]; do shift; done
echo key >"$2"
END
cat >/usr/local/sbin/gpg <<'END'
#!/bin/sh
case "$*" in
*--show-keys*) printf 'pub:\nfpr:::::::::PINNED:\n' ;;
*--export*) echo key ;;
esac
END
cat >/usr/local/sbin/apt-get <<'END'
#!/bin/sh
case "$*" in *indextargets*) exec /usr/bin/apt-get "$@" ;; esac
[ -s /etc/apt/keyrings/x.asc ]
END
printf '#!/bin/sh\nexec /usr/bin/apt-get indextargets >/dev/null\n' >/usr/local/sbin/apt-cache
chmod 755 /usr/local/sbin/*

# What an environment has from before.
theirs() {
  rm -rf $parts $keys /etc/apt/sources.list
  mkdir -p $parts $keys
  entry="[arch=amd64 signed-by=$keys/x.gpg] http://x.example stable main"
  printf '# Of the vendor.\ndeb %s extra' "$entry" >$parts/x.list
  printf 'deb http://other.example stable main\ndeb-src %s\n# the end\n' "$entry" >/etc/apt/sources.list
  printf 'theirs' >$keys/x.gpg
  chmod 640 $parts/x.list
  chown daemon $parts/x.list
  touch -d 2020-01-01 $parts/x.list /etc/apt/sources.list $keys/x.gpg
}

our_source() { # URL
  printf '# Managed by soar-profiling\nTypes: deb\nURIs: %s\nSuites: stable\nComponents: main\nSigned-By: %s\n' "$1" $keys/x.asc
}

apt_repository() { /usr/local/lib/soar-profiling/test/apt-repository "$1" x http://127.0.0.1/key PINNED; }

#!/bin/sh
# Installs packages (of loki, tempo, grafana) into a tree to lay over the image, as an administrator does on a host: from the
# signed repository, services enabled. Grafana starts once, so that its database is there; its administrator gets the password in
# GF_SECURITY_ADMIN_PASSWORD. Run in namespaces of its own (mount, network, processes), which take everything with them.
# install.sh IMAGE REPOSITORY DIRECTORY PACKAGE...
#   IMAGE       the root file system of the image
#   REPOSITORY  the signed repository
#   DIRECTORY   gets the tree, as `root`
set -eu
image=$1
repository=$2
directory=$3
host=$directory/host
shift 3

mkdir "$directory/root" "$directory/work" "$host"
chmod 0755 "$directory/root"
# Nothing in the tree may refer to the image it was made on but by name.
mount -t overlay -o "lowerdir=$image,upperdir=$directory/root,workdir=$directory/work,metacopy=off,redirect_dir=off,index=off" overlay "$host"
mount -t proc proc "$host/proc"
mount --rbind /dev "$host/dev"
mount -t tmpfs -o mode=1777 tmpfs "$host/tmp"
for memory in run var/lib/apt/lists var/cache/apt; do
  mount -t tmpfs -o mode=0755 tmpfs "$host/$memory"
done
mkdir -p "$host/run/repository" "$host/var/lib/apt/lists/partial" "$host/var/cache/apt/archives/partial"
mount --bind "$repository" "$host/run/repository"
ip link set lo up

export DEBIAN_FRONTEND=noninteractive LC_ALL=C
on_host() {
  chroot "$host" env --unset=GF_SECURITY_ADMIN_PASSWORD "$@"
}
echo 'deb [signed-by=/run/repository/key.asc] file:/run/repository stable main' >"$host/run/sandbox.list"
sources='-o Dir::Etc::sourcelist=/run/sandbox.list -o Dir::Etc::sourceparts=-'
# shellcheck disable=SC2086 # several words
on_host apt-get $sources --error-on=any update
# shellcheck disable=SC2086
on_host apt-get $sources --yes --no-install-recommends install "$@"
# Else a host would bring its catalogues up to date at its first start.
touch "$host/etc/.updated" "$host/var/.updated"
case " $* " in *" grafana "*) ;; *) exit 0 ;; esac

on_host systemctl enable grafana-server
chroot "$host" setpriv --reuid=grafana --regid=grafana --init-groups env --chdir=/usr/share/grafana \
  /usr/share/grafana/bin/grafana server --config=/etc/grafana/grafana.ini --packaging=deb \
  cfg:default.paths.logs=/tmp cfg:default.paths.data=/var/lib/grafana \
  cfg:default.paths.plugins=/var/lib/grafana/plugins cfg:default.paths.provisioning=/etc/grafana/provisioning &
grafana=$!
tries=0
until on_host curl -sf http://127.0.0.1:3000/api/health; do
  kill -0 "$grafana"
  tries=$((tries + 1))
  [ "$tries" -lt 600 ]
  sleep 0.2
done
kill "$grafana"
wait "$grafana" || :

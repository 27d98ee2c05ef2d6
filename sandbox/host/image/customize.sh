#!/bin/sh
# Run by mmdebstrap on the finished Debian tree: makes the sandbox's host of it.
# customize.sh FILES KEYS ROOT
#   FILES  a tree that is copied over the root file system
#   KEYS   a directory with host_key, host_key.pub and login.pub
#   ROOT   the root file system
set -eu
# The modes of the checkout, and of whoever runs this, are no concern of the host's.
umask 022
files=$1
keys=$2
root=$3

cp -R --no-preserve=mode "$files/." "$root/"
chown -R 0:0 "$root/etc/sudoers.d" "$root/etc/ssh"
chmod 0440 "$root/etc/sudoers.d/deploy"

# The host key is known before the first login.
rm -f "$root"/etc/ssh/ssh_host_*
install -m 0600 "$keys/host_key" "$root/etc/ssh/ssh_host_ed25519_key"
install -m 0644 "$keys/host_key.pub" "$root/etc/ssh/ssh_host_ed25519_key.pub"

# A new account is locked, which sshd accepts for keys as long as PAM is in use.
chroot "$root" useradd --create-home --shell /bin/bash deploy
for home in root home/deploy; do
  install -d -m 0700 "$root/$home/.ssh"
  install -m 0600 "$keys/login.pub" "$root/$home/.ssh/authorized_keys"
done
chroot "$root" chown -R deploy:deploy /home/deploy/.ssh

# The host has no internet: the sandbox's own repository is all it can reach.
rm -f "$root/etc/apt/sources.list"
# The build left the name servers of the outer machine, which the host would wait for.
echo '# No name server: the sandbox has no internet.' >"$root/etc/resolv.conf"
chmod 0644 "$root/etc/resolv.conf"
chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer
chroot "$root" systemctl --quiet enable systemd-networkd.service

# Every copy gets an id of its own, and does not redo at its first boot what is done already.
: > "$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id"
chroot "$root" ldconfig
chroot "$root" journalctl --update-catalog
touch "$root/etc/.updated" "$root/var/.updated"

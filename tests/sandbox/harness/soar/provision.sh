#!/bin/sh
# provision.sh URL    what SOAR's scripts have made of a host before it gets this program: the packages from the repository
# at URL, a drop-in of theirs, and Prometheus with a directory of jobs. Then the first deploy.
set -eu
url=$1
export DEBIAN_FRONTEND=noninteractive

curl -fsS "$url/key.asc" | gpg --dearmor >/etc/apt/keyrings/grafana.gpg
echo "deb [signed-by=/etc/apt/keyrings/grafana.gpg] $url stable main" >/etc/apt/sources.list.d/grafana.list
apt-get -qq update
apt-get -qq install pyroscope=1.21.1-1 alloy=1.10.0-1 >/dev/null

# Flags win over the file. The second one is what time is on a real host: its blocks are days old.
mkdir -p /etc/systemd/system/pyroscope.service.d
cat >/etc/systemd/system/pyroscope.service.d/override.conf <<'END'
[Service]
ExecStart=
ExecStart=/usr/bin/pyroscope -config.file /etc/pyroscope/config.yml -compactor.blocks-retention-period=720h -validation.reject-older-than=0
END
systemctl daemon-reload

mkdir -p /etc/prometheus/jobs
# shellcheck disable=SC2016 # the last line, for sed
sed -i '$a scrape_config_files: [jobs/*.yml]' /etc/prometheus/prometheus.yml
systemctl enable --quiet alloy
"$(dirname "$0")/deploy.sh"

# shellcheck shell=sh
# Which machine this is, whatever its address; a copy of a machine has the same host key. Comes on standard input, before what
# calls it. The id itself is nobody else's business (see machine-id(5)).
machine() {
  [ ! -s /etc/machine-id ] || { cat /etc/machine-id && echo soar-profiling; } | sha256sum | cut -c1-32
}

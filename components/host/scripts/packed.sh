# shellcheck shell=sh
# Runs a script that comes packed (see `packed` in scripts.ts), with its arguments, in this shell.
script=$(base64 -d <<'end of packed' | gzip -dc
# the packed script
end of packed
) || exit
eval "$script"

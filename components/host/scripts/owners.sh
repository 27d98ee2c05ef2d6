# shellcheck shell=sh
# Which environment has what the host has once. Source it; do not run it. Uses $state_root and $environment.
# shellcheck disable=SC2154

stack_of() { cat "$state_root/$1/owner" 2>/dev/null || echo unknown; } # ENVIRONMENT

# Other environments that have what $state_root/ENVIRONMENT/PATTERN names: "ENVIRONMENT FILE".
others_with() {
  # shellcheck disable=SC2231 # a pattern
  for file in "$state_root"/*/$1; do
    other=${file#"$state_root/"}
    other=${other%%/*}
    [ ! -e "$file" ] || [ "$other" = "$environment" ] || printf '%s %s\n' "$other" "$file"
  done
}

# Why this environment cannot have the platform; nothing where it can.
platform_taken() {
  other=$(others_with platform | cut -d' ' -f1 | head -n 1)
  [ -z "$other" ] ||
    printf 'the platform of this host (package source, Pyroscope, Alloy) belongs to environment %s; nothing was changed. Set platform to {stack: "%s"}\n' \
      "$other" "$(stack_of "$other")"
}

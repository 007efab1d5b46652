# Becomes another of the binary's programs, in the agent's working directory. Given: $hash.
mkdir -p "$work" && cd "$work" || exit 73
exec "$cache/$hash/brood" "$@"

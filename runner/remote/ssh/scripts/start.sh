# Starts the agent, whose arguments are this script's, with what comes on standard input as its
# own: there the token is. Given: $hash, and $begin, the script of who waits for it. It must
# outlive the connection: it has a session of its own, and nothing of this one.
agent && { echo "agent $pid"; exit; }
rm -f "$dir/pid" "$dir/status" "$dir/in"
mkdir -p "$work" || exit 73
cd "$work" || exit 73
own=nohup
command -v setsid >/dev/null && own=setsid
# This script must last as long as its standard input, which nobody can wait for in the
# background; and what the agent has is a pipe, as a socket, or a FIFO that nobody writes to any
# more, cannot be opened by its name /dev/stdin.
mkfifo "$dir/in" || exit 73
exec 4>&1 # to this session, until the agent has begun
# shellcheck disable=SC2154
cat "$dir/in" 2>/dev/null 4>&- | "$own" sh -c "$begin" sh "$cache/$hash/brood" "$@" >>"$dir/log" 2>&1 &
exec 4>&-
cat >"$dir/in"
rm -f "$dir/in"

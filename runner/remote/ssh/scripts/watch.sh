# Passes on what the agent says on its standard error, from byte $from on, until it has gone or
# the connection has.
exec 3<&0
tail -c "+$from" -f "$dir/log" 3<&- 2>/dev/null &
tail=$!
{ cat; kill -TERM $$; } <&3 >/dev/null 2>&1 &
line=$!
exec 3<&-
trap 'kill $tail $line 2>/dev/null; exit' TERM HUP PIPE
# One process is looked at, and nothing else asked of the system.
agent && while kill -0 "$pid" 2>/dev/null; do sleep 1; done
kill $tail $line 2>/dev/null
exit 0

# Waits for the agent, and keeps its exit status. Given: $inner. Its descriptor 4 is read by who
# started it.
trap '' HUP
exec 5<&0
sh -c "$inner" sh "$@" <&5 5<&- &
exec 5<&- 4>&-
wait $!
echo $? >"$dir/status.new" && mv -f "$dir/status.new" "$dir/status"

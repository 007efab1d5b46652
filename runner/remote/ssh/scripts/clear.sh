# Removes the agent's folder when it has left as it should, and the working directory that was
# made for it if $cleanup says so; one that it has filled with results stays.
agent && exit
if [ "$workdir" = ... ] && [ -z "$cleanup" ] && [ -n "$(ls -A "$dir/work" 2>/dev/null)" ]; then
	rm -f "$dir/log" "$dir/pid" "$dir/status" "$dir/socket"
else
	rm -rf "$dir"
	rmdir "${dir%/*}" 2>/dev/null
fi
exit 0

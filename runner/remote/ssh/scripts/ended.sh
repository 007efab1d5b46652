# What the agent has said to its end, from byte $from on, and before that its exit status, which
# may take a moment to be there.
i=0
while ! agent && ! [ -s "$dir/status" ] && [ $i -lt 5 ]; do
	sleep 1
	i=$((i + 1))
done
if agent; then echo alive; else cat "$dir/status" 2>/dev/null || echo unknown; fi
tail -c "+$from" "$dir/log"

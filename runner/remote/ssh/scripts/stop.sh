# Ends what is left of the agent: it is asked, and after $grace seconds all of its session is
# killed. Prints what was done.
agent || { echo gone; exit; }
kill -TERM "$pid"
i=0
while agent; do
	[ $i -ge "$grace" ] && break
	sleep 1
	i=$((i + 1))
done
agent || { echo asked; exit; }
session() {
	set -- "$(cat "$1/stat" 2>/dev/null)"
	# shellcheck disable=SC2086
	set -- ${1##*) }
	echo "${4:-}"
}
if [ -d /proc/self ]; then
	which=$(session "/proc/$pid")
	[ "$which" = "$(session /proc/$$)" ] && which=
	for p in /proc/[0-9]*; do
		[ -n "$which" ] && [ "$(session "$p")" = "$which" ] && kill -KILL "${p#/proc/}"
	done
fi
kill -KILL "$pid" 2>/dev/null
echo killed

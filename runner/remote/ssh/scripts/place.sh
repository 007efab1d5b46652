# What all scripts begin with: where things are on this machine, and which process is the agent.
# Given: $name, the folder of this run's agent; $workdir, as the user has written it.
LC_ALL=C
export LC_ALL
umask 077
case ${XDG_CACHE_HOME:-} in /*) cache=$XDG_CACHE_HOME/brood ;; *) cache=$HOME/.cache/brood ;; esac
case ${XDG_STATE_HOME:-} in /*) dir=$XDG_STATE_HOME ;; *) dir=$HOME/.local/state ;; esac
dir=$dir/brood/agents/$name
case $workdir in
	...) work=$dir/work ;;
	/*) work=$workdir ;;
	*) work=$HOME/$workdir ;;
esac

# When a process began, and in which boot of the machine: the number alone may be another's by now.
began() {
	if [ -d /proc/self ]; then
		set -- "$(cat "/proc/$1/stat" 2>/dev/null)"
		[ -n "$1" ] || return 1
		# The name of the program, in parentheses, may have spaces.
		# shellcheck disable=SC2086
		set -- ${1##*) }
		echo "${20} $(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
	else
		# shellcheck disable=SC2046
		set -- $(ps -o lstart= -p "$1" 2>/dev/null)
		echo "$*"
	fi
}

# Is the agent there? Its number is then in $pid.
agent() {
	pid=
	[ -r "$dir/pid" ] || return 1
	read -r pid began <"$dir/pid" || return 1
	[ -n "$began" ] && [ "$(began "$pid")" = "$began" ]
}

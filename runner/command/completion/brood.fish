# Completion of brood for fish. Load it with: brood completion fish | source
# What there is to choose from is said by brood itself: its first line is how, the others are words,
# each with a tab and what it is.
function __brood_answer
	set -l before (commandline -opc)
	set -l all (commandline -op)
	set -l current (commandline -ct)
	set -l n (count $before)
	set -l skip (math $n + 1)
	test -n "$current"; and set skip (math $n + 2)
	set -l after
	test (count $all) -ge $skip; and set after $all[$skip..-1]
	set -l lines (command $before[1] completion --answer fish $n "$current" $before $after 2>/dev/null)
	set -l how " $lines[1] "
	for line in $lines[2..-1]
		printf '%s\n' $line
	end
	set -l path $current
	string match -q '* joined *' -- $how; and set path (string replace -r '^[^=]*=' '' -- $current)
	switch $how
		case '* files *'
			__fish_complete_path $path
		case '* dirs *'
			__fish_complete_directories $path
		case '* commands *'
			__fish_complete_command
	end
end
complete -c brood -f -a '(__brood_answer)'

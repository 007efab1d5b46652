#compdef brood
# Completion of brood for zsh. Put it into a folder of $fpath as _brood, or load it with:
# source <(brood completion zsh)
# What there is to choose from is said by brood itself: its first line is how, the others are words,
# each with a tab and what it is.
_brood() {
	local -a lines items space
	local line how word
	lines=("${(@f)$("${(Q)words[1]}" completion --answer zsh $((CURRENT - 1)) "${(Q)PREFIX}" "${(@Q)words[1,CURRENT-1]}" "${(@Q)words[CURRENT+1,-1]}" 2>/dev/null)}")
	how=" $lines[1] "
	[[ $how == *' nospace '* ]] && space=(-S '')
	for line in "${(@)lines[2,-1]}"; do
		[[ -n $line ]] || continue
		word=${line%%$'\t'*}
		if [[ $line == *$'\t'* ]]; then
			items+=("${word//:/\\:}:${line#*$'\t'}")
		else
			items+=("${word//:/\\:}")
		fi
	done
	local ret=1
	(( $#items )) && _describe -V brood items "${space[@]}" && ret=0
	[[ $how == *' joined '* ]] && compset -P '*='
	case $how in
	*' files '*) _files && ret=0 ;;
	*' dirs '*) _files -/ && ret=0 ;;
	*' commands '*) _command_names -e && ret=0 ;;
	esac
	return ret
}
if [[ $funcstack[1] == _brood ]]; then
	_brood "$@"
else
	compdef _brood brood
fi

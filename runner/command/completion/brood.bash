# Completion of brood for bash. Load it with: source <(brood completion bash)
# What there is to choose from is said by brood itself: its first line is how, the others are words.
_brood() {
	local line first=1 how=
	COMPREPLY=()
	while IFS= read -r line; do
		if [ -n "$first" ]; then
			how=$line first=
		else
			COMPREPLY+=("$line")
		fi
	done < <("${1/#\~/$HOME}" completion --answer bash "${COMP_LINE:0:COMP_POINT}" "${COMP_LINE:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
	case " $how " in
	*" nospace "*) compopt -o nospace 2>/dev/null ;;
	esac
	case " $how " in
	*" files "*) compopt -o default -o filenames 2>/dev/null ;;
	*" dirs "*) compopt -o plusdirs 2>/dev/null ;;
	*" commands "*) while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -c -- "$2") ;;
	esac
}
complete -F _brood brood

package exec

import "sync"

// interpreter is a program that reads some of its arguments as a program.
type interpreter struct {
	code   string   // short options whose value is one
	long   []string // the same of long ones, without "--"
	shell  bool     // the value of -c is the first operand, and not what follows it
	first  bool     // the first operand is one, unless code or file says otherwise
	file   string   // short options with the name of a file in its place
	value  string   // further short options with a value
	tail   string   // short options that may have a value, in the same word
	pairs  []string // further long options with two values
	after  int      // all operands from this one on are one together; 0: none
	mixed  bool     // options may stand behind operands
	ends   bool     // nothing behind the program is an option
	minus  bool     // operands may begin with a dash
	whole  bool     // options and all: nothing of it may be a value
	script bool     // without a program, the first operand is the name of a file that holds one, or else it reads one
	reads  bool     // without a program, it reads one
	do     string   // how it is right
}

const (
	doShell  = `give it as an argument: sh -c '… "$1" …' _ {}`
	doScript = "give it as an argument behind the program, which finds it in its list of arguments"
	doRemote = `the other shell would read it again: send it as input instead, with --shell: 'printf "%%s\n" {} | ssh HOST "read -r v; COMMAND \"\$v\""'`
	doSQL    = "pass it as a variable or a parameter of the program's own, or by a script of yours"
	doVar    = `put it into the environment, where a recipe finds it as "$$V": env V={} make`
	doWord   = "put it into a file or the environment, or let a script of yours take it as an argument"
)

// interpreters are those there are, by the program's name less its version. Workers
// have no use for them, so they are made when they are asked for.
var interpreters = sync.OnceValue(func() map[string]interpreter {
	anyShell := interpreter{shell: true, script: true, value: "oO", do: doShell}
	anyAwk := interpreter{first: true, code: "e", long: []string{"source"}, file: "fE", value: "vFil", do: "give it as a variable: awk -v v={} '… v …' (awk -v reads backslashes in it), or as an argument: ARGV[1]"}
	byE := interpreter{script: true, code: "e", long: []string{"eval", "execute"}, do: doScript}
	anySQL := interpreter{reads: true, code: "e", long: []string{"execute", "init-command"}, do: doSQL, mixed: true}
	byEval := interpreter{long: []string{"eval"}, reads: true, mixed: true, do: doScript}
	byQuery := interpreter{code: "q", long: []string{"query"}, reads: true, mixed: true, value: "hud", do: doSQL}
	remote := interpreter{reads: true, after: 2, mixed: true, code: "o", value: "BbcDEeFIiJLlmOpQRSWw", do: doRemote}
	return map[string]interpreter{
		"sh": anyShell, "bash": anyShell, "dash": anyShell, "zsh": anyShell, "ksh": anyShell, "mksh": anyShell, "ash": anyShell,
		"yash": anyShell, "posh": anyShell, "rbash": anyShell,
		"fish":    {script: true, code: "cC", long: []string{"command", "init-command"}, do: `give it as an argument: fish -c '… $argv[1] …' {}`},
		"csh":     {script: true, shell: true, do: doWord},
		"tcsh":    {script: true, shell: true, do: doWord},
		"runuser": {code: "c", long: []string{"command", "session-command"}, mixed: true, value: "gGswTu", do: `give it as an argument: runuser USER -c '… "$1" …' _ {}`},
		"su":      {code: "c", long: []string{"command", "session-command"}, mixed: true, value: "gGswT", do: `give it as an argument: su USER -c '… "$1" …' _ {}`},
		"script":  {code: "c", long: []string{"command"}, mixed: true, do: doShell},
		"flock":   {code: "c", long: []string{"command"}, mixed: true, value: "wE", do: "leave -c away: flock FILE COMMAND {}"},
		"ssh":     remote,
		"rsh":     {reads: true, after: 2, value: "l", do: doRemote},
		"watch":   {after: 1, value: "nq", do: "let a script of yours take it as an argument"},
		"eval":    {after: 1, do: "write the command itself"},
		"let":     {whole: true, do: "calculate with awk: awk -v v={} 'BEGIN { print v + 1 }'"},
		"trap":    {first: true, do: `put it into a variable before: v={}; trap 'echo "$v"' EXIT`},
		"unset":   {whole: true, do: doWord}, // bash runs what stands in the index of an array's name
		"read":    {whole: true, do: doWord},
		"alias":   {whole: true, do: "write the command itself"},
		"mapfile": {whole: true, do: doWord}, "readarray": {whole: true, do: doWord}, "enable": {whole: true, do: doWord}, // a command, a library
		"compgen": {whole: true, do: doWord}, "complete": {whole: true, do: doWord}, "bind": {whole: true, do: doWord},
		"printf": {code: "v", do: doWord}, // bash runs what stands in the index there as well
		"test":   {code: "v", do: doWord, mixed: true, minus: true},
		"[":      {code: "v", do: doWord, mixed: true, minus: true},
		"python": {script: true, code: "c", ends: true, file: "m", value: "WXQ", do: "give it as an argument: python3 -c '… sys.argv[1] …' {}"},
		"pypy":   {script: true, code: "c", ends: true, file: "m", value: "WXQ", do: "give it as an argument: pypy3 -c '… sys.argv[1] …' {}"},
		"perl":   {script: true, code: "eE", value: "IMm", tail: "iFCDxV", do: "give it as an argument: perl -e '… $ARGV[0] …' -- {}"},
		"ruby":   {script: true, code: "e", value: "rICEK", tail: "iFxWT", do: "give it as an argument: ruby -e '… ARGV[0] …' -- {}"},
		"node":   {script: true, code: "ep", long: []string{"eval", "print"}, value: "rC", do: "give it as an argument: node -e '… process.argv[1] …' -- {}"},
		"nodejs": {script: true, code: "ep", long: []string{"eval", "print"}, value: "rC", do: "give it as an argument: node -e '… process.argv[1] …' -- {}"},
		"bun":    {script: true, code: "ep", long: []string{"eval", "print"}, do: doScript},
		"php":    {script: true, code: "rBRE", long: []string{"run", "process-begin", "process-code", "process-end"}, value: "cdz", do: "give it as an argument: php -r '… $argv[1] …' -- {}"},
		"lua":    {script: true, code: "e", value: "l", do: "put the program into a file: lua script.lua {}"},
		"awk":    anyAwk, "gawk": anyAwk, "mawk": anyAwk, "nawk": anyAwk,
		"sed": {first: true, code: "e", long: []string{"expression"}, file: "f", value: "l", tail: "i", mixed: true, do: "let awk do it: awk -v v={} '…'; or a script of yours that takes it as an argument"},
		"jq":  {first: true, file: "f", value: "L", pairs: []string{"arg", "argjson", "slurpfile", "rawfile"}, mixed: true, do: "give it as a variable: jq --arg v {} '… $v …'"},
		"gojq": {
			first: true, file: "f", value: "L", pairs: []string{"arg", "argjson", "slurpfile", "rawfile"}, mixed: true,
			do: "give it as a variable: gojq --arg v {} '… $v …'",
		},
		"tclsh": byE, "expect": {script: true, code: "c", do: doScript}, "julia": {script: true, code: "eE", long: []string{"eval", "print"}, do: doScript}, "osascript": byE,
		"Rscript": byE, "R": byE, "groovy": byE, "elixir": byE, "ghc": byE, "guile": {script: true, code: "c", do: doScript}, "racket": byE,
		"emacs": {long: []string{"eval", "execute"}, do: doWord, mixed: true}, "vim": {code: "c", long: []string{"cmd"}, do: doWord, mixed: true},
		"psql":  {reads: true, code: "c", long: []string{"command"}, file: "f", value: "dhLopPRTUv", mixed: true, do: `give it as a variable: echo "SELECT :'v'" | psql -v v={}`},
		"mysql": anySQL, "mariadb": anySQL,
		"mongo": byEval, "mongosh": byEval, "octave": byEval, "clickhouse-client": byQuery, "clickhouse": byQuery,
		"cqlsh":   {code: "e", long: []string{"execute"}, reads: true, mixed: true, do: doSQL},
		"sqlcmd":  {code: "Qq", value: "SdUPi", mixed: true, do: doSQL},
		"gnuplot": {code: "e", mixed: true, do: doScript},
		"dc":      {code: "e", long: []string{"expression"}, file: "f", script: true, do: doScript},
		"nu":      {code: "c", long: []string{"commands"}, script: true, do: doScript},
		"xonsh":   {code: "c", script: true, do: doScript},
		"ghci":    byE, "scala": byE, "swift": byE, "clojure": byE, "iex": byE, "nvim": {code: "c", long: []string{"cmd"}, do: doWord, mixed: true},
		"gdb": {long: []string{"ex", "eval-command", "init-eval-command"}, do: doWord, mixed: true},
		"nix": {long: []string{"expr", "run"}, do: doWord, mixed: true}, "nix-shell": {long: []string{"expr", "run", "command"}, code: "E", do: doWord, mixed: true},
		"nix-instantiate": {long: []string{"expr"}, code: "E", do: doWord, mixed: true},
		"ansible":         {code: "ae", long: []string{"args", "extra-vars"}, value: "imuf", mixed: true, do: doWord},
		"at":              {reads: true, file: "f", value: "qt", mixed: true, do: doWord}, "batch": {reads: true, file: "f", mixed: true, do: doWord},
		"autossh": remote, "pdsh": {after: 1, value: "wxtufl", do: doRemote}, "clush": {after: 1, value: "wxgtuf", do: doRemote},
		"vagrant": {code: "c", long: []string{"command"}, mixed: true, do: doRemote}, "gcloud": {long: []string{"command"}, mixed: true, do: doRemote},
		"tmux": {after: 2, value: "sntcFLSfxyebpl", mixed: true, do: "let a script of yours take it as an argument"},
		// Programs with options that name a command: a value that begins with a dash would be one.
		"tar":     {code: "IF", long: []string{"checkpoint-action", "to-command", "use-compress-program", "info-script", "new-volume-script", "rsh-command"}, value: "fCbTXgKNVHL", mixed: true, do: doWord},
		"rsync":   {code: "e", long: []string{"rsh", "rsync-path"}, value: "fBTM", mixed: true, do: doWord},
		"scp":     {code: "oS", value: "cFiJlPDX", mixed: true, do: doWord},
		"sftp":    {code: "oS", value: "BbcDFiJlPRsX", mixed: true, do: doWord},
		"wget":    {code: "e", long: []string{"execute", "use-askpass"}, value: "oaiOPUTtQwDRIlA", mixed: true, do: doWord},
		"zip":     {long: []string{"unzip-command"}, value: "bntxi", mixed: true, do: doWord},
		"sort":    {long: []string{"compress-program"}, value: "kotSTz", mixed: true, do: doWord},
		"split":   {long: []string{"filter"}, value: "abClnt", mixed: true, do: doWord},
		"man":     {code: "PH", long: []string{"pager", "html", "preprocessor"}, value: "CLmMSserRETX", mixed: true, do: doWord},
		"tcpdump": {code: "z", value: "BcCDEFGijmMrsTVwWyZ", mixed: true, do: doWord},
		"find":    {},
		"git":     {value: "Ccm", mixed: true},
		"sqlite":  {reads: true, after: 2, mixed: true, do: doSQL}, "duckdb": {reads: true, after: 2, mixed: true, code: "c", do: doSQL},
	}
})

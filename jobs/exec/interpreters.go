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
	doWord   = "put it into a file or the environment, or let a script of yours take it as an argument"
)

// interpreters are those there are, by the program's name less its version. Workers
// have no use for them, so they are made when they are asked for.
var interpreters = sync.OnceValue(func() map[string]interpreter {
	anyShell := interpreter{shell: true, script: true, value: "oO", do: doShell}
	anyAwk := interpreter{first: true, code: "e", long: []string{"source"}, file: "fE", value: "vFil", do: "give it as a variable: awk -v v={} '… v …' (awk -v reads backslashes in it), or as an argument: ARGV[1]"}
	byE := interpreter{script: true, code: "e", long: []string{"eval", "execute"}, do: doScript}
	anySQL := interpreter{reads: true, code: "e", long: []string{"execute", "init-command"}, do: doSQL, mixed: true}
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
		"ssh":     {reads: true, after: 2, mixed: true, code: "o", value: "BbcDEeFIiJLlmOpQRSWw", do: doRemote},
		"rsh":     {reads: true, after: 2, value: "l", do: doRemote},
		"watch":   {after: 1, value: "nq", do: "let a script of yours take it as an argument"},
		"eval":    {after: 1, do: "write the command itself"},
		"trap":    {first: true, do: `put it into a variable before: v={}; trap 'echo "$v"' EXIT`},
		"unset":   {whole: true, do: doWord}, // bash runs what stands in the index of an array's name
		"read":    {whole: true, do: doWord},
		"test":    {code: "v", do: doWord, mixed: true, minus: true},
		"[":       {code: "v", do: doWord, mixed: true, minus: true},
		"python":  {script: true, code: "c", ends: true, file: "m", value: "WXQ", do: "give it as an argument: python3 -c '… sys.argv[1] …' {}"},
		"pypy":    {script: true, code: "c", ends: true, file: "m", value: "WXQ", do: "give it as an argument: pypy3 -c '… sys.argv[1] …' {}"},
		"perl":    {script: true, code: "eE", value: "IMm", tail: "iFCDxV", do: "give it as an argument: perl -e '… $ARGV[0] …' -- {}"},
		"ruby":    {script: true, code: "e", value: "rICEK", tail: "iFxWT", do: "give it as an argument: ruby -e '… ARGV[0] …' -- {}"},
		"node":    {script: true, code: "ep", long: []string{"eval", "print"}, value: "rC", do: "give it as an argument: node -e '… process.argv[1] …' -- {}"},
		"nodejs":  {script: true, code: "ep", long: []string{"eval", "print"}, value: "rC", do: "give it as an argument: node -e '… process.argv[1] …' -- {}"},
		"bun":     {script: true, code: "ep", long: []string{"eval", "print"}, do: doScript},
		"php":     {script: true, code: "rBRE", long: []string{"run", "process-begin", "process-code", "process-end"}, value: "cdz", do: "give it as an argument: php -r '… $argv[1] …' -- {}"},
		"lua":     {script: true, code: "e", value: "l", do: "put the program into a file: lua script.lua {}"},
		"awk":     anyAwk, "gawk": anyAwk, "mawk": anyAwk, "nawk": anyAwk,
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
		"sqlite": {reads: true, after: 2, mixed: true, do: doSQL}, "duckdb": {reads: true, after: 2, mixed: true, code: "c", do: doSQL},
	}
})

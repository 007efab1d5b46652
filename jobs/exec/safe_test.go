package exec

import (
	"brood/jobs"
	"context"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestShellPlaces: with --shell a placeholder may stand where a word is data, and
// nowhere else.
func TestShellPlaces(t *testing.T) {
	for line, want := range map[string]string{
		// Data.
		`echo {name}`:                                         "",
		`echo a{name}b "c"{name}`:                             "",
		`echo "in "{name}" out" | wc -l`:                      "",
		`x={name}; echo "$x"`:                                 "",
		`export X={name}; env`:                                "",
		`f() { local v={name}; echo "$v"; }; f`:               "",
		`cat < {name} > out.{#}`:                              "",
		`cat >"log of {#}" 2>&1`:                              "",
		`if test {name} = a; then echo {name}; else echo; fi`: "",
		`case {name} in {name}) echo;; esac`:                  "",
		`for i in a {name}; do echo "$i"; done`:               "",
		`echo "$(cat {name})" $(cat {name})`:                  "",
		`( cd {name} && ls ) & wait`:                          "",
		`{ echo {name}; } 2>/dev/null`:                        "",
		`{name} --version`:                                    "", // asked for
		`cat <<E; echo {name}` + "\nplain\nE\n":               "",
		`diff <(sort {name}) x`:                               "", // if sh is bash
		`sh -c 'echo "$1"' _ {name}`:                          "",
		`printf %s {name} | ssh host cat`:                     "",
		`zcat {name} | mysql db`:                              "", // what is in the file, not the value
		`curl -s {name} | sh`:                                 "",
		`echo {name} | xargs -I% echo %`:                      "",
		`echo {name} | xargs -n1 sh -c 'echo "$1"' _`:         "",
		`echo {name} | sh -c 'read -r v; echo "$v"'`:          "",
		`echo {name} | parallel gzip`:                         "",
		`echo {name} | sh script.sh`:                          "",
		`echo sh | cat {name} -`:                              "",
		`echo '{#}' "{%}" # {#}`:                              "", // numbers of brood's own
		`echo 'no placeholder`:                                "", // that is the shell's to say
		// Not.
		`echo '{name}'`:                     "within quotes",
		`echo "{name}"`:                     "within quotes",
		`echo "a $(echo "{name}")"`:         "within quotes",
		`echo a # {name}`:                   "within quotes",
		`cat <<E` + "\n{name}\nE\n":         "within quotes",
		`cat <<'E'` + "\n{name}\nE\n":       "within quotes",
		`cat <<E` + "\n$(echo {name})\nE\n": "within quotes",
		`cat <<{name}` + "\nx\n{name}\n":    "cannot read",
		`sh <<<{name}`:                      "within quotes",
		"echo `echo {name}`":                "within quotes",
		`echo \{name} \\\{name} "\"{name}"`: "within quotes",
		`echo \'{name}`:                     "",
		`echo $((1 + {name}))`:              "within quotes",
		`(( x = {name} ))`:                  "within quotes",
		`[[ 1 -eq {name} ]]`:                "within quotes",
		`echo "${x:-{name}}" ${x:-{name}}`:  "within quotes",
		`echo ${x#{name}}`:                  "within quotes",
		`echo ${{name}}`:                    "one pair of braces",
		`echo $'a' ${name}`:                 "within quotes", // $'…' has escapes in bash
		`echo $"{name}"`:                    "within quotes",
		`let {name}`:                        "within quotes",
		`let {name}7[[`:                     "cannot read", // though bash runs it
		`declare {name}`:                    "in the name of a variable",
		`echo >&{name}`:                     "within quotes",
		`if echo {name}`:                    "cannot read",
		`echo {name} | sh`:                  "read and run by sh",
		`printf '%s\n' {name} | bash -s`:    "read and run by bash",
		`echo {name} | tr a b | sudo sh`:    "read and run by sh",
		`{ echo {name}; } | ( cat | sh )`:   "read and run by sh",
		`echo {name} | mysql db`:            "read and run by mysql",
		`echo {name} | sqlite3 x.db`:        "read and run by sqlite",
		`echo {name} | ssh host`:            "read and run by ssh",
		`echo {name} | python3 -`:           "read and run by python",
		`echo {name} | at now`:              "read and run by at",
		`echo {name} | parallel`:            "run as a command by parallel",
		`echo {name} | xargs sh -c`:         "part of a program that sh runs",
		`echo {name} | xargs -I% sh -c %`:   "part of a program that sh runs",
		`echo {name} | xargs -I % ssh h %`:  "part of a program that ssh runs",
		`echo "$(echo {name} | sh)"`:        "read and run by sh",
		`$X {name}`:                         "only the shell will know",
		`$X sh -c {name}`:                   "only the shell will know",
		`eval echo {name}`:                  "part of a program that eval runs",
		`trap {name} EXIT`:                  "part of a program that trap runs",
		`true && sh -c {name}`:              "part of a program that sh runs",
		`exec ba\sh -c 'echo '{name}`:       "part of a program that bash runs",
		`x=1 "/bin/sh" -ec "echo "{name}`:   "part of a program that sh runs",
		`echo | ( ssh host rm {name} )`:     "part of a program that ssh runs",
		`echo "$(awk {name} f)"`:            "part of a program that awk runs",
		`f() { sh -c {name}; }; f`:          "part of a program that sh runs",

		`BASH_ENV={name} bash x.sh`:       "the variable BASH_ENV, which programs run",
		`export BASH_ENV=a{name}; bash x`: "the variable BASH_ENV, which programs run",
		`BASH_ENV+="a"{name} bash x.sh`:   "the variable BASH_ENV, which programs run",
		`env A=b ENV={name} sh -i`:        "the variable ENV, which programs run",
		`set -x; PS4={name}; echo a`:      "the variable PS4, which programs run",
		`declare -i x={name}`:             "a number or a reference to bash",
		`declare -i x; x={name}`:          "a number or a reference to bash",
		`f() { local -rn v={name}; }; f`:  "a number or a reference to bash",
		`alias ll={name}`:                 "part of a program that alias runs",
		`printf -v {name} x`:              "part of a program that printf runs",
		`mapfile -C {name} x < y`:         "part of a program that mapfile runs",
		`declare -r x={name}; echo "$x"`:  "",

		// Declarations that are commands, as they are not written plainly.
		`\declare -i x={name}`:             "a number or a reference to bash",
		`"declare" -i x; x={name}`:         "a number or a reference to bash",
		`command declare -i x={name}`:      "a number or a reference to bash",
		`builtin typeset -n x={name}`:      "a number or a reference to bash",
		`declare "-"i x={name}`:            "a number or a reference to bash",
		`declare $o x={name}`:              "a number or a reference to bash",
		`f() { \local x={name}; }; f`:      "",
		`\declare {name}`:                  "in the name of a variable",
		`command export {name}=1`:          "in the name of a variable",
		`\let {name}`:                      "part of a program that let runs",
		`builtin let x={name}`:             "part of a program that let runs",
		`command unset {name}`:             "part of a program that unset runs",
		`builtin read {name}`:              "part of a program that read runs",
		`command -v {name}`:                "",
		`command -p sh -c {name}`:          "part of a program that sh runs",
		`RANDOM={name}`:                    "the variable RANDOM, a number to bash",
		`for OPTIND in {name}; do :; done`: "the variable OPTIND, a number to bash",
		`for PATH in {name}; do ls; done`:  "the variable PATH, which programs run",
		`printf -v PATH %s {name}; ls`:     "the variable PATH, which programs run",

		// Values that go through variables.
		`x={name}; sh -c "$x"`:                              "part of a program that sh runs",
		`x={name}; y="a $x"; eval "$y"`:                     "part of a program that eval runs",
		`for i in {name}; do ssh h "$i"; done`:              "part of a program that ssh runs",
		`x=({name}); bash -c "${x[0]}"`:                     "part of a program that bash runs",
		`sh -c "$(echo {name})"`:                            "part of a program that sh runs",
		`x=$(echo {name} | tr a b); awk "$x" f`:             "part of a program that awk runs",
		`x={name}; echo "$x" | sh`:                          "read and run by sh",
		`set -- {name}; sh -c "$1"`:                         "part of a program that sh runs",
		`f() { eval "$@"; }; f {name}`:                      "part of a program that eval runs",
		`echo {name} | while read -r x; do eval "$x"; done`: "part of a program that eval runs",
		`printf -v x %s {name}; printf -v "$x" a`:           "part of a program that printf runs",
		`x={name}; sh -c 'echo "$1"' _ "$x"`:                "",
		`x={name}; echo "${#x}" "${x%.csv}"`:                "",
		`x={name}; sh -c "echo ${#x}"`:                      "",
		`sh -c "$(cat {name})"`:                             "", // what is in the file
		`x=$(echo {name} | sha256sum); sh -c "echo $x"`:     "",

		// Values that a shell calculates with.
		`x={name}; echo $((x + 1))`:                 "calculated with by the shell",
		`x={name}; echo $(( $x + 1 ))`:              "calculated with by the shell",
		`x={name}; y=$x; (( y++ ))`:                 "calculated with by the shell",
		`x={name}; [[ x -eq 1 ]]`:                   "calculated with by the shell",
		`x={name}; [[ $x -lt 1 ]]`:                  "calculated with by the shell",
		`x={name}; [[ -v $x ]]`:                     "calculated with by the shell",
		`x={name}; a[x]=1`:                          "calculated with by the shell",
		`x={name}; echo "${a[$x]}"`:                 "calculated with by the shell",
		`x={name}; echo "${y:x:2}"`:                 "calculated with by the shell",
		`x={name}; let y=x+1`:                       "calculated with by the shell",
		`x={name}; for ((i=0;i<x;i++)); do :; done`: "calculated with by the shell",
		`echo $(( $(echo {name}) + 1 ))`:            "calculated with by the shell",
		`x={name}; echo "${!x}"`:                    "the name of a variable to the shell",
		`f() { echo $(($1)); }; f {name}`:           "calculated with by the shell",
		`x={name}; i=0; i=$((i+1)); echo "$x"`:      "",
		`x={name}; [ "$x" -eq 1 ]; [[ $x = a ]]`:    "",
		`x=$(echo {name} | wc -c); echo $((x + 1))`: "",
		`x={name}; declare "$x"`:                    "a number or a reference to bash",
		`x={name}; \declare "$x"`:                   "a number or a reference to bash",
		`x={name}; declare -p y "$x"`:               "a number or a reference to bash",
		`x={name}; echo $(( ${#x} + 1 ))`:           "",

		`printf %s {name}; printf -v x %s {name}`:                  "",
		`PS5={name} GIT_AUTHOR_NAME={name} LANG={name} git commit`: "",
	} {
		_, err := plan(options{command: []string{line}, shell: true, also: "no-append"}, people())
		check(t, line, err, want)
		if _, err := plan(options{command: []string{line}, shell: true, unsafe: true, also: "no-append"}, people()); err != nil && want != "one pair of braces" {
			t.Errorf("%s, though it was insisted: %v", line, err)
		}
	}
}

func check(t *testing.T, line string, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: %v", line, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: %v, want %s", line, err, want)
	}
}

// TestPrograms: without a shell of brood's, too, a value is no part of a program.
func TestPrograms(t *testing.T) {
	safe := [][]string{
		{"sh", "-c", `echo "$1"`, "_", "{name}"},
		{"sh", "-c", "echo {#} {%}"},
		{"sh", "script.sh", "-c", "{name}"},
		{"sh", "-o", "{name}", "x"},
		{"/usr/bin/env", "X={name}", "sh", "-c", "env"},
		{"awk", "-F", "{name}", "-v", "x={name}", "{print $1}", "{name}"},
		{"awk", "-f", "prog.awk", "{name}"},
		{"sed", "-e", "s/a/b/", "--", "{name}"},
		{"sed", "-f", "{name}", "file"},
		{"sed", "-i.{name}", "s/a/b/", "f"},
		{"python3", "-c", "import sys", "{name}"},
		{"python3.11", "x.py", "-c", "{name}"},
		{"python3", "-m", "http.server", "{name}"},
		{"perl", "-I{name}", "-ne", "print", "--", "{name}"},
		{"jq", "--arg", "v", "{name}", ".[$v]", "{name}.json"},
		{"ssh", "-p", "{name}", "--", "{name}", "uptime"},
		{"ssh", "root@{name}", "uptime"},
		{"sudo", "-u", "{name}", "ls", "{name}"},
		{"flock", "{name}", "ls", "{name}"},
		{"echo", "sh", "-c", "{name}"},
		{"find", ".", "-name", "{name}"},
		{"psql", "-d", "{name}", "-c", "SELECT 1"},
		{"test", "{name}", "-gt", "3"},
		{"docker", "exec", "{name}", "sh", "-c", "ls"},
		{"{name}", "-c", "{name}"},
		{"curl", "https://example.com/{name}"},
		{"make", "{name}", "-C", "{name}", "X=1"},
		{"env", "V={name}", "make"},
		{"git", "-c", "user.name={name}", "commit", "-m", "{name}"},
		{"git", "-C", "{name}", "switch", "-c", "{name}"},
		{"git", "clone", "--", "{name}"},
		{"tar", "czf", "{name}.tgz", "--", "{name}"},
		{"tar", "-I", "zstd", "-cf", "{name}.tar.zst", "{name}"},
		{"rsync", "-a", "-e", "ssh -p 22", "{name}", "h:{name}"},
		{"pwsh", "-File", "x.ps1", "{name}"},
		{"deno", "run", "x.ts", "{name}"},
		{"tmux", "kill-session", "-t", "{name}"},
		{"kubectl", "exec", "{name}", "--", "ls", "{name}"},
		{"redis-cli", "SET", "k", "{name}"},
		{"sort", "-k", "2", "{name}"},
		{"uv", "run", "x.py", "{name}"},
		{"wget", "-q", "--", "{name}"},
		{"find", "{name}", "-name", "{name}"},
		{"env", "-u", "PATH", "GIT_AUTHOR_NAME={name}", "git", "commit", "-m", "x={name}"},
		{"docker", "run", "-e", "NAME={name}", "image", "{name}"},
	}
	code := [][]string{
		{"sh", "-c", "echo {name}"},
		{"sh", "-c", "'{name}'"},
		{"bash", "-ec", "{name}"},
		{"/bin/dash", "-e", "-c", "{name}", "_"},
		{"sh", "-c", "-x", "{name}"},
		{"zsh", "-{name}"},
		{"bash", "-o", "pipefail", "-c", "{name}"},
		{"env", "-i", "A=b", "sh", "-c", "echo {}"},
		{"env", "-S", "sh -c {}"},
		{"env", "-Ssh {}"},
		{"sudo", "-u", "x", "nice", "-n", "5", "bash", "-lc", "{name}"},
		{"timeout", "5", "sh", "-c", "{name}"},
		{"xargs", "-I", "%", "sh", "-c", "{name} %"},
		{"find", ".", "-exec", "sh", "-c", "echo {}", ";"},
		{"busybox", "sh", "-c", "{name}"},
		{"docker", "exec", "c", "sh", "-c", "ls {name}"},
		{"su", "-", "ann", "-c", "ls {name}"},
		{"su", "--command=ls {name}", "ann"},
		{"su", "-cls {name}", "ann"},
		{"runuser", "-u", "x", "--", "sh", "-c", "{name}"},
		{"ssh", "host", "rm", "{name}"},
		{"ssh", "-p", "22", "host", "-4", "echo {name}"},
		{"ssh", "-o", "ProxyCommand={name}", "h"},
		{"ssh", "-tt", "a@b", "--", "ls", "{name}"},
		{"awk", "/{name}/"},
		{"gawk", "-F:", "-v", "a=1", "{name}", "f"},
		{"mawk", "-F", ":", "$1 == \"{name}\"", "f"},
		{"sed", "s/x/{name}/", "f"},
		{"sed", "-n", "-e", "p", "-e", "{name}"},
		{"sed", "-i.ext", "s/x/{name}/"},
		{"sed", "--expression={name}"},
		{"sed", "f", "-e{name}"},
		{"sed", "--expression", "{name}"},
		{"python3", "-c", "print('{name}')"},
		{"/usr/bin/python3.12", "-Ic", "{name}"},
		{"pypy3", "-c", "{name}"},
		{"perl", "-ne", "print '{name}'"},
		{"perl", "-i.e", "-pe", "{name}"},
		{"perl", "-MFoo", "-e{name}"},
		{"perl5.36", "-0777E", "{name}"},
		{"ruby", "-e", "{name}"},
		{"node", "--eval={name}"},
		{"node", "-p", "{name}"},
		{"php", "-r", "{name};"},
		{"lua5.4", "-e", "{name}"},
		{"jq", ".x == \"{name}\"", "f"},
		{"jq", "-r", "--arg", "a", "b", "{name}"},
		{"watch", "-n", "1", "ls", "{name}"},
		{"psql", "-h", "db", "-c", "DELETE FROM t WHERE id = {name}"},
		{"mysql", "-e", "{name}"},
		{"sqlite3", "x.db", "SELECT '{name}'"},
		{"flock", "f", "-c", "ls {name}"},
		{"flock", "f", "sh", "-c", "{name}"},
		{"parallel", "ls {name}"},
		{"script", "-qc", "ls {name}"},
		{"setsid", "sh", "-c", "{name}"},
		{"nohup", "bash", "-c", "{name}"},
		{"kubectl", "exec", "pod", "--", "sh", "-c", "ls {name}"},
		{"env", "--split-string=sh {name}"},
		{"make", "VAR={name}"},
		{"gmake", "-j", "2", "all", "X=a{name}"},
		{"make", "--eval={name}"},
		{"git", "-c", "alias.x={name}", "x"},
		{"git", "-c", "core.pager={name}", "log"},
		{"git", "-c", "{name}", "log"},
		{"git", "rebase", "--exec", "{name}"},
		{"git", "submodule", "foreach", "{name}"},
		{"git", "bisect", "run", "{name}"},
		{"git", "clone", "--upload-pack={name}", "x"},
		{"tar", "cf", "x.tar", "--checkpoint-action=exec={name}", "f"},
		{"tar", "--to-command", "{name}", "-xf", "x"},
		{"tar", "-I", "{name}", "-cf", "x", "y"},
		{"rsync", "-e", "ssh {name}", "a", "h:b"},
		{"sqlite3", "DB", "SELECT '{name}'"},
		{"mongosh", "--eval", "{name}"},
		{"redis-cli", "eval", "return '{name}'", "0"},
		{"powershell", "-Command", "ls {name}"},
		{"pwsh", "-NoProfile", "-c", "ls", "{name}"},
		{"deno", "eval", "{name}"},
		{"osascript", "-e", "say \"{name}\""},
		{"tmux", "new-session", "-d", "ls {name}"},
		{"tmux", "send-keys", "-t", "x", "{name}", "Enter"},
		{"gosu", "root", "sh", "-c", "{name}"},
		{"sshpass", "-p", "x", "ssh", "h", "ls {name}"},
		{"uv", "run", "python", "-c", "{name}"},
		{"nix-shell", "--run", "{name}"},
		{"ansible", "all", "-a", "{name}"},
		{"vagrant", "ssh", "-c", "{name}"},
		{"wget", "--execute={name}", "x"},
		{"dc", "-e", "{name}"},
		{"gdb", "--eval-command={name}"},
		{"env", "A=b", "BASH_ENV={name}", "bash", "x.sh"},
		{"sudo", "LD_PRELOAD=/x/{name}", "ls"},
		{"env", "A{name}=1", "ls"},
		{"timeout", "5", "env", "GIT_SSH_COMMAND=ssh {name}", "git", "pull"},
		{"docker", "run", "-e", "PERL5OPT={name}", "image"},
		{"systemd-run", "--setenv=PATH={name}", "x"},
		{"docker", "run", "-eLD_PRELOAD={name}", "image"},
	}
	for _, c := range safe {
		err := codeFree(c)
		check(t, strings.Join(c, " "), err, "")
	}
	for _, c := range code {
		err := codeFree(c)
		check(t, strings.Join(c, " "), err, "run as code. Instead, ")
	}
}

// codeFree parses a command and checks it, whether the programs are there or not.
func codeFree(command []string) error {
	args, err := config{Syntax: syntaxParallel, Command: command}.parse(people())
	if err != nil {
		return err
	}
	_, err = config{}.checkSafe(args, lines())
	return err
}

// TestDashless: where a value would be an option that names code, one that begins
// with a dash fails its record; behind "--", and elsewhere, it does not.
func TestDashless(t *testing.T) {
	for _, c := range []struct {
		command []string
		shell   bool
		want    []int
	}{
		{[]string{"ssh", "{name}", "uptime"}, false, []int{0}},
		{[]string{"ssh", "--", "{name}", "uptime"}, false, nil},
		{[]string{"echo", "{#}", "{name}", "|", "ssh", "{1}{2}x", "uptime"}, true, []int{2, 3}},
		{[]string{"perl", "-e", "print", "{name}"}, false, []int{0}},
		{[]string{"perl", "{name}", "{name}"}, false, []int{0}},
		{[]string{"python3", "-c", "pass", "{name}"}, false, nil},
		{[]string{"sh", "-c", "ls", "{name}"}, false, nil},
		{[]string{"sed", "-n", "p", "x", "{name}"}, false, []int{0}},
		{[]string{"test", "{name}", "-gt", "-5"}, false, nil},
		{[]string{"rm", "{name}"}, false, nil},
		{[]string{"tar", "czf", "x.tgz", "{name}"}, false, []int{0}},
		{[]string{"tar", "-czf", "{1}", "{name}"}, false, []int{1}},
		{[]string{"git", "clone", "{name}"}, false, []int{0}},
		{[]string{"git", "log", "--", "{name}"}, false, nil},
		{[]string{"find", "{name}", "-type", "f"}, false, []int{0}},
		{[]string{"rsync", "-a", "{name}", "h:"}, false, []int{0}},
		{[]string{"sort", "{name}"}, false, []int{0}},
	} {
		args, err := config{Syntax: syntaxParallel, Command: c.command, Shell: c.shell}.parse(people())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := (config{Shell: c.shell}).checkSafe(args, lines()); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, %v, want %v", c.command, got, err, c.want)
		}
	}
	r := start(t, config{Syntax: syntaxParallel, Command: []string{"printf", "%s", "{name}"}, Dashless: []int{0}})
	if res := do(t, r, person("-Ann", "Oslo")); res.Verdict != jobs.VerdictFailed || res.Class != jobs.ClassInput || !strings.Contains(res.Error, "put -- before {name}") {
		t.Errorf("%+v", res)
	}
	if res := do(t, r, person("Ann-", "Oslo")); res.Verdict != jobs.VerdictOK || string(res.Values[0]) != "Ann-" {
		t.Errorf("%+v", res)
	}
}

// TestNothingRuns builds lines of what shells have, with placeholders in it, and has
// the shells of this machine run those that were found safe: no value may act.
func TestNothingRuns(t *testing.T) {
	var shells []string
	for _, s := range []string{"sh", "dash", "bash"} {
		if path, err := osexec.LookPath(s); err == nil {
			shells = append(shells, path)
		}
	}
	pieces := rapid.SliceOfN(rapid.SampledFrom([]string{
		"{name}", "{name}", "{name}", " ", " ", "\n", "'", `"`, "`", `\`, "$", "$(", ")", "(", "${x:-", "}", "$((", "))", "#", ";", "|", "&&",
		"echo ", "x=", "a", "<<E\n", "\nE\n", "<<'E'\n", "case a in ", ") echo;; esac", "if true; then ", "; fi", "{ ", "; }", "[ ", " ]", "eval ", "sh -c ", "=", "~", "set -x; PS4=", "declare -i x=", "x={name}; ", "printf -v ", "alias e=",
		"command ", "builtin ", "declare ", "let ", "read ", "${!x}", "$x", `"$x"`, "$((x))", "[[ x -eq 1 ]]", "set -- ", `"$1"`, "for x in ", "; do ", "; done", "f() { ", "f ", "OPTIND=",
	}), 1, 12)
	values := []string{
		"$(touch acted)", "`touch acted`", "'; touch acted; '", `"; touch acted; "`, "\ntouch acted\n", `\`, `\'; touch acted; '`, "a\nE\ntouch acted\n",
		"'$(touch acted)'", "a[$(touch acted)]", ") ; touch acted ; (", "}; touch acted; {",
	}
	run := func(t *rapid.T) {
		line := strings.Join(pieces.Draw(t, "line"), "")
		c := config{Syntax: syntaxParallel, Command: []string{line}, Shell: true}
		args, err := c.parse(people())
		if err != nil || len(placeholders(args)) == 0 || !safe(args) {
			return
		}
		dir, err := os.MkdirTemp("", "brood-test-")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		v := rapid.SampledFrom(values).Draw(t, "value")
		text, err := args[0].fill(person(v, "Oslo"), 1, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, shell := range shells {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			cmd := osexec.CommandContext(ctx, shell, "-c", string(text))
			cmd.Dir = dir
			_ = cmd.Run() // most of them are nonsense
			cancel()
			if _, err := os.Stat(filepath.Join(dir, "acted")); err == nil {
				t.Fatalf("%s has run the value %q in\n%s", shell, v, text)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			run(t)
		}
	})
}

func safe(args []template) bool {
	_, err := config{Shell: true}.checkSafe(args, lines())
	return err == nil
}

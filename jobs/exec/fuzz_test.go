package exec

import (
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// hostileValues act, each in another place where a value must not stand.
var hostileValues = []string{
	"$(touch acted)", "`touch acted`", "'; touch acted; '", `"; touch acted; "`, "\ntouch acted\n", `\`, `\'; touch acted; '`, "a\nE\ntouch acted\n",
	"'$(touch acted)'", "a[$(touch acted)]", ") ; touch acted ; (", "}; touch acted; {", "-n", "", "~", "*", "${x:=$(touch acted)}", "x=1 touch acted", "# \ntouch acted",
}

// FuzzShell: a line that is found safe reads the same to a shell whatever the values are:
// each is one quoted text where the mark of its placeholder was, and nothing around it
// changes.
func FuzzShell(f *testing.F) {
	for _, line := range []string{
		`echo {name}`, `x={name}; echo "$x"`, `cat < {name} > out.{#}`, `case {name} in {name}) echo;; esac`, "cat <<E; echo {name}\nplain\nE\n", `echo "$(cat {name})"`, `diff <(sort {name}) x`, `sh -c 'echo "$1"' _ {name}`,
		`echo '{name}'`, `echo "{name}"`, "echo `echo {name}`", `echo $((1 + {name}))`, `[[ 1 -eq {name} ]]`, `echo ${x:-{name}}`, `let {name}`, `echo \{name} {name}`, `echo $'a' ${name}`, `f() { local v={name}; }; f`, "cat <<'{name}'\nx\n",
		`for i in a {name}; do echo; done`, `echo a{name}b "c"{name}`, `a[{name}]=1`, `a=({name})`, `function {name} { :; }`, `echo >&{name}`, `{name}() { :; }`, "x=$(cat <<E\n{name}\nE\n)", `echo {1..{name}}`, `alias a={name}`, "echo a\\\n{name}",
	} {
		for i := range hostileValues {
			if i%5 == len(line)%5 {
				f.Add(line, hostileValues[i])
			}
		}
	}
	f.Fuzz(func(t *testing.T, line, value string) {
		args, err := config{Syntax: syntaxParallel, Command: []string{line}, Shell: true}.parse(people())
		if err != nil || !utf8.ValidString(value) { // the parser reads nothing else
			return
		}
		plain, other := marked(args[0], "a", "b"), person(value, value)
		dashless, err := config{Shell: true}.checkSafe(args, lines())
		if err != nil || len(placeholders(args)) == 0 {
			return
		}
		for _, i := range dashless {
			if i < 0 || i >= len(placeholders(args)) {
				t.Fatalf("%q: no placeholder %d", line, i)
			}
		}
		text, err := args[0].fill(other, 1, true)
		if err != nil {
			return // a zero byte
		}
		same := false
		for _, lang := range []syntax.LangVariant{syntax.LangPOSIX, syntax.LangBash} {
			want, wantErr := outline(plain, lang)
			got, gotErr := outline(string(text), lang)
			if wantErr != nil {
				continue
			}
			same = true
			if gotErr != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%q with %q reads as\n%q, %v\n%q", line, value, got, gotErr, want)
			}
		}
		if !same && string(text) != plain {
			t.Fatalf("%q is safe, and no shell can read it", line)
		}
	})
}

// marked is a line with plain values.
func marked(line template, values ...string) string {
	text, err := line.fill(person(values[0], values[1]), 1, true)
	if err != nil {
		return ""
	}
	return string(text)
}

// outline is what a shell reads, without what is within single quotes, and with quoted
// texts that follow one another as one.
func outline(text string, lang syntax.LangVariant) ([]string, error) {
	file, err := syntax.NewParser(syntax.Variant(lang)).Parse(strings.NewReader(text), "")
	if err != nil {
		return nil, err
	}
	var out []string
	depth := 0
	syntax.Walk(file, func(n syntax.Node) bool {
		if n == nil {
			depth--
			return true
		}
		depth++
		say := fmt.Sprintf("%d %T", depth, n)
		switch n := n.(type) {
		case *syntax.SglQuoted:
			say = fmt.Sprintf("%d quoted %v", depth, n.Dollar)
			if len(out) > 0 && out[len(out)-1] == say {
				return true // '\'' is one more
			}
		case *syntax.Lit:
			if n.Value == `\'` && len(out) > 0 && strings.Contains(out[len(out)-1], " quoted") {
				return true
			}
			say += " " + n.Value
		case *syntax.Comment:
			say += " " + n.Text
		}
		out = append(out, say)
		return true
	})
	return out, nil
}

// shellPieces are what FuzzShellRuns puts lines together from: nothing in them does harm,
// whatever the order.
var shellPieces = []string{
	"{name}", "{name}", " ", " ", "\n", "'", `"`, "`", `\`, "$", "$(", ")", "(", "${x:-", "}", "$((", "))", "#", ";", "|", "&&", "echo ", "x=", "a", "<<E\n", "\nE\n", "<<'E'\n", "<<-\"E\"\n",
	"case a in ", ") echo;; esac", "if true; then ", "; fi", "{ ", "; }", "[ ", " ]", "eval ", "sh -c ", "=", "~", "\t", "[[ ", " ]]", "$'", "$\"", "x[", "]", "+=(", "f() ", "<(", "<<<", "while false; do ", "; done", "for i in ", "; do ",
	"{#}", "E", "\\\n", "!", "set -- ", "printf ", "export ", "local ", "trap ", " EXIT", "let ", "alias a=", "-eq ", "${#", "${x#", "${x/", "/", "@", "%", ":", "env ", "exec ", "command ", "test ", "unset ",
}

// What a line makes of a variable or an input that it has put a value into, or of what a
// program prints, is the line's own: v={}; eval "$v", and cat {} | sh, say that the value is
// to be run.
var (
	keeps  = regexp.MustCompile(`x\+?=|x\[|for i|set --|f\(\)|alias|export|local`)
	counts = regexp.MustCompile(`\(\(|\[\[|\[|let|-eq|\$\{|unset|f\(\)|alias|test`) // bash reads variables there as code
	// sh -c sh is a shell that reads its input.
	readsIt = regexp.MustCompile(`(?s)sh -c .*[|<]|[|<].*sh -c `)
	runs    = regexp.MustCompile(`eval|sh -c|trap`)
)

// ownDoing reports whether a line may run what it has got by itself.
func ownDoing(line string) bool {
	return readsIt.MatchString(line) || runs.MatchString(line) && strings.ContainsAny(line, "$`") || keeps.MatchString(line) && counts.MatchString(line) && strings.ContainsAny(line, "$[")
}

// FuzzShellRuns has the shells of this machine run lines that are found safe: no value may
// act. A byte is a piece of the line.
func FuzzShellRuns(f *testing.F) {
	var shells []string
	for _, s := range []string{"dash", "bash"} {
		if path, err := osexec.LookPath(s); err == nil {
			shells = append(shells, path)
		}
	}
	at := func(pieces ...string) []byte {
		b := make([]byte, len(pieces))
		for i, p := range pieces {
			b[i] = byte(slices.Index(shellPieces, p))
		}
		return b
	}
	for i := range hostileValues {
		for _, line := range [][]string{
			{"echo ", "{name}"},
			{"x=", "{name}", ";", "echo ", "${x:-", "}"},
			{"eval ", "a", ";", "echo ", "{name}"},
			{"a", "<<E\n", "{name}", "\nE\n"},
			{"echo ", "${x:-", "{name}", "}"},
			{"case a in ", "{name}", ") echo;; esac"},
			{"f() ", "{ ", "echo ", "{name}", "; }", ";", "f() "},
			{"x[", "{name}", "]", "=", "a"},
			{"[[ ", "{name}", " ", "-eq ", "a", " ]]"},
			{"echo ", "$'", "a", "'", "{name}"},
			{"for i in ", "{name}", "; do ", "echo ", "; done"},
		} {
			f.Add(at(line...), uint8(i))
		}
	}
	dir := f.TempDir()
	acted := filepath.Join(dir, "acted")
	f.Fuzz(func(t *testing.T, pieces []byte, which uint8) {
		var line strings.Builder
		for _, p := range pieces[:min(len(pieces), 24)] {
			line.WriteString(shellPieces[int(p)%len(shellPieces)])
		}
		args, err := config{Syntax: syntaxParallel, Command: []string{line.String()}, Shell: true}.parse(people())
		if err != nil || len(placeholders(args)) == 0 || !safe(args) || ownDoing(line.String()) {
			return
		}
		text, err := args[0].fill(person(hostileValues[int(which)%len(hostileValues)], "Oslo"), 1, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, shell := range shells {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			cmd := osexec.CommandContext(ctx, shell, "-c", string(text))
			cmd.Dir, cmd.Env, cmd.WaitDelay = dir, []string{"PATH=" + os.Getenv("PATH")}, time.Second
			_ = cmd.Run() // most of them are nonsense
			cancel()
			if _, err := os.Stat(acted); err == nil {
				_ = os.Remove(acted)
				t.Fatalf("%s has run the value in\n%s", shell, text)
			}
		}
	})
}

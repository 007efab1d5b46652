package exec

import (
	"slices"
	"strings"
)

// readsCode finds a program that takes its standard input for code, and input n is a value, or
// noHole if it is the record.
func readsCode(words []word, n int) *finding {
	if f := throughXargs(words, n); f != nil {
		return f
	}
	at, _ := started(words)
	if at == len(words) {
		return nil
	}
	name := programName(words[at].text)
	if name == "parallel" && !slices.ContainsFunc(words[at+1:], func(w word) bool { return !strings.HasPrefix(w.text, "-") }) {
		return &finding{n, "run as a command by parallel", "let brood start the command itself"}
	}
	t, ok := interpreters()[name]
	if !ok || !t.script && !t.reads {
		return nil
	}
	v := t.look(name, words[at+1:])
	if v.found != nil || v.program || t.script && v.operands > 0 && !v.input {
		return nil
	}
	return &finding{n, "read and run by " + name, t.do}
}

// throughXargs finds a value that xargs would take from its input, n, and put where it is code.
func throughXargs(words []word, n int) *finding {
	at := slices.IndexFunc(words, func(w word) bool { return programName(w.text) == "xargs" })
	if at < 0 {
		return nil
	}
	xargs := starters()["xargs"]
	own := xargs.skip(words[at+1:])
	options, rest := words[at+1:at+1+own], slices.Clone(words[at+1+own:])
	value := word{text: string(hole), holes: []int{n}}
	if mark := replaced(options); mark == "" {
		rest = append(rest, value)
	} else {
		for i, w := range rest {
			if strings.Contains(w.text, mark) {
				rest[i] = word{text: strings.ReplaceAll(w.text, mark, value.text), holes: append(slices.Clone(w.holes), n)}
			}
		}
	}
	found, _ := codeIn(rest)
	return found
}

// replaced is what xargs replaces by its input; empty: nothing.
func replaced(options []word) string {
	for i, o := range options {
		switch long, is := strings.CutPrefix(o.text, "--replace"); {
		case is && strings.HasPrefix(long, "="):
			return long[1:]
		case is, o.text == "-i":
			return "{}"
		case o.text == "-I" && i+1 < len(options):
			return options[i+1].text
		case strings.HasPrefix(o.text, "-I"), strings.HasPrefix(o.text, "-i"):
			return o.text[2:]
		}
	}
	return ""
}

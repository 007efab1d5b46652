package exec

import (
	"brood/jobs"
	"fmt"
	"slices"
)

// placeholders are those of a command, numbered through it.
func placeholders(args []template) map[int]*part {
	out := make(map[int]*part)
	n := 0
	for _, t := range args {
		for i := range t {
			if t[i].kind != partLiteral {
				out[n] = &t[i]
				n++
			}
		}
	}
	return out
}

// checkSafe refuses a command in which a value would be code. It returns the
// placeholders whose values must not begin with a dash. It is called where a run is
// planned, never in a worker.
func (c config) checkSafe(args []template, shape *jobs.Shape) (dashless []int, err error) {
	all := placeholders(args)
	var found *finding
	if c.Shell {
		found, dashless, err = checkShell(args[0], c.Stdin, shape.Join != "")
	} else {
		words := argWords(args)
		if found, dashless = codeIn(words); found == nil {
			found = misplaced(words)
		}
		if found == nil && shape.Join != "" {
			found, _ = codeIn(doubled(words))
		}
		if found == nil && c.Stdin {
			found = readsCode(words, noHole)
		}
		dashless = append(dashless, undashed(words)...)
	}
	if err != nil {
		return nil, err
	}
	if found != nil {
		return nil, fmt.Errorf("command: %w", found.error(all[found.hole]))
	}
	slices.Sort(dashless)
	return slices.Compact(dashless), nil
}

// misplaced refuses a record that is appended where it would not be an argument: behind
// sudo, or bash, it would say what is done.
func misplaced(words []word) *finding {
	last := len(words) - 1
	if last < 0 || !words[last].appended {
		return nil
	}
	n := words[last].holes[0]
	at, by := started(words)
	if at == last && last > 0 {
		return &finding{n, "the program that " + by + " starts", "write the program before it, or {} where it belongs if the record is one"}
	}
	name := programName(words[at].text)
	if t, ok := interpreters()[name]; ok && t.script {
		if v := t.look(name, words[at+1:]); !v.program && v.operands == 1 {
			return &finding{n, "the script that " + name + " runs", "write " + name + " {} if each record is the name of a script, or --shell -- 'printf \"%s\\n\" {} | …' if it is what one works on"}
		}
	}
	return nil
}

// undashed is a record that is appended, unless options have been declared to be over: the
// user has not said where it belongs, so it must not be an option by accident.
func undashed(words []word) []int {
	last := len(words) - 1
	if last < 0 || !words[last].appended || slices.ContainsFunc(words, func(w word) bool { return w.text == "--" }) {
		return nil
	}
	return words[last].holes
}

// doubled has each word with a value twice: it may be several words, and what stands behind
// the first may mean something else.
func doubled(words []word) []word {
	var out []word
	for _, w := range words {
		if out = append(out, w); len(w.holes) > 0 {
			out = append(out, w)
		}
	}
	return out
}

// argWords are the arguments as far as they are known.
func argWords(args []template) []word {
	words := make([]word, len(args))
	n := 0
	for i, t := range args {
		for j := range t {
			w, p := &words[i], &t[j]
			switch {
			case p.kind == partLiteral:
				w.text += p.text
				continue
			case p.counted():
				w.text += "1"
			default:
				w.text += string(hole)
				w.holes = append(w.holes, n)
				w.appended = p.appended
			}
			n++
		}
	}
	return words
}

package exec

import (
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
func checkSafe(args []template, shell bool) (dashless []int, err error) {
	all := placeholders(args)
	var found *finding
	if shell {
		found, dashless, err = checkShell(args[0])
	} else {
		found, dashless = codeIn(argWords(args))
	}
	if err != nil {
		return nil, err
	}
	if found != nil {
		return nil, fmt.Errorf("command: %w", found.error(all[found.hole].String()))
	}
	slices.Sort(dashless)
	return slices.Compact(dashless), nil
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
			}
			n++
		}
	}
	return words
}

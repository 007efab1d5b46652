package exec

import (
	"fmt"
	"slices"
	"strings"
)

// A value must not become code. Given to a program as an argument it is data; but
// within an argument that the program reads as a program of its own, as sh -c,
// awk and ssh do, it is run. What follows finds such places before a run begins.
//
// It knows programs by name, also behind those that start another (sudo, env,
// xargs). It cannot know what a script of the user's does with its arguments.

// hole stands in a word for the value of a placeholder, and unknown for what only
// the shell will know. No argument can hold either.
const (
	hole    = '\x00'
	unknown = '\x01'
)

// word is an argument as far as it is known beforehand.
type word struct {
	text  string // with a hole for each placeholder
	holes []int  // which placeholders those are, numbered through the command
	// appended says that it is the record, put there as the command has no placeholder.
	appended bool
}

// noHole is in the place of a placeholder's number where what becomes code is the standard
// input.
const noHole = -1

// finding is what is wrong with a command.
type finding struct {
	hole int
	why  string // what is done with the value
	do   string // how it is right
}

// codeIn finds the first value that would be read as code, and the values that must
// not begin with a dash, as they would be options that name code.
func codeIn(words []word) (found *finding, dashless []int) {
	if len(words) == 0 {
		return nil, nil
	}
	name := programName(words[0].text)
	if name == "command" || name == "builtin" {
		return behindCommand(words[1:])
	}
	if t, ok := interpreters()[name]; ok {
		v := t.look(name, words[1:])
		if v.found != nil {
			return v.found, nil
		}
		dashless = v.dashless
	}
	if f := special(name, words[1:]); f != nil {
		return f, nil
	}
	if _, ok := starters()[name]; !ok {
		return nil, dashless
	}
	if f := assigned(words[1:]); f != nil {
		return f, nil
	}
	for i := range words[1:] {
		next := programName(words[1+i].text)
		_, starts := starters()[next]
		if t, ok := interpreters()[next]; ok && !t.whole || starts {
			found, more := codeIn(words[1+i:])
			return found, append(dashless, more...)
		}
	}
	return nil, dashless
}

// behindCommand is codeIn for what the shell's command and builtin run. With -v they only tell.
func behindCommand(words []word) (found *finding, dashless []int) {
	for len(words) > 0 && (words[0].text == "-p" || words[0].text == "--") {
		words = words[1:]
	}
	if len(words) > 0 && strings.HasPrefix(words[0].text, "-") {
		return nil, nil
	}
	return codeIn(words)
}

// programName is the name of a program without its directory and version.
func programName(path string) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if strings.ContainsAny(name, "\x00\x01") || name == "[" {
		return name
	}
	return strings.TrimRight(name, "0123456789.-")
}

// view is what an interpreter makes of its arguments.
type view struct {
	found    *finding
	dashless []int
	operands int
	program  bool // it was given one, or the name of a file that holds one, by an option
	input    bool // it was told to read one from its standard input
}

// look goes through the arguments as the program does.
func (t *interpreter) look(name string, args []word) (v view) {
	code := func(w word) bool {
		if v.found == nil && len(w.holes) > 0 {
			v.found = &finding{w.holes[0], "part of a program that " + name + " runs", t.do}
		}
		return v.found != nil
	}
	options, inOperand := true, t.first // inOperand: the first one is the program
	for i := 0; i < len(args) && v.found == nil; i++ {
		w := args[i]
		switch {
		case t.whole:
			code(w)
		case options && w.text == "--":
			options = false
		case options && len(w.text) > 1 && w.text[0] == '-':
			v.input = v.input || t.shell && w.text[1] != '-' && strings.Contains(w.text, "s")
			skip, program := t.option(args[i:], code, &inOperand)
			i += skip
			v.program = v.program || program
			options = !program || !t.ends
		case w.text == "-" && t.script:
			v.input = true
		default:
			if options && !t.minus && strings.HasPrefix(w.text, string(hole)) {
				first := len(w.text) - len(strings.TrimLeft(w.text, string(hole)))
				v.dashless = append(v.dashless, w.holes[:first]...) // more than one, as a value may be empty
			}
			v.operands++
			if v.operands == 1 && inOperand || t.after > 0 && v.operands >= t.after {
				code(w)
				v.program = true
			}
			options = options && t.mixed && (t.after == 0 || v.operands < t.after)
		}
	}
	return v
}

// option looks at an option, the first of args. It returns how many of the words
// behind it belong to it, and whether it was for a program.
func (t *interpreter) option(args []word, code func(word) bool, inOperand *bool) (more int, program bool) {
	w := args[0]
	if long, ok := strings.CutPrefix(w.text, "--"); ok {
		long, _, attached := strings.Cut(long, "=")
		switch {
		case slices.Contains(t.pairs, long):
			return 2, false
		case !slices.Contains(t.long, long):
			return 0, false
		}
		*inOperand = false
		if attached || len(args) < 2 {
			code(w)
			return 0, true
		}
		code(args[1])
		return 1, true
	}
	for j := 1; j < len(w.text); j++ {
		c := w.text[j]
		last := j == len(w.text)-1
		switch {
		case t.shell && c == 'c':
			*inOperand = true
		case c == hole:
			code(w) // the value would say which options there are
			return 0, false
		case strings.IndexByte(t.code, c) >= 0:
			*inOperand = false
			if !last || len(args) < 2 {
				code(w)
				return 0, true
			}
			code(args[1])
			return 1, true
		case strings.IndexByte(t.file, c) >= 0:
			*inOperand = false
			fallthrough
		case strings.IndexByte(t.value, c) >= 0:
			isFile := strings.IndexByte(t.file, c) >= 0
			if last {
				return 1, isFile
			}
			return 0, isFile
		case strings.IndexByte(t.tail, c) >= 0:
			return 0, false
		}
	}
	return 0, false
}

// error says what is wrong with a placeholder, or, if there is none, with the record as
// standard input.
func (f *finding) error(p *part) error {
	name, own := "{}", ""
	var subject string
	switch {
	case p == nil:
		subject = "the record, on standard input, would be "
	case p.appended:
		subject = "the record, appended as there is no placeholder, would be "
	default:
		name = p.String()
		subject, own = name+" would be ", "its value "
	}
	return fmt.Errorf("%s%s, and %srun as code. Instead, %s. If all values are yours: --unsafe-quotes",
		subject, f.why, own, strings.ReplaceAll(strings.ReplaceAll(f.do, "%%", "%"), "{}", name))
}

package exec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A value in a line for the shell is quoted with single quotes. That is right only
// where the shell reads a quote as the beginning of a quoted text: not within other
// quotes, here-documents, comments, arithmetic or backquotes. So the line is read as
// the shell does, with a quoted mark for each value, and every mark must come out as
// a quoted text of its own in a place where words are data.
//
// /bin/sh is another shell on each system. The line is read as bash does, which must
// understand it, as it has all that others have and more: where it does not, what bash runs
// would be judged by who does not know its commands, such as let. It is read as POSIX has it
// as well, and whoever understands it must find it safe.

// mark is what stands for the value of placeholder n in a line that is only read.
func mark(n int) string { return fmt.Sprintf("BROOD-%d-VALUE", n) }

// checkShell looks at the line of --shell, with its placeholders numbered from 0. Input says
// that the record is on its standard input.
// Several says that {} is several words.
func checkShell(line template, input, several bool) (found *finding, dashless []int, err error) {
	var text strings.Builder
	at := make(map[uint]int) // offset of the quote: which
	lists := make(map[int]bool)
	n, appended := 0, noHole
	for _, p := range line {
		switch {
		case p.kind == partLiteral:
			text.WriteString(p.text)
			continue
		case p.counted():
			text.WriteByte('1')
		default:
			if several && p.kind == partLine {
				lists[n] = true
			}
			at[uint(text.Len())] = n
			text.WriteString("'" + mark(n) + "'")
		}
		if p.appended {
			appended = n
		}
		n++
	}
	if len(at) == 0 && !input {
		return nil, nil, nil
	}
	for _, lang := range []syntax.LangVariant{syntax.LangBash, syntax.LangPOSIX} {
		file, err := syntax.NewParser(syntax.Variant(lang)).Parse(strings.NewReader(text.String()), "")
		switch {
		case err != nil && len(at) == 0:
			continue // there is no value in it, so that is the shell's to say
		case err != nil && lang == syntax.LangBash && appended != noHole:
			return nil, nil, fmt.Errorf("--shell: the record, appended as there is no placeholder, stands where a shell cannot read it (%w); write {} where it belongs, or --no-append", err)
		case err != nil && lang == syntax.LangBash:
			return nil, nil, fmt.Errorf("--shell: a shell cannot read this, so nobody can say whether the values are safe in it: %w", err)
		case err != nil:
			continue
		}
		r := &reading{text: text.String(), at: at, seen: make(map[int]bool), input: input, appended: appended, lists: lists}
		r.file(file)
		for _, i := range slices.Sorted(maps.Values(at)) {
			if !r.seen[i] && r.found == nil {
				r.found = &finding{
					i, "within quotes, a here-document, a comment, or another place where the shell does not take it for a word",
					`write it outside of them, as its value is quoted already: "a "{}" b"; what needs a here-document can be a printf '%s\n' {} | …`,
				}
			}
		}
		if r.found == nil && appended != noHole && !r.argued {
			r.found = &finding{appended, "no argument of a command", "write {} where it belongs, or --no-append"}
		}
		if r.found != nil {
			return r.found, nil, nil
		}
		dashless = append(dashless, r.dashless...)
	}
	return nil, slices.DeleteFunc(dashless, func(i int) bool { return i == noHole }), nil
}

// reading is a line that was read by one kind of shell.
type reading struct {
	text     string
	at       map[uint]int // offset of a mark's quote: number of the placeholder
	seen     map[int]bool // those that are words, or parts of one
	found    *finding
	dashless []int
	path     []syntax.Node
	input    bool         // the record is on standard input
	appended int          // the number of the appended record, or noHole
	argued   bool         // it is an argument
	lists    map[int]bool // those that are several words
	numbers  bool         // variables may be numbers

	vars      map[string][]int // the variables that hold values, and which
	functions map[string]bool  // those that the line declares
}

// file goes through all that was read.
func (r *reading) file(f *syntax.File) {
	r.numbers = r.calculates(f)
	r.follow(f)
	syntax.Walk(f, func(n syntax.Node) bool {
		if n == nil {
			r.path = r.path[:len(r.path)-1]
			return true
		}
		r.path = append(r.path, n)
		r.calculated(n)
		switch n := n.(type) {
		case *syntax.SglQuoted:
			i, ok := r.at[n.Pos().Offset()]
			if ok && n.Value == mark(i) && !n.Dollar && r.safe() && !r.dollar(n) {
				r.seen[i] = true
				r.checkList(i)
			}
		case *syntax.CallExpr:
			r.call(n)
		case *syntax.BinaryCmd:
			if n.Op == syntax.Pipe || n.Op == syntax.PipeAll {
				r.pipe(n)
			}
		}
		return true
	})
}

// checkList refuses what is several words where there is room for one.
func (r *reading) checkList(i int) {
	if !r.lists[i] || r.found != nil {
		return
	}
	n := len(r.path)
	alone := false
	if w, ok := r.path[n-2].(*syntax.Word); ok && len(w.Parts) == 1 && n > 2 {
		switch r.path[n-3].(type) {
		case *syntax.CallExpr, *syntax.WordIter:
			alone = true
		}
	}
	if !alone {
		r.found = &finding{i, "several words in a place for one", "write it as a word by itself: cat {} | sort; or for f in {}; do …; done"}
	}
}

// dollar says that a dollar sign stands before a quote: that is another kind of
// quote in some shells.
func (r *reading) dollar(n *syntax.SglQuoted) bool {
	at := n.Pos().Offset()
	return at > 0 && r.text[at-1] == '$'
}

// safe says whether the place that was reached is one for data: every node above it
// must be known to leave quotes what they are.
func (r *reading) safe() bool {
	for i, n := range r.path {
		var below syntax.Node
		if i+1 < len(r.path) {
			below = r.path[i+1]
		}
		switch n := n.(type) {
		case *syntax.File, *syntax.Stmt, *syntax.CallExpr, *syntax.Word, *syntax.IfClause, *syntax.WhileClause, *syntax.ForClause,
			*syntax.WordIter, *syntax.CaseClause, *syntax.CaseItem, *syntax.Block, *syntax.Subshell, *syntax.BinaryCmd,
			*syntax.FuncDecl, *syntax.TimeClause, *syntax.DeclClause, *syntax.ProcSubst, *syntax.SglQuoted:
		case *syntax.DblQuoted:
			if _, ok := below.(*syntax.CmdSubst); !ok {
				return false
			}
		case *syntax.CmdSubst:
			if n.Backquotes {
				return false
			}
		case *syntax.Redirect:
			// What becomes the input of a program, by <<<, is code if that is a shell.
			if below != n.Word || n.Op == syntax.Hdoc || n.Op == syntax.DashHdoc || n.Op == syntax.WordHdoc || n.Op == syntax.DplIn || n.Op == syntax.DplOut {
				return false
			}
		case *syntax.Assign:
			if below != n.Value || n.Naked {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// call looks at a command: what its program makes of the words.
func (r *reading) call(c *syntax.CallExpr) {
	words := r.words(c)
	found, dashless := codeIn(r.multiplied(words))
	if found == nil {
		found = declared(words)
	}
	if len(words) > 0 && strings.ContainsRune(words[0].text, unknown) {
		// $X {name}, where X may be eval, or be nothing in front of sh -c.
		for _, w := range words {
			if len(w.holes) > 0 {
				found = &finding{w.holes[0], "an argument of a program that only the shell will know", "write its name as it is"}
			}
		}
	}
	if found == nil {
		found = misplaced(words)
	}
	if found == nil && r.input {
		found = readsCode(words, noHole)
	}
	if r.found == nil {
		r.found = found
	}
	r.argued = r.argued || len(words) > 1 && words[len(words)-1].appended
	r.dashless = append(append(r.dashless, dashless...), undashed(words)...)
}

// pipe looks at what goes into a program that takes its input for code: echo {} | sh. What
// else a value is an argument of prints something of its own: zcat {} | mysql is right.
func (r *reading) pipe(b *syntax.BinaryCmd) {
	value, ok := r.printed(b.X)
	if !ok {
		return
	}
	syntax.Walk(b.Y, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok && r.found == nil {
			r.found = readsCode(r.words(c), value)
		}
		return true
	})
}

// words are the words of a command.
func (r *reading) words(c *syntax.CallExpr) []word {
	words := make([]word, len(c.Args))
	for i, a := range c.Args {
		words[i] = r.word(a.Parts)
	}
	return words
}

// multiplied are the words, with those twice that may be several.
func (r *reading) multiplied(words []word) []word {
	if len(r.lists) == 0 {
		return words
	}
	return doubled(words)
}

// word is a word of the shell as far as it is known.
func (r *reading) word(parts []syntax.WordPart) word {
	var w word
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			w.text += unescape(p.Value)
		case *syntax.SglQuoted:
			if i, ok := r.at[p.Pos().Offset()]; ok {
				w.text += string(hole)
				w.holes = append(w.holes, i)
				w.appended = i == r.appended
			} else {
				w.text += p.Value
			}
		case *syntax.DblQuoted:
			within := r.word(p.Parts)
			w.text += within.text
			w.holes = append(w.holes, within.holes...)
		case *syntax.ParamExp:
			w.hold(r.heldBy(p))
		case *syntax.CmdSubst:
			if value, ok := r.printed(p); ok {
				w.hold([]int{value})
			} else {
				w.hold(nil)
			}
		default:
			w.hold(nil)
		}
	}
	return w
}

// hold adds what only the shell will know, which has these values in it.
func (w *word) hold(holes []int) {
	if len(holes) == 0 {
		w.text += string(unknown)
		return
	}
	w.text += string(hole)
	w.holes = append(w.holes, holes[0])
}

// unescape takes away the backslashes of an unquoted text: only the name of a program
// and of an option depend on it.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

package exec

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A line may put a value into a variable first and do with that what must not be done with the
// value: x={}; sh -c "$x". So values are followed through the line: a variable that was given
// one stands for it wherever it is read. Order and conditions are not looked at, a variable
// that ever holds a value always does. Where a program makes something else of a value, such as
// its checksum, it is not followed.

// arguments is the name under which what $1, $@ and the like hold is kept.
const arguments = "1"

// follow finds the variables that hold values, until there are no more of them.
func (r *reading) follow(f *syntax.File) {
	r.vars = make(map[string][]int)
	r.functions = make(map[string]bool)
	for before := -1; before != len(r.vars); {
		before = len(r.vars)
		syntax.Walk(f, func(n syntax.Node) bool {
			r.handOn(n)
			return true
		})
	}
}

// handOn looks at what gives values to variables.
func (r *reading) handOn(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.Assign:
		if n.Name == nil && n.Value != nil && r.found == nil {
			r.found = declared([]word{{text: "declare"}, r.word(n.Value.Parts)})
		}
		if n.Name != nil && n.Value != nil {
			r.hold(n.Name.Value, r.word(n.Value.Parts).holes)
		}
		if n.Name != nil && n.Array != nil {
			for _, e := range n.Array.Elems {
				if e.Value != nil {
					r.hold(n.Name.Value, r.word(e.Value.Parts).holes)
				}
			}
		}
	case *syntax.WordIter:
		for _, w := range n.Items {
			r.hold(n.Name.Value, r.word(w.Parts).holes)
		}
	case *syntax.FuncDecl:
		if n.Name != nil {
			r.functions[n.Name.Value] = true
		}
	case *syntax.CallExpr:
		words := r.words(n)
		if at, _ := started(words); at < len(words) {
			r.given(words[at].text, words[at+1:])
			if r.input {
				r.taken(words[at].text, words[at+1:], noHole)
			}
		}
	case *syntax.BinaryCmd:
		if n.Op != syntax.Pipe && n.Op != syntax.PipeAll {
			return
		}
		if value, ok := r.printed(n.X); ok {
			syntax.Walk(n.Y, func(n syntax.Node) bool {
				if c, is := n.(*syntax.CallExpr); is && len(c.Args) > 0 {
					words := r.words(c)
					r.taken(words[0].text, words[1:], value)
				}
				return true
			})
		}
	}
}

// given looks at a command that gives its arguments to variables.
func (r *reading) given(program string, args []word) {
	switch {
	case program == "set" || r.functions[program]:
		for _, w := range args {
			r.hold(arguments, w.holes)
		}
	case declares(program):
		for _, w := range args {
			if name, _, ok := strings.Cut(w.text, "="); ok {
				r.hold(strings.TrimSuffix(name, "+"), w.holes)
			}
		}
	case program == "printf" && len(args) > 0 && strings.HasPrefix(args[0].text, "-v"):
		name := args[0].text[2:]
		if name == "" && len(args) > 1 {
			name = args[1].text
		}
		for _, w := range args {
			r.hold(name, w.holes)
		}
	}
}

// taken looks at a command that reads variables from its input.
func (r *reading) taken(program string, args []word, value int) {
	if program != "read" && program != "mapfile" && program != "readarray" {
		return
	}
	r.hold("REPLY", []int{value})
	r.hold("MAPFILE", []int{value})
	for _, w := range args {
		if !strings.HasPrefix(w.text, "-") {
			r.hold(w.text, []int{value})
		}
	}
}

// declares reports whether a command of the shell declares variables. Read as bash does, one
// written plainly is no command; it is one behind a backslash, quotes, or command and builtin.
func declares(program string) bool {
	switch program {
	case "declare", "typeset", "local", "export", "readonly":
		return true
	}
	return false
}

// hold notes that a variable holds values, and finds what must not: one that acts, and one that
// bash calculates with, where a[$(…)] is run.
func (r *reading) hold(name string, holes []int) {
	if len(holes) == 0 {
		return
	}
	if _, ok := r.vars[name]; !ok {
		r.vars[name] = holes
	}
	switch {
	case r.found != nil:
	case acts(name):
		r.found = &finding{holes[0], "the variable " + name + ", which programs run or are told by what to run", doOther}
	case r.numbers && name != arguments:
		r.found = &finding{holes[0], "a number or a reference to bash, which runs what is in $(…) there", "leave -i and -n away where variables are declared"}
	case slices.Contains([]string{"RANDOM", "SRANDOM", "OPTIND", "HISTCMD"}, name): // integers of bash's own
		r.found = &finding{holes[0], "the variable " + name + ", a number to bash, which runs what is in $(…) there", "put it into a variable of another name"}
	}
}

// heldBy are the values that an expansion has in it.
func (r *reading) heldBy(p *syntax.ParamExp) []int {
	if p.Param == nil || p.Length || p.Names != 0 {
		return nil
	}
	holes := r.vars[parameter(p.Param.Value)]
	if p.Exp != nil && p.Exp.Word != nil && len(holes) == 0 {
		holes = r.word(p.Exp.Word.Parts).holes
	}
	return holes
}

// parameter is the name under which the values of a parameter are kept.
func parameter(name string) string {
	if name == "@" || name == "*" || name != "" && name[0] >= '1' && name[0] <= '9' {
		return arguments
	}
	return name
}

// printed is a value that echo or printf write in what is run, if it comes out of it as it is.
func (r *reading) printed(n syntax.Node) (value int, ok bool) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.BinaryCmd:
			if (n.Op == syntax.Pipe || n.Op == syntax.PipeAll) && !r.passes(n.Y) {
				return false
			}
		case *syntax.CallExpr:
			words := r.words(n)
			at, _ := started(words)
			if at == len(words) || !slices.Contains([]string{"echo", "printf", "print"}, programName(words[at].text)) {
				return true
			}
			for _, w := range words[at+1:] {
				if len(w.holes) > 0 && !ok {
					value, ok = w.holes[0], true
				}
			}
		}
		return !ok
	})
	return value, ok
}

// passes reports whether text that goes in comes out again, at least some of it: not from wc
// and sha256sum.
func (r *reading) passes(s *syntax.Stmt) bool {
	passes := true
	syntax.Walk(s, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok && len(c.Args) > 0 {
			words := r.words(c)
			at, _ := started(words)
			passes = passes && at < len(words) && slices.Contains([]string{
				"cat", "tr", "sed", "awk", "cut", "head", "tail", "sort", "uniq", "grep", "tee", "rev", "tac", "fold", "fmt", "paste", "xargs", "echo", "printf", "read",
			}, programName(words[at].text))
		}
		return passes
	})
	return passes
}

// counts finds a value in what bash calculates with: there a variable's value is an expression
// again, and a[$(…)] in it is run.
func (r *reading) counts(nodes ...syntax.Node) {
	for _, n := range nodes {
		syntax.Walk(n, func(n syntax.Node) bool {
			var holes []int
			switch n := n.(type) {
			case *syntax.Word:
				holes = r.vars[n.Lit()]
			case *syntax.ParamExp:
				holes = r.heldBy(n)
			case *syntax.CmdSubst:
				if value, ok := r.printed(n); ok {
					holes = []int{value}
				}
			}
			if len(holes) > 0 && r.found == nil {
				r.found = &finding{holes[0], "calculated with by the shell, which runs what is in $(…) there", "calculate with awk: awk -v v={} 'BEGIN { print v + 1 }'"}
			}
			_, within := n.(*syntax.CmdSubst)
			return !within
		})
	}
}

// calculated looks at a node for what is calculated in it.
func (r *reading) calculated(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.ArithmExp:
		r.counts(n.X)
	case *syntax.ArithmCmd:
		r.counts(n.X)
	case *syntax.LetClause:
		for _, x := range n.Exprs {
			r.counts(x)
		}
	case *syntax.CStyleLoop:
		for _, x := range []syntax.ArithmExpr{n.Init, n.Cond, n.Post} {
			if x != nil {
				r.counts(x)
			}
		}
	case *syntax.Assign:
		if n.Index != nil {
			r.counts(n.Index)
		}
	case *syntax.ArrayElem:
		if n.Index != nil {
			r.counts(n.Index)
		}
	case *syntax.ParamExp:
		r.expanded(n)
	case *syntax.UnaryTest:
		if n.Op == syntax.TsVarSet {
			r.counts(n.X)
		}
	case *syntax.BinaryTest:
		if slices.Contains([]syntax.BinTestOperator{syntax.TsEql, syntax.TsNeq, syntax.TsLeq, syntax.TsGeq, syntax.TsLss, syntax.TsGtr}, n.Op) {
			r.counts(n.X, n.Y)
		}
	}
}

// expanded looks at an expansion: an index and the ends of a slice are numbers, and ${!x} is
// what the value of x names.
func (r *reading) expanded(p *syntax.ParamExp) {
	if p.Index != nil {
		r.counts(p.Index)
	}
	if p.Slice != nil && p.Slice.Offset != nil {
		r.counts(p.Slice.Offset)
	}
	if p.Slice != nil && p.Slice.Length != nil {
		r.counts(p.Slice.Length)
	}
	if holes := r.heldBy(p); p.Excl && len(holes) > 0 && r.found == nil {
		r.found = &finding{holes[0], "the name of a variable to the shell, which runs what is in $(…) there", "write the name as it is"}
	}
}

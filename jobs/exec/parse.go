package exec

import (
	"brood/jobs"
	"brood/jobs/placeholder"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// grammar is how a command is read.
type grammar struct {
	shape *jobs.Shape
	// old says that the run was begun when {#} counted from 0, and what was no placeholder
	// was left as it was.
	old bool
	// replace stands for {}, which then means nothing; empty: it is {}.
	replace string
	// literal says that what is no placeholder is to be left as it is: --literal-braces.
	literal bool
}

// parse finds the placeholders of one argument. Braces around what is certainly none are left
// alone, so that awk and JSON can be written as they are; what looks like one that is none is
// refused. A backslash before "{" takes away its meaning.
func (g grammar) parse(arg string) (template, error) {
	var t template
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			t = append(t, part{kind: partLiteral, text: lit.String()})
			lit.Reset()
		}
	}
	for i := 0; i < len(arg); {
		if n, is := g.replaced(arg[i:]); is {
			flush()
			t = append(t, part{kind: partLine, text: g.replace})
			i += n
			continue
		} else if n > 0 {
			lit.WriteString(arg[i : i+n])
			i += n
			continue
		}
		if strings.HasPrefix(arg[i:], `\{`) {
			lit.WriteByte('{')
			i += 2
			continue
		}
		if arg[i] != '{' {
			lit.WriteByte(arg[i])
			i++
			continue
		}
		if n, err := g.double(arg[i:]); n > 0 || err != nil {
			if err != nil {
				return nil, err
			}
			lit.WriteString(arg[i : i+n])
			i += n
			continue
		}
		end := strings.IndexByte(arg[i:], '}')
		if end < 0 {
			lit.WriteString(arg[i:])
			break
		}
		inner := arg[i+1 : i+end]
		p, known, err := g.placeholder(inner)
		switch {
		case err != nil:
			return nil, err
		case !known && g.suspect(arg[:i], inner):
			return nil, g.unfilled(inner)
		case !known:
			lit.WriteByte('{')
			i++
			continue
		}
		flush()
		t = append(t, p)
		i += end + 1
	}
	flush()
	return t, nil
}

// suspect reports whether what is no placeholder looks like one.
func (g grammar) suspect(before, inner string) bool {
	if g.old {
		return isMember(inner)
	}
	return !g.literal && placeholder.Suspect(before, inner, g.shape.Columns)
}

// double looks at what begins with {{. It returns how much of it is plain text to its end: a
// template of another program's, such as docker's --format '{{.Names}}'.
func (g grammar) double(text string) (plain int, err error) {
	if g.old || g.literal || !strings.HasPrefix(text, "{{") {
		return 0, nil
	}
	end := strings.Index(text, "}}")
	if end < 0 {
		return 0, nil
	}
	inner := text[2:end]
	if placeholder.SuspectDouble(inner, g.shape.Columns) {
		return 0, fmt.Errorf("%s: here a placeholder has one pair of braces, as in {%s}. For plain braces write \\{\\{, or --literal-braces", text[:end+2], g.example(strings.Trim(inner, "{}#/^&>.$@= ")))
	}
	if name := strings.TrimSpace(inner); name == "" || strings.ContainsAny(name, "{\"'") {
		return 0, nil // {{}}, and JSON in JSON
	}
	return end + 2, nil
}

// example is a column to show how it is written: the one that was meant, if that is known.
func (g grammar) example(name string) string {
	if slices.Contains(g.shape.Columns, name) {
		return name
	}
	if near := placeholder.Nearest(name, g.shape.Columns); near != "" {
		return near
	}
	if len(g.shape.Columns) > 0 {
		return g.shape.Columns[0]
	}
	return "name"
}

// placeholder reads what stands between braces. It is not known if it is no placeholder. A
// column comes before what the same text could mean otherwise.
func (g grammar) placeholder(inner string) (p part, known bool, err error) {
	if g.shape.Index(inner) >= 0 {
		return g.named(inner), true, nil
	}
	switch inner {
	case "#":
		if g.old {
			return part{kind: partSeqZero}, true, nil
		}
		return part{kind: partSeq}, true, nil
	case "%":
		return part{kind: partSlot}, true, nil
	}
	for _, take := range []taking{takeDir, takeBaseNoExt, takeBase, takeNoExt, takeAll} {
		name, ok := strings.CutSuffix(inner, takings[take])
		if !ok {
			continue
		}
		if name == "" {
			return part{kind: partLine, take: take}, true, nil
		}
		if g.old && take != takeAll {
			continue
		}
		if p, known, err = g.column(name); known || err != nil {
			p.take = take
			return p, known, err
		}
	}
	return part{}, false, nil
}

// column finds a column by its name or position.
func (g grammar) column(name string) (p part, known bool, err error) {
	if g.shape.Index(name) >= 0 {
		return g.named(name), true, nil
	}
	if g.grouped() {
		return g.nth(name)
	}
	columns := g.shape.Columns
	if g.shape.Kind == jobs.Objects {
		// Members may differ from object to object, but those of the first are no accident.
		own := isMember(name) && !g.literal && (g.old || placeholder.Nearest(name, columns) == "" && !g.within(name))
		return part{kind: partColumn, text: name}, own, nil
	}
	n, err := strconv.Atoi(name)
	switch {
	case err != nil || n == 0 || strings.HasPrefix(name, "+"):
		return part{}, false, nil //nolint:nilerr // no number, so no column's position
	case n < 0 && g.old, g.literal && max(n, -n) > len(columns):
		return part{}, false, nil
	case max(n, -n) > len(columns):
		return part{}, false, fmt.Errorf("{%d}: the dataset has %s. For plain braces write \\{%d}, or --literal-braces", n, counted(columns), n)
	case n < 0:
		n += len(columns) + 1
	}
	return part{kind: partColumn, text: columns[n-1]}, true, nil
}

// counted says how many columns there are, and which.
func counted(columns []string) string {
	if len(columns) == 1 {
		return "1 column: " + columns[0]
	}
	return fmt.Sprintf("%d columns: %s", len(columns), placeholder.Listed(columns))
}

// within reports whether a name is a path into a member that there is.
func (g grammar) within(name string) bool {
	first, _, deep := strings.Cut(name, ".")
	return deep && g.shape.Index(first) >= 0
}

// isMember says whether s looks as if it was meant to be a member of an object.
func isMember(s string) bool {
	for i, c := range s {
		first := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c > 127
		later := i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '.')
		if !first && !later {
			return false
		}
	}
	return s != ""
}

// unfilled says what is wrong with a placeholder that is none.
func (g grammar) unfilled(inner string) error {
	columns := g.shape.Columns
	reason := fmt.Sprintf("the dataset has no such column; it has %s", placeholder.Listed(columns))
	name := strings.TrimSpace(inner)
	switch near := placeholder.Nearest(name, columns); {
	case inner == "##":
		return errors.New("{##}: how many records there are is not known before the last one is read")
	case near != "":
		reason = fmt.Sprintf("the dataset has no such column; did you mean {%s}? It has %s", near, placeholder.Listed(columns))
	case slices.Contains(columns, name):
		reason = fmt.Sprintf("a placeholder has no spaces around the column: {%s}", name)
	case strings.Trim(inner, "./#%+^@:!?-0123456789") == "" || strings.HasPrefix(inner, "="):
		reason = "this is no placeholder of brood's; there are {} {.} {/} {//} {/.} {#} {%}, and columns as in {1} {-1} {1/.}"
	case g.shape.Kind == jobs.Objects && g.within(name):
		reason = fmt.Sprintf("values within a member have no placeholder; give {%s} to jq, or the whole record by --stdin", name[:strings.IndexByte(name, '.')])
	case g.shape.Kind == jobs.Lines:
		reason = "the dataset is plain lines, with no columns but {line}; if it is a table say so with --format csv"
	case g.shape.Kind == jobs.Objects:
		reason = fmt.Sprintf("there is no such member; the first record has %s", placeholder.Listed(columns))
	}
	return fmt.Errorf("{%s}: %s. For plain braces write \\{%s}, or --literal-braces", inner, reason, inner)
}

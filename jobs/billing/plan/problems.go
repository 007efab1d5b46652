package plan

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Problem is what is wrong with a row, or odd about it.
type Problem struct {
	Kind         Kind
	File         string
	Line, Column int    // 0: it is about more than a row
	Name         string // of the column
	Invoice      string
	Text         string
}

// Place is where it is, as file:line:column.
func (p *Problem) Place() string {
	s := p.File
	if p.Line > 0 {
		s += ":" + strconv.Itoa(p.Line)
	}
	if p.Column > 0 {
		s += ":" + strconv.Itoa(p.Column)
	}
	return s
}

// String is for people, on one line.
func (p *Problem) String() string {
	var b strings.Builder
	for _, part := range []string{p.Place(), p.Name, p.Text} {
		if part != "" {
			if b.Len() > 0 {
				b.WriteString(": ")
			}
			b.WriteString(printable(part))
		}
	}
	if p.Invoice != "" && !p.names() {
		b.WriteString(" (invoice " + printable(p.Invoice) + ")")
	}
	return b.String()
}

// names reports whether the text says which invoice it is about.
func (p *Problem) names() bool {
	for text := p.Text; ; {
		_, rest, found := strings.Cut(text, "invoice "+p.Invoice)
		if !found {
			return false
		}
		if rest == "" || strings.ContainsAny(rest[:1], " ,:;.)") {
			return true
		}
		text = rest
	}
}

// mostShown is how many problems are shown of refusals, and of warnings.
const mostShown = 20

// mostOfKind is how many of the warnings that are shown may be of one kind, so that each kind has its turn.
const mostOfKind = 5

// problems counts all and keeps the first.
type problems struct {
	counts  map[Kind]int
	refused int
	first   []Problem // refusals
	warned  []Problem
	shown   map[Kind]int
	all     *csv.Writer // of a file with all of them; nil: none
}

func newProblems(all io.Writer) *problems {
	p := &problems{counts: make(map[Kind]int), shown: make(map[Kind]int)}
	if all != nil {
		p.all = csv.NewWriter(all)
		_ = p.all.Write([]string{"weight", "kind", "file", "line", "column", "name", "invoice_id", "text"}) // what goes wrong is told by finish
	}
	return p
}

func (p *problems) add(one Problem) { p.addMany(one, 1) }

// addMany adds one that stands for several.
func (p *problems) addMany(one Problem, n int) {
	p.counts[one.Kind] += n
	weight := "refused"
	switch warns := Warns(one.Kind); {
	case !warns:
		p.refused += n
		if len(p.first) < mostShown {
			p.first = append(p.first, one)
		}
	default:
		weight = "warning"
		if len(p.warned) < mostShown && p.shown[one.Kind] < mostOfKind {
			p.shown[one.Kind]++
			p.warned = append(p.warned, one)
		}
	}
	if p.all != nil {
		_ = p.all.Write([]string{weight, string(one.Kind), one.File, number(one.Line), number(one.Column), one.Name, one.Invoice, one.Text})
	}
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// finish says whether the file with all of them was written.
func (p *problems) finish() error {
	if p.all == nil {
		return nil
	}
	p.all.Flush()
	if err := p.all.Error(); err != nil {
		return fmt.Errorf("--problems: %w", err)
	}
	return nil
}

// warnings are the counts of the header.
func (p *problems) warnings() map[Kind]int {
	m := maps.Clone(p.counts)
	maps.DeleteFunc(m, func(k Kind, _ int) bool { return !Warns(k) || k == KindNote })
	if len(m) == 0 {
		return nil
	}
	return m
}

// kinds are those that there are, refusals first, each in the order of its word.
func (p *problems) kinds() []Kind {
	return slices.SortedFunc(maps.Keys(p.counts), func(a, b Kind) int {
		if x, y := Warns(a), Warns(b); x != y {
			if x {
				return 1
			}
			return -1
		}
		return strings.Compare(string(a), string(b))
	})
}

// printable is a text as it may stand in a terminal and on one line: control characters, and those that turn or hide what
// stands beside them, are written as Go writes them.
func printable(s string) string {
	if !strings.ContainsFunc(s, unseen) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unseen(r) {
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func unseen(r rune) bool { return r != ' ' && !unicode.IsPrint(r) || r == unicode.ReplacementChar }

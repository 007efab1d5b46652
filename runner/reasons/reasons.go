// Package reasons sorts what went wrong with the records of a run: those that ended alike
// for the same reason are told together, in the order of the input. It promises that what
// it keeps is bounded, whatever the errors are, and leaves to others whose failures they
// are and how they are shown.
package reasons

import (
	"brood/jobs"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Kept is how many groups are enough for a run: nobody reads more.
const Kept = 1000

// Failure is a record that failed, or of which nobody knows whether it was done.
type Failure struct {
	Seq    jobs.Seq
	Place  string // where it stands, as file:line
	Status jobs.Status
	Class  jobs.Class
	Error  string
	// Values are the record's own, its raw bytes among them: errors that differ by these
	// alone have the same reason. Nil: they are not known.
	Values [][]byte
}

// ValuesOf are the values of a record, for a Failure.
func ValuesOf(rec *jobs.Record) [][]byte {
	values := [][]byte{rec.Raw}
	if rec.Shape.Kind != jobs.Lines {
		rec.Each(func(_ string, v []byte) { values = append(values, v) })
	}
	return values
}

// Group is records that ended alike for the same reason.
type Group struct {
	Status  jobs.Status
	Class   jobs.Class
	Reason  string   // in one line, as it is said of the first record
	Records uint64   // how many
	First   jobs.Seq // the first of them, in the order of the input
	Place   string   // where that stands
	keys    [2]string
}

// Tally sorts failures into groups. The order in which they come does not matter, as long
// as there are no more groups than it may keep; then it keeps those that begin first.
type Tally struct {
	limit  int
	groups map[string]*Group // by each of their keys
	all    []*Group
	rest   uint64
}

// NewTally returns a tally that keeps so many groups.
func NewTally(limit int) *Tally { return &Tally{limit: limit, groups: make(map[string]*Group)} }

// Add sorts a failure in. It is borrowed.
func (t *Tally) Add(f *Failure) {
	reason := Text(f.Class, f.Error)
	kind := f.Status.String() + "\x00" + string(f.Class) + "\x00"
	// The same words are the same reason, and so are those that are the same without what
	// they have of the record. A value may be a word of the message by chance.
	plain := kind + withoutPlace(reason, f.Place)
	g := t.groups[plain]
	masked := plain
	if g == nil {
		// An exit status is none of the record's words, whatever its values are.
		words := plain[len(kind):]
		own := ownWords().FindString(words)
		masked = kind + own + mask(words[len(own):], f.Values)
		g = t.groups[masked]
	}
	if g == nil {
		if !t.makeRoom(f.Seq) {
			t.rest++
			return
		}
		g = &Group{Status: f.Status, Class: f.Class, First: f.Seq, keys: [2]string{plain, masked}}
		t.all = append(t.all, g)
		t.groups[plain], t.groups[masked] = g, g
	}
	if g.Records++; g.Records == 1 || f.Seq < g.First {
		g.First, g.Place, g.Reason = f.Seq, f.Place, reason
	}
}

// makeRoom makes room for a group that begins with seq, if it is one of the first.
func (t *Tally) makeRoom(seq jobs.Seq) bool {
	if len(t.all) < t.limit {
		return true
	}
	last := 0
	for i, g := range t.all {
		if g.First > t.all[last].First {
			last = i
		}
	}
	g := t.all[last]
	if g.First < seq {
		return false
	}
	for _, key := range g.keys {
		delete(t.groups, key)
	}
	t.rest += g.Records
	t.all = slices.Delete(t.all, last, last+1)
	return true
}

// Groups are the groups in the order of their first records. Rest is how many records are
// in groups that are not among them.
func (t *Tally) Groups() (groups []Group, rest uint64) {
	for _, g := range t.all {
		groups = append(groups, *g)
	}
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Compare(a.First, b.First) })
	return groups, t.rest
}

// shown is how much of a reason is shown in a line, in bytes.
const shown = 400

// String is a group in one line.
func (g *Group) String() string {
	reason := g.Reason
	if len(reason) > shown {
		reason = strings.ToValidUTF8(reason[:shown], "") + "…"
	}
	if !placed(reason, g.Place) {
		reason = g.Place + ": " + reason
	}
	// With the place of its own, which may have a column.
	s := fmt.Sprintf("%s: %s%s", g.Status, Where(g.First, g.Place), reason[len(g.Place):])
	switch more := g.Records - 1; more {
	case 0:
		return s
	case 1:
		return s + " (and 1 more like it)"
	default:
		return fmt.Sprintf("%s (and %d more like it)", s, more)
	}
}

// placed reports whether a reason begins with the place, as those of bad rows do.
func placed(reason, place string) bool { return place != "" && strings.HasPrefix(reason, place+":") }

// withoutPlace is a reason without the place that it begins with, and its column there.
func withoutPlace(reason, place string) string {
	if !placed(reason, place) {
		return reason
	}
	return strings.TrimPrefix(strings.TrimLeft(reason[len(place)+1:], "0123456789:"), " ")
}

// Where names a record in a message: by its number, from 0, and where it stands.
func Where(seq jobs.Seq, place string) string {
	if place == "" {
		return fmt.Sprintf("record %d", seq)
	}
	return fmt.Sprintf("record %d, %s", seq, place)
}

// hole stands for what an error has of the record.
const hole = "{}"

// mask replaces the values of a record, where they stand as whole words, longest first:
// also the name of a file without its directory or extension.
func mask(text string, values [][]byte) string {
	var words []string
	add := func(s string) {
		if s = strings.TrimSpace(s); s != "" && len(s) <= len(text) {
			words = append(words, s)
		}
	}
	for _, v := range values {
		s := string(v)
		name := s[strings.LastIndexByte(s, '/')+1:]
		add(s)
		add(name)
		if dot := strings.LastIndexByte(name, '.'); dot > 0 {
			add(name[:dot])
			add(s[:len(s)-len(name)+dot])
		}
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	for _, w := range slices.Compact(words) {
		text = replaceWord(text, w)
	}
	return text
}

// replaceWord replaces w where no letter and no digit stands beside it.
func replaceWord(text, w string) string {
	var out strings.Builder
	for at := 0; ; {
		i := strings.Index(text[at:], w)
		if i < 0 {
			out.WriteString(text[at:])
			return out.String()
		}
		begin, end := at+i, at+i+len(w)
		before, _ := utf8.DecodeLastRuneInString(text[:begin])
		after, _ := utf8.DecodeRuneInString(text[end:])
		first, _ := utf8.DecodeRuneInString(w)
		last, _ := utf8.DecodeLastRuneInString(w)
		if inWord(before) && inWord(first) || inWord(after) && inWord(last) {
			out.WriteString(text[at:end])
		} else {
			out.WriteString(text[at:begin] + hole)
		}
		at = end
	}
}

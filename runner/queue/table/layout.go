package table

import (
	"brood/runner/queue"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// layout is which column is which part of the queue; nil is one that the table does not have.
type layout struct {
	table string // quoted
	owner string // who takes
	lease time.Duration

	id, status, runAt, tries, who, until, fault, result, order *column

	body []*column // what a job has
	word map[word]any
	gaps []string // what the table does not have, for a message
	// lacking are statuses that it has no word for, and those that stand for them.
	lacking map[word]word
}

// word is a status of a row.
type word string

const (
	wordNew     word = "new"
	wordRunning word = "running"
	wordOK      word = "ok"
	wordFailed  word = "failed"
	wordSkipped word = "skipped"
	wordUnknown word = "unknown"
)

// instead are the words for what a table may have no word for.
var instead = [...]struct{ of, then word }{{wordSkipped, wordOK}, {wordUnknown, wordFailed}}

// parts are the columns of a queue.
func (l *layout) parts() []struct {
	name string
	at   **column
} {
	return []struct {
		name string
		at   **column
	}{
		{"id", &l.id},
		{"status", &l.status},
		{"run_at", &l.runAt},
		{"attempts", &l.tries},
		{"owner", &l.who},
		{"lease_until", &l.until},
		{"error", &l.fault},
		{"result", &l.result},
		{"order", &l.order},
	}
}

// single: nothing says whose a row is, and for how long.
func (l *layout) single() bool { return l.who == nil || l.until == nil }

// newLayout finds the parts of a queue in a table.
func newLayout(s *shape, spec queue.Spec) (*layout, error) {
	if s.trouble != nil {
		return nil, s.trouble
	}
	l := &layout{table: s.full, owner: spec.Owner, lease: spec.Lease}
	var known []string
	for _, p := range l.parts() {
		known = append(known, p.name)
		name, said := spec.Columns[p.name]
		if !said {
			name = p.name
		}
		*p.at = s.column(name)
		switch {
		case *p.at == nil && p.name == "id" && !said:
			l.id, _ = s.key()
		case *p.at == nil && said && name != "":
			return nil, fmt.Errorf("there is no column %q for %s; the table has %s", name, p.name, strings.Join(names(s.columns), ", "))
		}
		if *p.at == nil {
			l.gaps = append(l.gaps, p.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Columns)) {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("a queue has no column %q; it has %s", name, strings.Join(known, ", "))
		}
	}
	if err := l.check(s); err != nil {
		return nil, err
	}
	for _, c := range s.columns {
		if c == l.id || !l.uses(c) {
			l.body = append(l.body, c)
		}
	}
	return l, l.say(spec.Words)
}

// uses reports whether a column is a part of the queue.
func (l *layout) uses(c *column) bool {
	return slices.ContainsFunc(l.parts(), func(p struct {
		name string
		at   **column
	},
	) bool {
		return *p.at == c
	})
}

// check says what cannot work.
func (l *layout) check(s *shape) error {
	has := "the table has " + strings.Join(names(s.columns), ", ")
	if key, n := s.key(); l.id == nil && key == nil && n > 1 {
		return fmt.Errorf("its primary key has %d columns, and a job needs a name of one: add a column with a unique index, and say which it is", n)
	}
	if l.id == nil {
		return fmt.Errorf("which column is the id? %s", has)
	}
	if l.status == nil {
		return fmt.Errorf("which column is the status? %s", has)
	}
	if _, ok := s.unique(l.id.name); !ok || l.id.null {
		return fmt.Errorf("column %s can have the same value twice, or none, and cannot be a job's name: it needs to be the primary key, or NOT NULL with a unique index", l.id.name)
	}
	if l.id.kind != ofText && !l.id.whole {
		return fmt.Errorf("column %s is of the type %s: a job's id is an integer or a text", l.id.name, l.id.typ)
	}
	if l.tries != nil && !l.tries.whole {
		return fmt.Errorf("column %s is of the type %s: attempts are integers", l.tries.name, l.tries.typ)
	}
	for _, c := range []*column{l.runAt, l.until} {
		if c != nil && !c.stamp && c.kind != ofNumber && c.kind != ofAny {
			return fmt.Errorf("column %s is of the type %s: a time is a date and time, or seconds since 1970", c.name, c.typ)
		}
	}
	if l.who != nil {
		if l.who.kind != ofText && l.who.kind != ofAny || l.who.enum != nil {
			return fmt.Errorf("column %s is of the type %s: who has a job is a text", l.who.name, l.who.typ)
		}
		if !l.who.holds(l.owner) {
			return fmt.Errorf("column %s has room for %d characters, and who takes the jobs is called %q: make it wider", l.who.name, l.who.room, l.owner)
		}
		if l.owner == "" {
			return errors.New("who takes the jobs has no name")
		}
	}
	if !l.single() && l.lease <= 0 {
		return errors.New("for how long are jobs taken? The lease must be above 0")
	}
	for _, p := range l.parts() {
		if c := *p.at; c != nil && c != l.id && c != l.order && c.rigid {
			return fmt.Errorf("column %s is made by the database, and cannot be %s", c.name, p.name)
		}
	}
	return nil
}

// say finds the words for the statuses.
func (l *layout) say(words map[string]string) error {
	l.word, l.lacking = map[word]any{}, map[word]word{}
	all := []word{wordNew, wordRunning, wordOK, wordFailed, wordSkipped, wordUnknown}
	for _, w := range all {
		text, said := words[string(w)]
		if !said {
			text = string(w)
		}
		value, err := l.status.word(text)
		if err == nil {
			l.word[w] = value
			continue
		}
		then := word("")
		for _, i := range instead {
			if i.of == w && (!said || text == "") {
				then = i.then
			}
		}
		if then == "" {
			return fmt.Errorf("%s: %w", w, err)
		}
		l.word[w], l.lacking[w] = l.word[then], then
	}
	for _, name := range slices.Sorted(maps.Keys(words)) {
		if !slices.Contains(all, word(name)) {
			return fmt.Errorf("%q is no status; the statuses are new, running, ok, failed, skipped and unknown", name)
		}
	}
	for i, a := range all[:2] {
		for _, b := range all[i+1:] {
			if l.status.same(l.word[a], l.word[b]) {
				return fmt.Errorf("%s and %s have the same word, %v: nobody could tell them apart", a, b, l.word[a])
			}
		}
	}
	return nil
}

// word is a word as a value of the status's column.
func (c *column) word(text string) (any, error) {
	switch {
	case c.enum != nil && !slices.Contains(c.enum, text):
		return nil, fmt.Errorf("column %s has no word %q, it has %s: say which it is", c.name, text, strings.Join(c.enum, ", "))
	case c.whole:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("column %s is of the type %s, and %q is no number: say which it is", c.name, c.typ, text)
		}
		return n, nil
	case c.kind != ofText && c.kind != ofAny:
		return nil, fmt.Errorf("column %s is of the type %s: a status is a text or an integer", c.name, c.typ)
	case !c.holds(text):
		return nil, fmt.Errorf("column %s has room for %d characters, and not for %q: say another word", c.name, c.room, text)
	}
	return text, nil
}

// same compares two values of a status's column, of which one may come from the database.
func (c *column) same(a, b any) bool {
	x, y := fmt.Sprint(a), fmt.Sprint(b)
	if c.fixed {
		x, y = strings.TrimRight(x, " "), strings.TrimRight(y, " ")
	}
	return strings.EqualFold(x, y)
}

// key is an id as a value of its column; false: it cannot be one.
func (l *layout) key(id string) (any, bool) {
	if !l.id.whole {
		return id, utf8.ValidString(id) && !strings.ContainsRune(id, 0)
	}
	if n, err := strconv.ParseInt(id, 10, 64); err == nil {
		return n, true
	}
	n, err := strconv.ParseUint(id, 10, 64)
	return n, err == nil
}

// blank is the value for "nothing" in a column of text.
func (c *column) blank() any {
	if c.null {
		return nil
	}
	return ""
}

// token is what tells a delivery from the others of the row.
func (l *layout) token(tries int64) string {
	if l.tries == nil {
		return ""
	}
	return strconv.FormatInt(tries, 10)
}

// readToken reads it.
func (l *layout) readToken(token string) (int64, error) {
	if l.tries == nil {
		return 0, nil
	}
	n, err := strconv.ParseInt(token, 10, 64)
	if err != nil || n < 0 || n == math.MaxInt64 {
		return 0, fmt.Errorf("%q says nothing of a delivery: the table had no column for attempts when the job was taken", token)
	}
	return n, nil
}

// fit makes a text one that a column can have: it is cut where there is no room for all.
func (c *column) fit(text string) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
	if c.last > 0 {
		text = strings.Map(func(r rune) rune {
			if r > c.last {
				return '?'
			}
			return r
		}, text)
	}
	if c.holds(text) {
		return text
	}
	if c.bytes {
		return strings.ToValidUTF8(text[:c.room], "")
	}
	return string([]rune(text)[:c.room])
}

// lastOf is the last character of those that a character set and Unicode have in common from the first on; 0: all.
func lastOf(charset string) rune {
	switch strings.ToLower(charset) {
	case "utf8mb4", "utf8", "utf16", "utf32", "sql_ascii", "": // PostgreSQL's UTF8; it takes any bytes as SQL_ASCII
		return 0
	case "utf8mb3", "ucs2":
		return 0xFFFF
	case "latin1":
		return 0xFF
	default:
		return 0x7F
	}
}

// holds reports whether there is room for a text.
func (c *column) holds(text string) bool { return c.room <= 0 || c.size(text) <= c.room }

func (c *column) size(text string) int {
	if c.bytes {
		return len(text)
	}
	return utf8.RuneCountInString(text)
}

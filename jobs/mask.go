package jobs

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Mask takes secrets out of what a job says. A nil Mask has none.
type Mask struct {
	words   *strings.Replacer // of what is logged and kept
	results *strings.Replacer // of what the job has made of a record; nil: none
	longest int
}

const (
	masked = "***"
	// shortestSecret is the shortest value that is looked for in what is logged: a
	// shorter one would be found everywhere.
	shortestSecret = 4
	// shortestInResults is the same for results, of which nothing must be lost that is
	// no secret; and for other forms of a value.
	shortestInResults = 8
)

// NewMask makes what takes these values out of a text; nil if there are none. Logs are
// written by the line, and errors quote what they are about: so lines count alone, and in
// the forms that quoting, JSON, URLs, hexadecimal digits and base64 give them.
func NewMask(values []string) *Mask {
	var all []string
	for _, v := range values {
		for _, s := range append(strings.FieldsFunc(v, func(c rune) bool { return c == '\n' || c == '\r' }), v) {
			all = append(all, s)
			all = append(all, quotedForms(s)...)
			if len(s) >= shortestInResults {
				all = append(all, otherForms(s)...)
			}
		}
	}
	// The longest first, as one may be the beginning of another.
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	all = slices.Compact(all)
	words, results := replacer(all, shortestSecret), replacer(all, shortestInResults)
	if words == nil {
		return nil
	}
	return &Mask{words: words, results: results, longest: len(all[0])}
}

func replacer(values []string, shortest int) *strings.Replacer {
	var pairs []string
	for _, s := range values {
		if len(s) >= shortest {
			pairs = append(pairs, s, masked)
		}
	}
	if pairs == nil {
		return nil
	}
	return strings.NewReplacer(pairs...)
}

func quotedForms(s string) []string {
	quoted := strconv.Quote(s)
	out := []string{quoted[1 : len(quoted)-1]}
	var b bytes.Buffer
	for _, html := range []bool{true, false} {
		b.Reset()
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(html)
		if e.Encode(s) == nil {
			out = append(out, strings.TrimSpace(b.String())[1:b.Len()-2])
		}
	}
	return out
}

func otherForms(s string) []string {
	h := hex.EncodeToString([]byte(s))
	out := []string{queryEscape(s), pathEscape(s), h, strings.ToUpper(h)}
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		// It may stand behind something else, such as a user's name: three cases, of
		// which those characters tell that stand for the value alone.
		for before := range 3 {
			coded := e.EncodeToString(append(make([]byte, before), s...))
			from, to := (before*8+5)/6, (before+len(s))*8/6
			out = append(out, coded[from:to])
		}
	}
	return out
}

// Cut is where a text that goes on may be cut, near its end, so that no secret is.
func (m *Mask) Cut(s string) int {
	if m == nil || m.longest > len(s)/2 {
		return len(s)
	}
	whole := m.Text(s)
	for at := len(s) - m.longest + 1; at < len(s); at++ {
		if m.Text(s[:at])+m.Text(s[at:]) == whole {
			return at
		}
	}
	return len(s)
}

// Text takes the secrets out of a text that is for people or for the ledger.
func (m *Mask) Text(s string) string {
	if m == nil || s == "" {
		return s
	}
	return m.words.Replace(s)
}

// Result takes the secrets out of all members of a result. What is JSON stays JSON.
func (m *Mask) Result(r *Result) {
	if m == nil {
		return
	}
	r.Class, r.Error = Class(m.Text(string(r.Class))), m.Text(r.Error)
	if m.results == nil {
		return
	}
	r.Text = m.value(r.Text)
	for i, v := range r.Values {
		r.Values[i] = m.value(v)
	}
}

func (m *Mask) value(v []byte) []byte {
	if len(v) == 0 {
		return v
	}
	s := string(v)
	hidden := m.results.Replace(s)
	if hidden == s {
		return v
	}
	if json.Valid(v) && !json.Valid([]byte(hidden)) { // a number
		hidden = strconv.Quote(masked) + s[len(strings.TrimRight(s, "\n")):]
	}
	return []byte(hidden)
}

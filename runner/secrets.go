package runner

import (
	"slices"
	"strconv"
	"strings"
)

// shortestSecret is the shortest value that is looked for in what is logged: a
// shorter one would be found everywhere.
const shortestSecret = 4

// newMask makes what takes secrets out of a text; nil if there are none. Logs are
// written by the line, and errors quote what they are about.
func newMask(values []string) *strings.Replacer {
	var pairs, secrets []string
	for _, v := range values {
		for _, s := range append(strings.FieldsFunc(v, func(c rune) bool { return c == '\n' || c == '\r' }), v) {
			quoted := strconv.Quote(s)
			secrets = append(secrets, s, quoted[1:len(quoted)-1])
		}
	}
	// The longest first, as one may be the beginning of another.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, s := range secrets {
		if len(s) >= shortestSecret {
			pairs = append(pairs, s, "***")
		}
	}
	if pairs == nil {
		return nil
	}
	return strings.NewReplacer(pairs...)
}

// hide takes the secrets of the run out of a text.
func (s *settler) hide(text string) string {
	if s.mask == nil {
		return text
	}
	return s.mask.Replace(text)
}

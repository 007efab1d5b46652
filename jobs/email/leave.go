package email

import (
	"brood/jobs"
	"slices"
	"strings"
)

// linkOf is the place to unsubscribe that stands in the text of a message: of those in the header
// the first that a browser opens, or the first.
func linkOf(list []string) string {
	i := slices.IndexFunc(list, func(s string) bool { return strings.HasPrefix(s, "<https:") })
	return strings.Trim(list[max(i, 0)], "<>")
}

// fillable is what templates may name: the columns, and what is made besides.
func (c *composer) fillable() *jobs.Shape {
	if c.Unsubscribe == "" || c.known.Index(unsubscribeColumn) >= 0 {
		return c.known
	}
	s := *c.known
	s.Columns = append(slices.Clone(s.Columns), unsubscribeColumn)
	return &s
}

package convert

import (
	"brood/jobs/placeholder"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

type simpleForm struct {
	pattern *regexp.Regexp
	own     bool
}

// simpleForms are how the simpler programs write a column: the name is the first group that
// matches. Own says that nothing else is written so.
var simpleForms = sync.OnceValue(func() []simpleForm {
	return []simpleForm{
		{regexp.MustCompile(`%recipient[._](\w{1,100})%`), true},
		{regexp.MustCompile(`\[\[\s*([\pL_][\pL\pN_. -]{0,99}?)\s*\]\]`), true},
		{regexp.MustCompile(`<<\s*([\pL_][\pL\pN_. -]{0,99}?)\s*>>|«\s*([\pL_][\pL\pN_. -]{0,99}?)\s*»|&laquo;\s*([\pL_][\pL\pN_. -]{0,99}?)\s*&raquo;`), false},
		{regexp.MustCompile(`\$\{\s*([\pL_][\pL\pN_. -]{0,99}?)\s*\}`), true},
		{regexp.MustCompile(`\{([\pL_][\pL\pN_. -]{0,99}?)\}`), true},
		{regexp.MustCompile(`%%([\pL_][\pL\pN_-]{0,99})%%`), true},
		{regexp.MustCompile(`%([\pL_][\pL\pN_-]{1,99})%`), false},
		{regexp.MustCompile(`#([\pL_][\pL\pN_]{0,99})#|@([\pL_][\pL\pN_]{0,99})@`), false},
		{regexp.MustCompile(`\[([\pL_][\pL\pN_ -]{0,99})\]`), false},
		{regexp.MustCompile(`\B-([\pL_][\pL\pN_]{0,99})-\B`), false},
	}
})

// capitals is a name in capital letters, as nobody writes words.
var capitals = lazily(`^[A-Z][A-Z0-9_]{2,}$`)

// notText are parts of HTML in which braces are something else.
var notText = lazily(`(?is)<style\b.*?</style>|<script\b.*?</script>|<!--.*?-->`)

// simple converts what only has columns in it: {name}, %NAME%, [NAME].
func (c *converter) simple() {
	at := 0
	for at < len(c.text) {
		m, own := c.nextSimple(at)
		if m == nil {
			break
		}
		if skip := notText().FindStringIndex(c.text[at:]); skip != nil && at+skip[0] <= m.at {
			c.literal(c.text[at : at+skip[1]])
			at += skip[1]
			continue
		}
		c.literal(c.text[at:m.at])
		column, err := c.column(m.inner)
		switch {
		case err == nil && c.isColumn(m, own):
			c.action(written("", column), false, false)
			at = m.at + len(m.text)
		case err != nil && own:
			c.keep(m.at, m.text, err.Error())
			at = m.at + len(m.text)
		default: // what is behind its beginning may belong to another form
			_, n := utf8.DecodeRuneInString(m.text)
			c.literal(m.text[:n])
			at = m.at + n
		}
	}
	c.literal(c.text[at:])
}

// nextSimple is what looks like a column next, and whether it can be nothing else.
func (c *converter) nextSimple(from int) (next *piece, own bool) {
	for _, f := range simpleForms() {
		m := f.pattern.FindStringSubmatchIndex(c.text[from:])
		if m == nil || next != nil && from+m[0] >= next.at {
			continue
		}
		next, own = &piece{at: from + m[0], text: c.text[from+m[0] : from+m[1]]}, f.own
		for g := 2; g < len(m); g += 2 {
			if m[g] >= 0 {
				next.inner = strings.TrimSpace(c.text[from+m[g] : from+m[g+1]])
			}
		}
	}
	return next, own
}

// isColumn reports whether a name is one of a column, and no word of the text.
func (c *converter) isColumn(m *piece, own bool) bool {
	if c.Columns != nil {
		return true // it was found among them
	}
	behind := c.text[m.at+len(m.text):]
	if strings.HasPrefix(m.text, "[") && behind != "" && strings.IndexByte("(:[", behind[0]) >= 0 {
		return false // a link
	}
	return own || placeholder.Known(m.inner) || capitals().MatchString(m.inner) || strings.HasPrefix(m.text, "«") || strings.HasPrefix(m.text, "<<") || strings.HasPrefix(m.text, "&laquo;")
}

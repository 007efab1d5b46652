package journal

import (
	"strings"
	"unicode"
)

// longest is how much of a text stands in a description.
const longest = 120

// safe is a text of a record as it may stand in a description or a comment. It keeps letters, digits and signs that mean nothing to
// either program; all else is a space: a semicolon begins a comment, a colon makes a tag of the word before it
// (and Ledger computes what follows two of them), brackets make a date, a bar parts the payee from the note.
func safe(text string) string {
	var b strings.Builder
	space, n := false, 0
	for _, r := range text {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N) && !strings.ContainsRune("-_.,/&+#@", r) || r == unicode.ReplacementChar {
			space = true
			continue
		}
		if n >= longest {
			break
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
		n++
	}
	if b.Len() == 0 {
		return "-"
	}
	return b.String()
}

package jobs

import (
	"strings"
	"unicode/utf8"
)

// PlaceCell is how long each cell of a file of places is, see Plan.Places: text, filled up with spaces, and a line feed.
const PlaceCell = 160

// AppendPlace appends the cell of the next record: where the user has it, as in charges.csv:2. Of what is too long the end is kept.
func AppendPlace(b []byte, text string) []byte {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\n", " "), "\uFFFD")
	if most := PlaceCell - 1; len(text) > most {
		at := len(text) - most + len("…")
		for !utf8.RuneStart(text[at]) {
			at++
		}
		text = "…" + text[at:]
	}
	b = append(b, text...)
	for range PlaceCell - 1 - len(text) {
		b = append(b, ' ')
	}
	return append(b, '\n')
}

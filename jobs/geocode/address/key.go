package address

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/geo"
	"strconv"
	"strings"
)

// KeyVersion is the version of what Key returns. Keys of different versions are never equal, so
// what was kept under old ones is asked for anew.
const KeyVersion = "1"

// Key is the text by which equal questions share one lookup: the parts that an answer may depend
// on, folded, with the words for kinds of streets in their short forms. Spelling, case, and what is
// within the house make no difference; the number, the postcode, the country, the level, the
// bounds and the language do. Of a box at a post office only that it is one counts: all boxes of a
// postcode lie at one point. Equal keys are equal bytes, on all machines.
func Key(q *geo.Query) string {
	var room [512]byte
	b := append(room[:0], KeyVersion...)
	b = append(b, '|')
	if q.Reverse {
		b = appendPoint(append(b, "at="...), q.Point)
	} else {
		b = appendAddress(b, q)
	}
	if q.Level != geo.LevelAddress {
		b = append(append(b, "|l="...), q.Level.String()...)
	}
	if len(q.Countries) > 0 {
		b = append(b, "|in="...)
		for _, c := range q.Countries { // their order is the user's, and the same in all of a run
			b = append(append(b, c...), ' ')
		}
	}
	if q.Box != nil {
		b = append(b, "|box="...)
		b = appendPoint(b, geo.Point{Lat: q.Box.South, Lon: q.Box.West})
		b = appendPoint(append(b, ' '), geo.Point{Lat: q.Box.North, Lon: q.Box.East})
	}
	if q.Near != nil {
		b = appendPoint(append(b, "|near="...), *q.Near)
	}
	if q.Language != "" {
		b = append(append(b, "|lang="...), q.Language...)
	}
	if q.Limit != 0 {
		b = strconv.AppendInt(append(b, "|n="...), int64(q.Limit), 10)
	}
	if q.MaxMetres != 0 {
		b = strconv.AppendFloat(append(b, "|m="...), q.MaxMetres, 'g', -1, 64)
	}
	return string(b)
}

// appendPoint appends a point to a centimetre.
func appendPoint(b []byte, p geo.Point) []byte {
	b = strconv.AppendFloat(b, p.Lat, 'f', 7, 64)
	return strconv.AppendFloat(append(b, ','), p.Lon, 'f', 7, 64)
}

func appendAddress(b []byte, q *geo.Query) []byte {
	if q.Line != "" {
		b = append(append(b, "line="...), fold.Street(q.Line, q.CountryCode)...)
		// What was read out of the line adds nothing, but what stood in columns beside it does.
		if q.Number != "" {
			b = appendNumber(append(b, "|no="...), q.Number)
		}
	} else {
		if q.Number != "" {
			b = appendNumber(append(b, "no="...), q.Number)
		}
		if q.Street != "" {
			b = append(append(b, "|st="...), fold.Street(q.Street, q.CountryCode)...)
		}
	}
	for _, part := range [...]struct{ name, text string }{
		{"|ci=", q.City}, {"|di=", q.District}, {"|co=", q.County}, {"|sta=", q.State},
	} {
		if part.text != "" {
			b = fold.Append(append(b, part.name...), part.text)
		}
	}
	if q.Postcode != "" {
		b = appendPostcode(append(b, "|pc="...), q.Postcode)
	}
	switch {
	case q.CountryCode != "":
		b = append(append(b, "|c="...), q.CountryCode...)
	case q.Country != "":
		b = fold.Append(append(b, "|c="...), q.Country)
	}
	if q.POBox != "" {
		b = append(b, "|box"...)
	}
	return b
}

// appendNumber appends a house number in small letters and without spaces, but with what is
// between its figures: 12-3 is not 12/3, nor 123.
func appendNumber(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ' && i > 0 && i+1 < len(s) && digitBefore(s, i) && digitAt(s, i+1):
			b = append(b, '_') // 123 1/2
		case c == ' ':
		case c >= 'A' && c <= 'Z':
			b = append(b, c|0x20)
		case strings.HasPrefix(s[i:], "–"):
			b = append(b, '-')
		case c == 0x80 && i > 0 && s[i-1] == 0xe2, c == 0x93 && i > 1 && s[i-1] == 0x80 && s[i-2] == 0xe2: // the rest of it
		default:
			b = append(b, c)
		}
	}
	return b
}

// appendPostcode appends one in capitals, with letters and figures only.
func appendPostcode(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z':
			b = append(b, c&^0x20)
		case isUpperByte(c), c >= '0' && c <= '9', c >= 0x80:
			b = append(b, c)
		}
	}
	return b
}

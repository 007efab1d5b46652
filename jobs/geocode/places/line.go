package places

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/places/house"
	"slices"
	"strings"
)

// piece is a word of an address on one line, as it is written.
type piece struct {
	text    string
	segment int // counted by commas and line ends
}

// span is some pieces one after the other.
type span struct{ from, to int }

func (s span) has(i int) bool { return i >= s.from && i < s.to }

// Bounds of what is tried with one line.
const (
	mostPieces   = 24
	mostReadings = 24
	mostSlips    = 8 // readings that are tried with slips
	mostOfKind   = 3 // readings of the postcode, the number, the town
	longestTown  = 5 // words
)

// line takes an address on one line apart by what the index knows: which word is a postcode that there
// is, which words are a town; what is left beside a house number is the street. All readings that
// make sense are tried as they are written, and then with slips.
func (s *search) line(text string) {
	pieces := piecesOf(text)
	if len(pieces) == 0 {
		return
	}
	var readings []asked
	for _, code := range s.codesIn(pieces) {
		for _, number := range numbersIn(pieces, code) {
			for _, town := range s.townsIn(pieces, code, number) {
				for _, street := range streetsIn(pieces, code, number, town) {
					if len(readings) < mostReadings {
						readings = append(readings, s.reading(pieces, code, number, town, street))
					}
				}
			}
		}
	}
	const content = 0.85
	for _, strict := range [...]bool{true, false} {
		s.strict = strict
		for i := range readings {
			if !strict && i == mostSlips {
				return
			}
			s.structured(&readings[i])
			if s.err != nil || s.best() >= content {
				return
			}
		}
		if s.best() >= likely {
			return
		}
	}
}

func (s *search) reading(pieces []piece, code, number, town, street span) asked {
	text := func(p span) string {
		words := make([]string, 0, p.to-p.from)
		for _, w := range pieces[p.from:p.to] {
			words = append(words, w.text)
		}
		return strings.Join(words, " ")
	}
	a := asked{street: text(street), city: text(town), postcode: text(code), country: s.q.CountryCode, state: s.q.State}
	if n, err := house.Parse(text(number)); err == nil {
		a.number = n
	}
	if a.city == "" && a.postcode == "" {
		// What is left is a town that is not known here, and not nothing: the street is not sought
		// everywhere then.
		var rest []string
		for i := range pieces {
			if !number.has(i) && !street.has(i) {
				rest = append(rest, pieces[i].text)
			}
		}
		a.city = strings.Join(rest, " ")
	}
	return a
}

// piecesOf are the words of a line. What is within a house (Apt 4, #225) is left out.
func piecesOf(text string) []piece {
	var out []piece
	segment := 0
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '\r' || r == '|' }) {
		skip := false
		for w := range strings.FieldsSeq(part) {
			if skip || w[0] == '#' && len(out) > 0 {
				skip = w == "#"
				continue
			}
			if isUnit(w) && len(out) > 0 {
				skip = true
				continue
			}
			w = strings.Trim(w, "()\"")
			if w != "" && len(out) < mostPieces {
				out = append(out, piece{w, segment})
			}
		}
		segment++
	}
	return out
}

// isUnit reports whether a word says that the next one is of something within the house.
func isUnit(w string) bool {
	switch strings.TrimRight(strings.ToLower(w), ".:") {
	case "apt", "apartment", "unit", "suite", "ste", "whg", "wohnung", "flat", "appt", "appartement", "c/o":
		return true
	}
	return false
}

// codesIn are the postcodes in a line that the index has, from behind; then none.
func (s *search) codesIn(pieces []piece) (out []span) {
	for i := len(pieces) - 1; i >= 0 && len(out) < mostOfKind; i-- {
		for n := 2; n > 0; n-- {
			if i+n > len(pieces) {
				continue
			}
			text := pieces[i].text
			if n == 2 {
				text += pieces[i+1].text
			}
			if !hasFigure(text) {
				continue
			}
			if _, ok := s.x.codes.find(codeKey(text, s.q.CountryCode)); ok {
				out = append(out, span{i, i + n})
				break
			}
		}
	}
	return append(out, span{})
}

// numbersIn are what may be the number of the house, the likeliest first; then none.
func numbersIn(pieces []piece, code span) (out []span) {
	for i := range pieces {
		if code.has(i) || len(out) == mostOfKind || !hasFigure(pieces[i].text) || isOrdinal(pieces[i].text) {
			continue
		}
		n, err := house.Parse(pieces[i].text)
		if err != nil || n.Main == 0 {
			continue
		}
		to := i + 1
		if to < len(pieces) && !code.has(to) && pieces[to].segment == pieces[i].segment && isNumberSuffix(pieces[to].text) {
			to++
		}
		out = append(out, span{i, to})
	}
	return append(out, span{})
}

func isOrdinal(w string) bool {
	w = strings.ToLower(w)
	for _, end := range [...]string{"st", "nd", "rd", "th"} {
		if rest, ok := strings.CutSuffix(w, end); ok && figuresOnly(rest) {
			return true
		}
	}
	return false
}

func isNumberSuffix(w string) bool {
	switch strings.ToLower(w) {
	case "bis", "ter", "quater", "1/2":
		return true
	}
	return len(w) == 1 && (w[0]|0x20 >= 'a' && w[0]|0x20 <= 'd')
}

// townsIn are towns in a line that the index has, the longest and the last first; and none.
func (s *search) townsIn(pieces []piece, code, number span) (out []span) {
	var slips []span
	for n := longestTown; n > 0; n-- {
		for i := len(pieces) - n; i >= 0; i-- {
			at := span{i, i + n}
			if overlaps(at, code) || overlaps(at, number) || pieces[i].segment != pieces[i+n-1].segment || slices.ContainsFunc(out, func(o span) bool { return overlaps(o, at) }) {
				continue
			}
			words := make([]string, 0, n)
			for _, p := range pieces[i : i+n] {
				words = append(words, p.text)
			}
			key := townKey(fold.String(strings.Join(words, " ")))
			if _, ok := s.x.towns.find(key); ok {
				out = append(out, at)
			} else if s.near = s.x.towns.near(s.near[:0], key); len(s.near) > 0 {
				slips = append(slips, at)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b span) int { return b.from - a.from })
	out = out[:min(len(out), mostOfKind)]
	if len(out) == 0 {
		out = append(out, slips[:min(len(slips), mostOfKind)]...)
	}
	return append(out, span{})
}

func overlaps(a, b span) bool { return a.from < b.to && b.from < a.to }

// streetsIn are what may be the street: the words behind the number, before it, and where there is
// no number what stands first; up to the town, the postcode, or a comma.
func streetsIn(pieces []piece, code, number, town span) (out []span) {
	free := func(i int) bool { return i >= 0 && i < len(pieces) && !code.has(i) && !town.has(i) && !number.has(i) }
	put := func(at span) {
		if at.to > at.from && !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	forward := func(i int) span {
		to := i
		for free(to) && pieces[to].segment == pieces[i].segment {
			to++
		}
		return span{i, to}
	}
	backward := func(end int) span {
		from := end
		for free(from-1) && pieces[from-1].segment == pieces[end-1].segment {
			from--
		}
		return span{from, end}
	}
	if number.to > number.from {
		after, before := forward(number.to), span{}
		if number.from > 0 {
			before = backward(number.from)
		}
		if same := func(at span, i int) bool { return at.to > at.from && pieces[at.from].segment == pieces[i].segment }; !same(after, number.from) && same(before, number.from) {
			after, before = before, after
		}
		put(after)
		put(before)
		return out
	}
	for i := range pieces {
		if free(i) && (i == 0 || !free(i-1) || pieces[i-1].segment != pieces[i].segment) {
			put(forward(i))
		}
	}
	return out
}

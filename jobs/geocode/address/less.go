package address

import (
	"brood/jobs/geocode/geo"
	"strings"
)

// Fewer is a question with less in it than was asked at first. What it finds is compared with
// the full address: it is how another answer is come to, and not what is wanted.
type Fewer struct {
	geo.Query
	// Dropped are the parts that were left out, or cut.
	Dropped []Part
}

// Less returns what to ask next, in this order, when q finds nothing that will do: with the number
// without its letter or range; without the postcode, which maps lack or have otherwise; without
// district and county; the street without the number; the town with its postcode; the postcode
// alone; the town alone. Of a line of which nothing could be read: without what stands before its
// first commas. None has less than its level needs, and all differ from each other.
func Less(q *geo.Query) []Fewer {
	if q.Reverse {
		return nil
	}
	l := lesser{seen: map[string]bool{Key(q): true}}
	full := *q
	if q.Line != "" && !readable(&q.Address) {
		l.shorten(full)
		return l.out
	}
	// The parts say all that the line does, and go on without it.
	full.Line = ""
	if q.Line != "" {
		l.add(full, Whole)
	}
	if q.Level == geo.LevelAddress && q.POBox == "" && q.Street != "" {
		l.streets(full)
	}
	l.places(full)
	return l.out
}

// readable reports whether the parts of an address say where it is.
func readable(a *geo.Address) bool { return a.City != "" || a.Postcode != "" }

type lesser struct {
	out  []Fewer
	seen map[string]bool
}

func (l *lesser) add(q geo.Query, dropped ...Part) {
	if k := Key(&q); !l.seen[k] {
		l.seen[k] = true
		l.out = append(l.out, Fewer{Query: q, Dropped: append([]Part(nil), dropped...)})
	}
}

// streets leaves out what is about the house and its street.
func (l *lesser) streets(q geo.Query) {
	if base := BareNumber(q.Number); base != q.Number && base != "" {
		shorter := q
		shorter.Number = base
		l.add(shorter, Number)
	}
	if q.Postcode != "" && q.City != "" {
		without := q
		without.Postcode = ""
		l.add(without, Postcode)
	}
	if q.District != "" || q.County != "" {
		without := q
		without.District, without.County = "", ""
		if q.City != "" || q.Postcode != "" {
			l.add(without, District, County)
		}
	}
	if q.Number != "" {
		without := q
		without.Number = ""
		l.add(without, Number)
		if q.Postcode != "" && q.City != "" {
			without.Postcode = ""
			l.add(without, Number, Postcode)
		}
	}
}

// places leaves street and number out, and then one of postcode and town.
func (l *lesser) places(q geo.Query) {
	q.Street, q.Number, q.Unit, q.POBox = "", "", "", ""
	dropped := []Part{Number, Street}
	if q.Level != geo.LevelAddress {
		dropped = nil
	}
	if q.City != "" && q.Postcode != "" && q.Level != geo.LevelPostcode {
		l.add(q, dropped...)
	}
	if q.Postcode != "" {
		code := q
		code.City, code.District, code.County = "", "", ""
		l.add(code, append(dropped, City, District, County)...)
	}
	if q.City != "" && q.Level != geo.LevelPostcode {
		town := q
		town.Postcode, town.District = "", ""
		l.add(town, append(dropped, Postcode, District)...)
		town.County = ""
		l.add(town, append(dropped, Postcode, District, County)...)
	}
}

// shorten leaves out what stands before the first commas of a line.
func (l *lesser) shorten(q geo.Query) {
	rest := q.Line
	for range 2 {
		_, behind, ok := strings.Cut(rest, ",")
		if rest = strings.TrimSpace(behind); !ok || rest == "" || !hasLetter(rest) {
			return
		}
		without := q
		without.Line = rest
		l.add(without, Whole)
	}
}

// BareNumber is a house number without its letter, its range and its fraction: 12 of 12a, 12 bis,
// 12-14, 12/3. Of 37-12, as Queens writes them, nothing is taken off, nor of N6W23001.
func BareNumber(s string) string {
	n := digitsAhead(s)
	if n == 0 || n == len(s) {
		return s
	}
	if first, second, ok := NumberRange(s); ok && first >= second {
		return s
	}
	return s[:n]
}

// NumberRange reads 12-14, and 37-12, which is no range: whether first is below second tells.
func NumberRange(s string) (first, second int, ok bool) {
	n := digitsAhead(s)
	if n == 0 || n > 6 {
		return 0, 0, false
	}
	rest := strings.TrimSpace(s[n:])
	if n < len(s) && isLetterByte(s[n]) && len(rest) > 1 {
		rest = strings.TrimSpace(rest[1:]) // 12a-14
	}
	switch {
	case strings.HasPrefix(rest, "-"):
		rest = rest[1:]
	case strings.HasPrefix(rest, "–"):
		rest = rest[len("–"):]
	default:
		return 0, 0, false
	}
	rest = strings.TrimSpace(rest)
	m := digitsAhead(rest)
	if m == 0 || m > 6 {
		return 0, 0, false
	}
	return atoi(s[:n]), atoi(rest[:m]), true
}

func atoi(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

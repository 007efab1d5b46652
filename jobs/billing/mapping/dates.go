package mapping

import (
	"fmt"
	"strings"
	"time"
)

// form is how a day, or an instant, is written: YYYY, MM or M, DD or D, and hh mm ss, with what stands between them.
type form struct {
	text  string
	parts []part
	clock bool // it has a time of day
}

// part is a number of so many digits, or a text.
type part struct {
	unit     byte // of "YMDhms"; 0: text
	min, max int
	text     string
}

// parseForm reads the form of dates, as in DD.MM.YYYY or YYYY-MM-DD hh:mm.
func parseForm(text string) (form, error) {
	f := form{text: text}
	seen := ""
	for i := 0; i < len(text); {
		c := text[i]
		if !strings.ContainsRune("YMDhms", rune(c)) {
			f.parts = append(f.parts, part{text: string(c)})
			i++
			continue
		}
		n := 1
		for i+n < len(text) && text[i+n] == c {
			n++
		}
		p := part{unit: c, min: n, max: n}
		switch {
		case strings.ContainsRune(seen, rune(c)), c == 'Y' && n != 4, n > 2 && c != 'Y', n == 1 && c != 'M' && c != 'D':
			return f, fmt.Errorf("%q is no form of a date; write one as DD.MM.YYYY, M/D/YYYY or YYYY-MM-DD hh:mm:ss", text)
		case n == 1:
			p.max = 2
		}
		if k := len(f.parts); k > 0 && f.parts[k-1].unit != 0 && (f.parts[k-1].min != f.parts[k-1].max || p.min != p.max) {
			return f, fmt.Errorf("%q could be read in two ways: put something between the numbers", text)
		}
		seen += string(c)
		f.parts = append(f.parts, p)
		i += n
	}
	if !strings.ContainsRune(seen, 'Y') || !strings.ContainsRune(seen, 'M') || !strings.ContainsRune(seen, 'D') {
		return f, fmt.Errorf("%q names no day: it needs YYYY, MM and DD", text)
	}
	f.clock = strings.ContainsAny(seen, "hms")
	return f, nil
}

// parse reads a date that is exactly of the form.
func (f *form) parse(text string, zone *time.Location) (time.Time, bool) {
	var y, mo, d, h, mi, s int
	rest := text
	for _, p := range f.parts {
		if p.unit == 0 {
			var ok bool
			if rest, ok = strings.CutPrefix(rest, p.text); !ok {
				return time.Time{}, false
			}
			continue
		}
		n, v := 0, 0
		for n < p.max && n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			v = v*10 + int(rest[n]-'0')
			n++
		}
		if n < p.min {
			return time.Time{}, false
		}
		rest = rest[n:]
		switch p.unit {
		case 'Y':
			y = v
		case 'M':
			mo = v
		case 'D':
			d = v
		case 'h':
			h = v
		case 'm':
			mi = v
		case 's':
			s = v
		}
	}
	t := time.Date(y, time.Month(mo), d, h, mi, s, 0, zone)
	// time.Date takes the 31st of November for the 1st of December; an hour that a zone leaves out is not told.
	ok := rest == "" && y >= 1900 && t.Year() == y && int(t.Month()) == mo && t.Day() == d && h < 24 && mi < 60 && s < 60
	return t, ok
}

// day is the day of a date in the zone of the seller, as YYYY-MM-DD; of an end that is not in the period the last day that is.
func (m *Mapper) day(text string, f Field) (string, bool) {
	source := time.UTC
	if m.form.clock {
		source = m.from
	}
	t, ok := m.form.parse(text, source)
	if !ok {
		return "", false
	}
	outside := f == End && m.spec.PeriodEnd == Exclusive
	switch {
	case m.form.clock && outside:
		t = t.Add(-time.Second).In(m.zone)
	case m.form.clock:
		t = t.In(m.zone)
	case outside:
		t = t.AddDate(0, 0, -1)
	}
	return t.Format(time.DateOnly), true
}

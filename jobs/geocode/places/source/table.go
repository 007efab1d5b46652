package source

import (
	"brood/jobs/geocode/places/house"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// table reads the rows of one table.
type table struct {
	o       *Options
	rows    *rows
	layout  *layout
	country string
	places  placesOf
	text    strings.Builder
}

// placesOf are where the fields stand, by name, as a map is too slow for each row.
type placesOf struct {
	lat, lon, geometry                                   []int
	number, suffix, last, lastSuffix, prefix             []int
	street, address, unit                                []int
	city, district, county, region, postcode, country    []int
	from, to, parity                                     []int
	leftFrom, leftTo, rightFrom, rightTo, leftZip, right []int
}

func (l *layout) places() placesOf {
	return placesOf{
		lat: l.at[Lat], lon: l.at[Lon], geometry: l.at[Geometry],
		number: l.at[Num], suffix: l.at[NumSuffix], last: l.at[NumLast], lastSuffix: l.at[NumLastSuf], prefix: l.at[NumPrefix],
		street: l.at[Street], address: l.at[Addr], unit: l.at[UnitOf],
		city: l.at[City], district: l.at[District], county: l.at[County], region: l.at[Region], postcode: l.at[Postcode], country: l.at[Country],
		from: l.at[From], to: l.at[To], parity: l.at[Parity],
		leftFrom: l.at[LeftFrom], leftTo: l.at[LeftTo], rightFrom: l.at[RightFrom], rightTo: l.at[RightTo], leftZip: l.at[LeftZip], right: l.at[RightZip],
	}
}

// readTable reads a table with a header.
func readTable(ctx context.Context, m *member, o *Options) error {
	head, err := m.next()
	for err == nil && len(strings.TrimSpace(string(head))) == 0 {
		head, err = m.next()
	}
	if errors.Is(err, io.EOF) {
		return errors.New("it is empty")
	}
	if err != nil {
		return err
	}
	t := &table{o: o, rows: &rows{m: m, delimiter: delimiterOf(head)}}
	if !t.rows.unquote(t.rows.text(head)) {
		return errors.New("its first line, which should name the columns, has a quote that is not closed")
	}
	if t.layout, err = layoutOf(slices.Clone(t.rows.fields), o.Columns); err != nil {
		return err
	}
	t.places = t.layout.places()
	if t.country = o.Country; t.country == "" {
		t.country = t.layout.format.country()
	}
	if err := o.Said(What{File: m.name, Format: t.layout.format, Columns: t.layout.String(), Country: t.country}); err != nil {
		return err
	}
	return t.all(ctx)
}

func (t *table) all(ctx context.Context) error {
	converted := 0
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		err := t.rows.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errLong), errors.Is(err, errQuotes):
			err = t.odd(Malformed, err.Error())
		case err != nil:
			return fmt.Errorf("after line %d: %w", t.rows.first, err)
		default:
			if t.rows.converted {
				if converted++; converted == 1 {
					err = t.odd(NotUTF8, strings.Join(t.rows.fields, string(t.rows.delimiter)))
				}
			}
			err = errors.Join(err, t.row())
		}
		if err != nil {
			return err
		}
	}
}

func (t *table) odd(k Kind, text string) error {
	return t.o.Odd(Oddity{Kind: k, File: t.rows.m.name, Line: t.rows.first, Text: text})
}

// get is a field of the row, of several columns one after the other with sep between them.
func (t *table) get(at []int, sep string) string {
	switch {
	case len(at) == 0:
		return ""
	case len(at) == 1:
		if at[0] >= len(t.rows.fields) {
			return ""
		}
		return tidy(t.rows.fields[at[0]])
	}
	t.text.Reset()
	for _, i := range at {
		if i >= len(t.rows.fields) {
			continue
		}
		if s := tidy(t.rows.fields[i]); s != "" {
			if t.text.Len() > 0 {
				t.text.WriteString(sep)
			}
			t.text.WriteString(s)
		}
	}
	return t.text.String()
}

// tidy is a value without spaces around it, and nothing where it only says that there is none.
func tidy(s string) string {
	if s == "" {
		return ""
	}
	if s[0] <= ' ' || s[0] > 0x7f || s[len(s)-1] <= ' ' || s[len(s)-1] > 0x7f {
		s = strings.TrimSpace(s)
	}
	if len(s) == 4 && (strings.EqualFold(s, "null") || s == "None") {
		return ""
	}
	return s
}

// row makes points of a row, or says what is odd about it.
func (t *table) row() error {
	at := &t.places
	p := Point{
		Line: t.rows.first, Street: t.get(at.street, " "), City: t.get(at.city, " "), District: t.get(at.district, " "), County: t.get(at.county, " "),
		Region: t.get(at.region, " "), Postcode: t.get(at.postcode, " "), Country: t.countryOf(), Unit: t.get(at.unit, " ") != "",
	}
	if t.layout.format == Ranges {
		return t.ranges(p)
	}
	var err error
	lat, lon := t.get(at.lat, ""), t.get(at.lon, "")
	if lat == "" && lon == "" && at.geometry != nil {
		lat, lon = pointOf(t.get(at.geometry, ""))
	}
	number := t.number()
	if p.Street == "" && at.address != nil {
		number, p.Street = apart(t.get(at.address, " "))
	}
	if t.layout.format == BAN && number == "9999" { // BAN's way to say that there is none
		number = ""
	}
	var odd Kind
	if p.Lat, p.Lon, odd, err = coordinates(lat, lon); err != nil {
		return t.odd(odd, lat+", "+lon)
	}
	return accept(t.o, t.rows.m.name, &p, number)
}

// countryOf is the country of a row: a column that has codes, or what is said of the file.
func (t *table) countryOf() string {
	if s := t.get(t.places.country, ""); len(s) == 2 && s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z' && s[1]|0x20 >= 'a' && s[1]|0x20 <= 'z' {
		return strings.ToUpper(s)
	}
	return t.country
}

func (t *table) number() string {
	at := &t.places
	n := t.get(at.number, "")
	if n == "" || len(at.suffix)+len(at.last)+len(at.prefix) == 0 {
		return n
	}
	n = t.get(at.prefix, "") + n
	if s := t.get(at.suffix, ""); s != "" {
		n += " " + s
	}
	if last := t.get(at.last, ""); last != "" && last != "0" {
		n += "-" + last + t.get(at.lastSuffix, "")
	}
	return n
}

// apart takes number and street of one column apart: 12 Main St, Hauptstr. 12a, Via Roma, 5.
func apart(s string) (number, street string) {
	if i := strings.IndexByte(s, ','); i > 0 && strings.IndexFunc(s[i+1:], unicode.IsLetter) < 0 {
		return strings.TrimSpace(s[i+1:]), strings.TrimSpace(s[:i])
	}
	words := strings.Fields(s)
	if len(words) < 2 {
		return "", s
	}
	isNumber := func(w string) bool {
		n, err := house.Parse(strings.TrimRight(w, ","))
		return err == nil && n.Main > 0 && n.Suffix != "^"+strings.ToLower(w)
	}
	switch {
	case isNumber(words[0]):
		n := 1
		if w := strings.ToLower(words[1]); len(words) > 2 && (w == "bis" || w == "ter" || w == "1/2") {
			n = 2
		}
		return strings.TrimRight(strings.Join(words[:n], " "), ","), strings.Join(words[n:], " ")
	case isNumber(words[len(words)-1]):
		return words[len(words)-1], strings.Join(words[:len(words)-1], " ")
	case len(words) > 2 && len(words[len(words)-1]) == 1 && isNumber(words[len(words)-2]):
		n := len(words) - 2
		return strings.Join(words[n:], " "), strings.Join(words[:n], " ")
	}
	return "", s
}

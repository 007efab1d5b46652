package address

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/geo"
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// letters are the letters and figures of a text, in order and without case, in NFC.
func letters(s string) string {
	return strings.ReplaceAll(fold.String(norm.NFC.String(s)), " ", "")
}

// FuzzRead reads what may stand in a cell, as one line and as the cells of a street, a postcode
// and a city: nothing may break, and nothing be read that does not stand there.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"12 Main St, Springfield, IL 62701", "Hauptstraße 12a, 10115 Berlin", "c/o Miller\n5 rue de la Paix (2. OG)", "PO Box 12", "〒100-0001", "12 – 14, – 5", "(", "#", "St.", "12/", "N6W23001 X", "5 bis", "İ", "\xff12 \xfe", "Via Roma, 12/3, 20121 Milano (MI)", "CP 06000 X", "1-2-3 4", "A-", "12 A 5", "Carrera 7 # 12-34", "Germany, 1 A, 2 B 3"} {
		f.Add(s, "US")
		f.Add(s, "")
		f.Add(s, "DE")
	}
	line, err := New(map[Part]string{Whole: "a"}, []string{"a"})
	if err != nil {
		f.Fatal(err)
	}
	cells, err := New(map[Part]string{Street: "a", Number: "a", Unit: "a", City: "a", Postcode: "a", Country: "a"}, []string{"a"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s, home string) {
		for _, m := range []Mapping{line, cells} {
			rd := NewReader(m, home, false).Read(func(string) string { return s })
			has := letters(s)
			for _, p := range partsOf(&rd.Address) {
				switch p.name {
				case "cc":
					if p.text != "" && len(p.text) != 2 {
						t.Errorf("%q: code %q", s, p.text)
					}
					continue
				case "line", "unit": // pieces of the row, with others between
					for piece := range strings.SplitSeq(p.text, ",") {
						if !strings.Contains(has, letters(piece)) {
							t.Errorf("%q: %s %q does not stand there", s, p.name, p.text)
						}
					}
					continue
				}
				if !strings.Contains(has, letters(p.text)) {
					t.Errorf("%q: %s %q does not stand there", s, p.name, p.text)
				}
			}
			q := geo.Query{Address: rd.Address}
			again := NewReader(m, home, false).Read(func(string) string { return s })
			if Key(&geo.Query{Address: again.Address}) != Key(&q) {
				t.Errorf("%q: a key is not stable", s)
			}
			for _, less := range Less(&q) {
				if Key(&less.Query) == Key(&q) {
					t.Errorf("%q: less is the same: %+v", s, less)
				}
			}
		}
	})
}

// FuzzPoint reads points: what is read is one, or is one the other way round.
func FuzzPoint(f *testing.F) {
	for _, s := range []string{"52.5, 13.4", "52° 30' 0\" N, 13° 24' 0\" E", "POINT(13.4 52.5)", "geo:52.5,13.4;u=1", "https://www.google.com/maps/@52.5,13.4,15z", "N52.5E13.4", "SRID=4326;POINT(1 2)", "lat 1 lon 2", "1'2\"", "°°", "POINT)("} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, swapped, ok := Point(s)
		switch {
		case !ok:
		case swapped && !(geo.Point{Lat: p.Lon, Lon: p.Lat}).Valid():
			t.Errorf("%q: %v is no point either way", s, p)
		case !swapped && !p.Valid():
			t.Errorf("%q: %v is no point", s, p)
		}
		if a, _, ok := PointOf(s, s); ok && a.Lat != a.Lon {
			t.Errorf("%q: the same text is %v and %v", s, a.Lat, a.Lon)
		}
	})
}

// FuzzGuess guesses from headers: the columns it names are there, each once.
func FuzzGuess(f *testing.F) {
	f.Add("id|name|address|city|state|zip")
	f.Add("Straße/Nr.|PLZ/Ort|Land")
	f.Add("Billing Street|Shipping Street|Nr")
	f.Add("lat|lon|lat")
	f.Fuzz(func(t *testing.T, header string) {
		columns := strings.Split(header, "|")
		m, err := Guess(columns)
		if err != nil {
			return
		}
		seen := map[string]Part{}
		for p := range partCount {
			for _, c := range m.Columns(p) {
				if !strings.Contains("|"+header+"|", "|"+c+"|") {
					t.Errorf("%q: no column %q", header, c)
				}
				if other, twice := seen[c]; twice && strings.Count("|"+header+"|", "|"+c+"|") < 2 {
					t.Errorf("%q: column %q is both %s and %s", header, c, other, p)
				}
				seen[c] = p
			}
		}
		if !m.HasAddress() && !m.HasPoint() {
			t.Errorf("%q: nothing was guessed, without an error", header)
		}
	})
}

// FuzzFolded holds the quick way equal to package fold's, and IsNothing to texts without letters.
func FuzzFolded(f *testing.F) {
	for _, s := range []string{"Straße", "ÀÿÆØ×÷Þ", "12 – 14", "Mary's", "a\xc3", "\xc3\xa4\xcc\x88"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		if got, want := appendFolded(nil, s), fold.Append(nil, s); !bytes.Equal(got, want) {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
		if !hasDigit(s) && !hasLetter(s) && !IsNothing(s) && fold.String(s) == "" && isASCII(s) {
			t.Errorf("%q is something", s)
		}
	})
}

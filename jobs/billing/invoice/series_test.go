package invoice

import (
	"brood/jobs/billing/settings"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSeries(t *testing.T) {
	for _, c := range []struct {
		form string
		n    int64
		want string
	}{
		{"{year}-{number:6}", 123, "2026-000123"},
		{"{year}-{number:6}", 1234567, "2026-1234567"},
		{"{number}", 7, "7"},
		{"R{year}{number:4}", 12, "R20260012"},
		{"RE-{number:3}.{year}", 12, "RE-012.2026"},
		{"1{number}9", 9, "199"},
	} {
		s, err := ParseSeries(c.form)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Format(2026, c.n)
		if err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.form, got, err, c.want)
		}
		year, n, err := s.Parse(got)
		if err != nil || n != c.n || s.ByYear() && year != 2026 {
			t.Errorf("%s: %s is read as %d of %d, %v", c.form, got, n, year, err)
		}
	}
}

// TestSeriesRefused names forms that are none, and texts that are no number.
func TestSeriesRefused(t *testing.T) {
	for form, why := range map[string]string{
		"":                                      "no {number}",
		"{year}":                                "no {number}",
		"{number":                               "without its }",
		"{number:0}":                            "width",
		"{number:06}":                           "width",
		"{number:13}":                           "width",
		"{number}/{year}":                       "in it",
		"../{number}":                           "in it",
		".{number}":                             "begins",
		"{year}{year}{number}":                  "twice",
		"{number}{number}":                      "in it",
		"Ä{number}":                             "in it",
		"{month}{number}":                       "in it",
		"a{number:6}" + strings.Repeat("x", 20): "too long",
	} {
		if _, err := ParseSeries(form); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v", form, err)
		}
	}
	s, _ := ParseSeries("{year}-{number:6}")
	for _, text := range []string{"", "2026", "2026-", "2026-12345", "2026-0000123", "2026-00012a", "26-000123", "2026-+00012", "2026-000000", "C2026-000001"} {
		if _, _, err := s.Parse(text); err == nil {
			t.Errorf("%q is a number", text)
		}
	}
	for _, n := range []int64{0, -1, maxNumber + 1} {
		if text, err := s.Format(2026, n); err == nil {
			t.Errorf("%d is %s", n, text)
		}
	}
}

// TestSeriesOf keeps invoices and credit notes apart.
func TestSeriesOf(t *testing.T) {
	for _, c := range []struct {
		invoice, credit string
		ok              bool
	}{
		{"", "", true},
		{"A{number}", "", true},
		{"{year}-{number}", "{year}-{number:6}", false},
		{"{number}", "1{number}", false},
		{"{number:2}", "C{number}", true},
		{"c{number:2}", "C{number}", false},
		{"{year}{number}", "{number:6}", false},
		{"R{number}", "R{number}C", true},
	} {
		var s settings.Settings
		s.Invoice.Series, s.Invoice.CreditSeries = c.invoice, c.credit
		if _, _, err := SeriesOf(&s); (err == nil) != c.ok {
			t.Errorf("%q and %q: %v", c.invoice, c.credit, err)
		}
	}
}

// aSeries is of any form.
func aSeries() *rapid.Generator[*Series] {
	return rapid.Custom(func(t *rapid.T) *Series {
		literal := rapid.StringMatching(`[A-Za-z0-9_.-]{0,4}`)
		number := rapid.SampledFrom([]string{"{number}", "{number:1}", "{number:6}"}).Draw(t, "number")
		year := rapid.SampledFrom([]string{"", "{year}"})
		s, err := ParseSeries(literal.Draw(t, "a") + year.Draw(t, "before") + number + literal.Draw(t, "b"))
		if err != nil {
			return nil
		}
		return &s
	}).Filter(func(s *Series) bool { return s != nil })
}

// TestSeriesReverse reads what it writes, and finds that two series meet where a number is of both.
func TestSeriesReverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, other := aSeries().Draw(t, "series"), aSeries().Draw(t, "other")
		year, n := rapid.IntRange(1000, 9999).Draw(t, "year"), rapid.Int64Range(1, maxNumber).Draw(t, "n")
		text, err := s.Format(year, n)
		if err != nil {
			t.Fatal(err)
		}
		gotYear, gotN, err := s.Parse(text)
		if err != nil || gotN != n || s.ByYear() && gotYear != year {
			t.Fatalf("%s: %s is read as %d of %d, %v", s, text, gotN, gotYear, err)
		}
		if _, _, err := other.Parse(text); err == nil && !s.meets(*other) {
			t.Fatalf("%s is of %s and of %s, which are said not to meet", text, s, other)
		}
	})
}

// FuzzSeries reads any form and any text: what is read is written the same.
func FuzzSeries(f *testing.F) {
	f.Add("{year}-{number:6}", "2026-000123")
	f.Add("{number}{year}", "12026")
	f.Fuzz(func(t *testing.T, form, text string) {
		s, err := ParseSeries(form)
		if err != nil {
			return
		}
		year, n, err := s.Parse(text)
		if err != nil {
			return
		}
		if !s.ByYear() {
			year = 2026
		}
		if again, err := s.Format(year, n); err != nil || again != text {
			t.Errorf("%s: %q is %d of %d, and that is %q, %v", form, text, n, year, again, err)
		}
	})
}

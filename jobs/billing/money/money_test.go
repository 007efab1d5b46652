package money

import (
	"math"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		cur  Currency
		want int64
		ok   bool
	}{
		{"12.34", "EUR", 1234, true},
		{"12.3", "EUR", 1230, true},
		{"0.05", "EUR", 5, true},
		{"-0.05", "EUR", -5, true},
		{"1500", "JPY", 1500, true},
		{"1500.0", "JPY", 0, false},
		{"1.234", "KWD", 1234, true},
		{"92233720368547758.07", "EUR", math.MaxInt64, true},
		{"92233720368547758.08", "EUR", 0, false},
		{"12.345", "EUR", 0, false},
		{"1,234.00", "EUR", 0, false},
		{"1.234,00", "EUR", 0, false},
		{"2.49E+19", "EUR", 0, false},
		{"€5", "EUR", 0, false},
		{".5", "EUR", 0, false},
		{"5.", "EUR", 0, false},
		{"", "EUR", 0, false},
		{"-", "EUR", 0, false},
		{"007", "EUR", 0, false},
		{"1", "XXX", 0, false},
		{"1", "EU", 0, false},
	} {
		got, err := Parse(c.text, c.cur)
		if (err == nil) != c.ok || c.ok && got.Minor != c.want {
			t.Errorf("%s %s: %d, %v", c.text, c.cur, got.Minor, err)
		}
		if c.ok {
			again, err := Parse(got.String(), c.cur)
			if err != nil || again != got {
				t.Errorf("%s written as %s and read as %v, %v", c.text, got, again, err)
			}
		}
	}
}

func TestFormatExtremes(t *testing.T) {
	if got := Format(math.MinInt64, 2); got != "-92233720368547758.08" {
		t.Error(got)
	}
	if got := Format(-7, 3); got != "-0.007" {
		t.Error(got)
	}
}

func TestAddOverflow(t *testing.T) {
	a := Amount{math.MaxInt64, "EUR"}
	if _, err := a.Add(Amount{1, "EUR"}); err == nil {
		t.Error("an overflow is no error")
	}
	if _, err := a.Add(Amount{-1, "EUR"}); err != nil {
		t.Error(err)
	}
	if _, err := a.Add(Amount{0, "EUR"}); err != nil {
		t.Error(err)
	}
	if _, err := a.Add(Amount{1, "USD"}); err == nil {
		t.Error("two currencies were added")
	}
}

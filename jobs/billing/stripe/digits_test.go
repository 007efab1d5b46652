package stripe

import (
	"brood/jobs/billing/money"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestMinor(t *testing.T) {
	for _, c := range []struct {
		text string
		cur  money.Currency
		want int64 // 0: refused
	}{
		{"12.34", "EUR", 1234},
		{"0.01", "USD", 1},
		{"1500", "JPY", 1500},
		{"100", "ISK", 10000},
		{"92233720368547759", "ISK", 0},
		{"12.34", "HUF", 1234},
		{"12.34", "TWD", 1234},
		{"5000.00", "MGA", 5000},
		{"5000.20", "MGA", 0},
		{"5000", "UGX", 0},
		{"1.230", "KWD", 1230},
		{"1.234", "KWD", 0},
		{"1.230", "BHD", 1230},
		{"1.231", "BHD", 0},
		{"1.239", "JOD", 0},
		{"1.230", "OMR", 1230},
		{"1.001", "OMR", 0},
		{"1.230", "TND", 1230},
		{"1.235", "TND", 0},
		{"0.010", "KWD", 10},
		{"1.0000", "UYW", 0},
		{"0.00", "EUR", 0},
		{"-1.00", "EUR", 0},
		{"5000", "XAF", 5000},
		{"5000", "CLP", 5000},
	} {
		a, err := money.Parse(c.text, c.cur)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Minor(a)
		if (err != nil) != (c.want == 0) || got != c.want {
			t.Errorf("%s %s: %d, %v", c.cur, c.text, got, err)
		}
		if (CheckAmount(a) == nil) != (err == nil) {
			t.Errorf("%s %s: CheckAmount", c.cur, c.text)
		}
	}
	if err := CheckAmount(money.Amount{Minor: 1, Currency: "XXX"}); err == nil {
		t.Error("XXX")
	}
}

// TestThereAndBack: what Stripe is asked for is read from its answers as the same amount.
func TestThereAndBack(t *testing.T) {
	currencies := []money.Currency{"EUR", "USD", "JPY", "KRW", "ISK", "MGA", "KWD", "BHD", "JOD", "OMR", "TND", "HUF", "TWD", "CLP", "XOF", "IDR", "RSD"}
	rapid.Check(t, func(t *rapid.T) {
		a := money.Amount{Minor: rapid.Int64().Draw(t, "minor"), Currency: rapid.SampledFrom(currencies).Draw(t, "currency")}
		minor, err := Minor(a)
		if err != nil {
			return
		}
		back, err := Amount(minor, string(a.Currency))
		if err != nil || back != a {
			t.Fatalf("%s became %d became %s, %v", a.WithCode(), minor, back.WithCode(), err)
		}
	})
}

func TestAmount(t *testing.T) {
	for _, c := range []struct {
		minor int64
		code  string
	}{{150, "isk"}, {100, "ugx"}, {1, "xxx"}, {math.MaxInt64, "mga"}} {
		if a, err := Amount(c.minor, c.code); err == nil {
			t.Errorf("%d %s was read as %s", c.minor, c.code, a.WithCode())
		}
	}
	if a, err := Amount(1234, "eur"); err != nil || a.WithCode() != "EUR 12.34" {
		t.Error(a, err)
	}
}

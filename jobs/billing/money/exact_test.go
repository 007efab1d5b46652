package money

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/bojanz/currency"
	"pgregory.net/rapid"
)

// codes are those of the table.
func codes() []string { return strings.Fields(active) }

// TestDigitsAgree compares the table with CLDR's, as bojanz/currency has it.
func TestDigitsAgree(t *testing.T) {
	known := 0
	for _, code := range codes() {
		ours, ok := Digits(Currency(code))
		if !ok {
			t.Errorf("%s is in the table, and unknown", code)
		}
		theirs, ok := currency.GetDigits(code)
		if !ok {
			t.Errorf("%s is unknown to the other table", code)
			continue
		}
		known++
		if ours != int(theirs) {
			t.Errorf("%s has %d digits here, and %d there", code, ours, theirs)
		}
	}
	// Funds and units of account, and one code of no country.
	funds := []string{"BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI", "XAD"}
	for _, code := range currency.GetCurrencyCodes() {
		if _, ok := Digits(Currency(code)); ok == slices.Contains(funds, code) {
			t.Errorf("%s is in the other table, and here: %v", code, ok)
		}
	}
	if known < 150 {
		t.Errorf("only %d codes were compared", known)
	}
	for _, code := range []Currency{"", "EU", "E R", " EU", "UR ", "XXX", "XAU", "BTC", "eur"} {
		if _, ok := Digits(code); ok {
			t.Errorf("%q is a currency", code)
		}
	}
}

// anyAmount is one of any currency.
var anyAmount = rapid.Custom(func(t *rapid.T) Amount {
	return Amount{rapid.Int64().Draw(t, "minor"), Currency(rapid.SampledFrom(codes()).Draw(t, "currency"))}
})

// TestExact: each amount of each active currency is read as what was written, has its currency's decimals, and is the
// number that it looks like.
func TestExact(t *testing.T) {
	for _, code := range codes() {
		rapid.Check(t, func(t *rapid.T) {
			a := Amount{rapid.Int64().Draw(t, "minor"), Currency(code)}
			text := a.String()
			if again, err := Parse(text, a.Currency); err != nil || again != a {
				t.Fatalf("%+v is written %s and read as %+v, %v", a, text, again, err)
			}
			digits, _ := Digits(a.Currency)
			_, part, _ := strings.Cut(text, ".")
			if len(part) != digits {
				t.Fatalf("%s %s has not %d decimals", a.Currency, text, digits)
			}
			number, ok := new(big.Rat).SetString(text)
			if !ok || number.Mul(number, new(big.Rat).SetInt(power(digits))).Cmp(new(big.Rat).SetInt64(a.Minor)) != 0 {
				t.Fatalf("%s is not %d", text, a.Minor)
			}
		})
	}
}

// TestSplit: the parts make the whole, each is less than a unit away from its exact share, and of the same sign.
func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAmount.Draw(t, "amount")
		shares := rapid.SliceOfN(rapid.Int64Range(0, math.MaxInt64/12), 1, 12).Draw(t, "shares")
		parts, err := Split(a, shares)
		sum := new(big.Int)
		for _, s := range shares {
			sum.Add(sum, big.NewInt(s))
		}
		if sum.Sign() == 0 {
			if err == nil {
				t.Fatal("an amount was split by nothing")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		whole := Amount{Currency: a.Currency}
		for i, p := range parts {
			if whole, err = whole.Add(p); err != nil {
				t.Fatal(err)
			}
			exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(a.Minor), big.NewInt(shares[i])), sum)
			if exact.Sub(exact, new(big.Rat).SetInt64(p.Minor)); exact.Abs(exact).Cmp(new(big.Rat).SetInt64(1)) >= 0 {
				t.Fatalf("part %d of %v by %v is %d", i, a, shares, p.Minor)
			}
		}
		if whole != a {
			t.Fatalf("%v split by %v makes %v", a, shares, whole)
		}
	})
	if _, err := Split(Amount{1, "EUR"}, []int64{2, -1}); err == nil {
		t.Error("a share less than nothing was taken")
	}
	got, err := Split(Amount{100, "EUR"}, []int64{1, 1, 1})
	if err != nil || got[0].Minor != 34 || got[1].Minor != 33 || got[2].Minor != 33 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestRound compares the roundings with rationals.
func TestRound(t *testing.T) {
	for _, c := range []struct {
		text     string
		cur      Currency
		up, even int64
	}{
		{"0.005", "EUR", 1, 0},
		{"0.015", "EUR", 2, 2},
		{"-0.005", "EUR", -1, 0},
		{"0.0049999", "EUR", 0, 0},
		{"2.5", "JPY", 3, 2},
		{"3.5", "JPY", 4, 4},
		{"-2.5", "JPY", -3, -2},
		{"1.0005", "KWD", 1001, 1000},
		{"12", "EUR", 1200, 1200},
		{"0.00500001", "EUR", 1, 1},
	} {
		d, err := ParseDecimal(c.text)
		if err != nil {
			t.Fatal(err)
		}
		up, err1 := d.Round(c.cur, HalfUp)
		even, err2 := d.Round(c.cur, HalfEven)
		if err1 != nil || err2 != nil || up.Minor != c.up || even.Minor != c.even {
			t.Errorf("%s %s: %v %v, %v %v", c.cur, c.text, up, even, err1, err2)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a := anyAmount.Draw(t, "amount")
		rate, err := ParseDecimal(rapid.StringMatching(`(0|[1-9][0-9]?)(\.[0-9]{1,4})?`).Draw(t, "rate"))
		if err != nil {
			t.Fatal(err)
		}
		exact := a.Decimal().Mul(rate).Percent()
		tax, err := exact.Round(a.Currency, HalfUp)
		if err != nil {
			t.Fatal(err) // a rate is below 100
		}
		number, _ := new(big.Rat).SetString(exact.String())
		rounded, _ := new(big.Rat).SetString(tax.String())
		digits, _ := Digits(a.Currency)
		off := number.Sub(number, rounded)
		if off.Abs(off).Cmp(new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Mul(big.NewInt(2), power(digits)))) > 0 {
			t.Fatalf("%s percent of %v is %s, and not %v", rate, a, exact, tax)
		}
	})
	big, _ := ParseDecimal("999999999999999999")
	if _, err := big.Round("EUR", HalfUp); err == nil {
		t.Error("an overflow is no error")
	}
}

// TestDecimal reads and writes numbers.
func TestDecimal(t *testing.T) {
	for text, want := range map[string]string{"7.50": "7.5", "19": "19", "0.0": "0", "-0.10": "-0.1", "100": "100", "-0": "0"} {
		if d, err := ParseDecimal(text); err != nil || d.String() != want {
			t.Errorf("%s: %s, %v", text, d, err)
		}
	}
	for _, text := range []string{"", ".", "1.", ".5", "1e3", "1,5", "007", "+1", "1 000", "0x1", "1.0000000000001", "1234567890123456789", "٣"} {
		if d, err := ParseDecimal(text); err == nil {
			t.Errorf("%q is %s", text, d)
		}
	}
	var none Decimal
	if none.String() != "0" || none.Sign() != 0 || none.Add(none).Cmp(none) != 0 {
		t.Error("nothing is not nothing")
	}
}

// TestSums: totals are exact, in any order the same, and read as written.
func TestSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(anyAmount).Draw(t, "amounts")
		exact := make(map[Currency]*big.Int)
		var s Sums
		for _, a := range list {
			if exact[a.Currency] == nil {
				exact[a.Currency] = new(big.Int)
			}
			sum := new(big.Int).Add(exact[a.Currency], big.NewInt(a.Minor))
			if err := s.Add(a); (err == nil) != sum.IsInt64() {
				t.Fatalf("%v: %v", sum, err)
			}
			if sum.IsInt64() {
				exact[a.Currency] = sum
			}
		}
		for c, want := range exact {
			if got, ok := s.Of(c); !ok || got.Minor != want.Int64() {
				t.Fatalf("%s: %v, want %v", c, got, want)
			}
		}
		again, err := ParseSums(s.String())
		if err != nil || !again.Equal(&s) {
			t.Fatalf("%s is read as %s, %v", &s, again, err)
		}
		b, err := s.MarshalJSON()
		var third Sums
		if err != nil || third.UnmarshalJSON(b) != nil || !third.Equal(&s) {
			t.Fatalf("%s, %v", b, err)
		}
	})
	for _, text := range []string{"EUR", "EUR=", "EUR=1", "EUR=1.00,", "EUR=1.00,EUR=2.00", "eur=1.00", "EUR=1,000.00", "XXX=1", "EUR=1.00;USD=1.00"} {
		if s, err := ParseSums(text); err == nil {
			t.Errorf("%q is %s", text, s)
		}
	}
	if s, err := ParseSums("USD=5.00, EUR=12.34,JPY=7"); err != nil || s.String() != "EUR=12.34,JPY=7,USD=5.00" {
		t.Errorf("%s, %v", s, err)
	}
}

// FuzzParse: what is read as an amount is written as the same number.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"12.34", "-0.05", "007", "1e5", "92233720368547758.07", "-92233720368547758.08", "-0"} {
		f.Add(text, "EUR")
	}
	f.Add("1000", "JPY")
	f.Fuzz(func(t *testing.T, text, code string) {
		a, err := Parse(text, Currency(code))
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(text)
		got, _ := new(big.Rat).SetString(a.String())
		if !ok || want.Cmp(got) != 0 {
			t.Fatalf("%q is read as %s", text, a)
		}
	})
}

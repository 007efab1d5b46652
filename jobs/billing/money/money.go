// Package money is exact amounts: whole numbers of a currency's smallest unit, with the number of
// digits that the currency has. There are no floats, nothing is rounded unless a rounding is named, and an
// amount that could mean two things is refused.
//
// What it leaves to others: which digits a payment provider uses for a currency where it deviates from ISO 4217
// (each provider's package), and what is done with an amount.
package money

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Currency is an alphabetic code of ISO 4217, in capitals.
type Currency string

// Amount is so many of a currency's smallest units: 1234 of EUR is 12.34, of JPY 1234, of KWD 1.234.
type Amount struct {
	Minor    int64
	Currency Currency
}

// ErrOverflow says that a sum is beyond 64 bits.
var ErrOverflow = errors.New("the sum is too large: more than 9,223,372,036,854,775,807 of the smallest unit")

// String is the amount in plain digits with the currency's own number of decimals and no code: 12.34. Of a
// currency that is not known it is the number of smallest units.
func (a Amount) String() string {
	digits, ok := Digits(a.Currency)
	if !ok {
		digits = 0
	}
	return Format(a.Minor, digits)
}

// WithCode is the amount with its code before it, as in EUR 12.34.
func (a Amount) WithCode() string { return string(a.Currency) + " " + a.String() }

// Add is the sum of two amounts of one currency.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, fmt.Errorf("%s and %s are not one currency", a.Currency, b.Currency)
	}
	sum := a.Minor + b.Minor
	if (sum > a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		return Amount{}, ErrOverflow
	}
	return Amount{Minor: sum, Currency: a.Currency}, nil
}

// Format writes so many smallest units with so many decimals.
func Format(minor int64, digits int) string {
	text := strconv.FormatUint(magnitude(minor), 10)
	if len(text) <= digits {
		text = strings.Repeat("0", digits-len(text)+1) + text
	}
	if digits > 0 {
		text = text[:len(text)-digits] + "." + text[len(text)-digits:]
	}
	if minor < 0 {
		return "-" + text
	}
	return text
}

func magnitude(n int64) uint64 {
	if n == math.MinInt64 {
		return 1 << 63
	}
	return uint64(max(n, -n))
}

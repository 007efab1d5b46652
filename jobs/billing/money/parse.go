package money

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseError says why a text is no exact amount, and what to write instead.
type ParseError struct {
	Text string
	Why  string
}

func (e *ParseError) Error() string { return fmt.Sprintf("%q is no amount: %s", e.Text, e.Why) }

// Parse reads a decimal with a point, such as 12.34 or -0.5: digits, and at most as many decimals as the currency has. Nothing is
// guessed: separators of thousands, signs of currencies, exponents and commas are errors. A currency that
// is not known is an error.
func Parse(text string, c Currency) (Amount, error) {
	digits, ok := Digits(c)
	if !ok {
		return Amount{}, fmt.Errorf("there is no currency %q in ISO 4217", string(c))
	}
	minor, err := ParseDigits(text, digits)
	return Amount{Minor: minor, Currency: c}, err
}

// ParseDigits reads a decimal as so many of the smallest unit, of which there are so many digits.
func ParseDigits(text string, digits int) (int64, error) {
	fail := func(why string) (int64, error) { return 0, &ParseError{text, why} }
	whole, part, point := strings.Cut(text, ".")
	unsigned := strings.TrimPrefix(whole, "-")
	switch {
	case text == "":
		return fail("it is empty")
	case strings.ContainsAny(text, "eE"):
		return fail("it has an exponent, as spreadsheet programs write large numbers; format the column as text or number and export it again")
	case strings.ContainsAny(text, ",'\u2019\u00a0\u202f _") || strings.Count(text, ".") > 1:
		return fail("write it with a point before the decimals and without separators of thousands, as in 1234.56")
	case !allDigits(unsigned) || unsigned == "":
		return fail("it may have digits and one point only, as in 1234.56")
	case point && (part == "" || !allDigits(part)):
		return fail("it needs digits after the point, as in 1234.56")
	case len(part) > digits:
		return fail(fmt.Sprintf("the currency has %d decimals, and it has %d", digits, len(part)))
	case len(unsigned) > 1 && unsigned[0] == '0':
		return fail("it begins with a zero")
	}
	sign := strings.TrimSuffix(whole, unsigned)
	n, err := strconv.ParseInt(sign+unsigned+part+strings.Repeat("0", digits-len(part)), 10, 64)
	if err != nil {
		return fail("it is too large")
	}
	return n, nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

package email

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Numbers of templates are exact: a decimal text becomes a fraction and is written as decimals
// again, rounded where it must be, halves away from zero. Floating point is nowhere, as 1.005
// times 100 is money.

const (
	// longestNumber bounds the text of a number, in bytes, and largestPower its exponent: a
	// record must not make one that takes all memory.
	longestNumber = 100
	largestPower  = 100
	// mostDecimals is how many a function writes that is not told: of 1/3.
	mostDecimals = 20
)

// numberOf reads a number: 5, -5.25, 1e3. One with a comma is refused, as 1,234 is two of them.
func numberOf(v any) (*big.Rat, error) {
	text := ""
	switch v := v.(type) {
	case string:
		text = strings.TrimSpace(v)
	case int:
		return new(big.Rat).SetInt64(int64(v)), nil
	case int64:
		return new(big.Rat).SetInt64(v), nil
	case float64: // a constant of the template
		text = strconv.FormatFloat(v, 'g', -1, 64)
	default:
		return nil, fmt.Errorf("%v is not a number", v)
	}
	if n, ok := decimal(text); ok {
		return n, nil
	}
	if strings.Contains(text, ",") && strings.Trim(text, "+-0123456789.,'") == "" {
		return nil, fmt.Errorf(`%q may be two numbers: it must be as in 1234.50 (with {{… | replace "," "."}} before it, if the comma is the decimal point)`, text)
	}
	if text == "" {
		return nil, errors.New("an empty value is not a number")
	}
	return nil, fmt.Errorf("%q is not a number such as 1234.50", text)
}

// decimal reads a decimal number.
func decimal(text string) (*big.Rat, bool) {
	if len(text) > longestNumber {
		return nil, false
	}
	mantissa, power, hasPower := strings.Cut(strings.ToLower(text), "e")
	digits := strings.TrimLeft(mantissa, "+-")
	if len(mantissa)-len(digits) > 1 || strings.Trim(digits, "0123456789.") != "" || strings.Count(digits, ".") > 1 || strings.Trim(digits, ".") == "" || strings.HasSuffix(digits, ".") {
		return nil, false
	}
	if hasPower {
		if n, err := strconv.Atoi(power); err != nil || n > largestPower || n < -largestPower {
			return nil, false
		}
	}
	return new(big.Rat).SetString(text)
}

// decimals writes a number with as many decimals as it has, and no more than mostDecimals.
func decimals(n *big.Rat) string {
	text := n.FloatString(mostDecimals)
	return withoutMinusZero(strings.TrimSuffix(strings.TrimRight(text, "0"), "."))
}

// withoutMinusZero is -0.00 without the sign.
func withoutMinusZero(text string) string {
	if strings.Trim(text, "-0.") == "" {
		return strings.TrimPrefix(text, "-")
	}
	return text
}

// calculating makes a function of two numbers.
func calculating(f func(a, b *big.Rat) (*big.Rat, error)) func(a, b any) (string, error) {
	return func(a, b any) (string, error) {
		x, err := numberOf(a)
		if err != nil {
			return "", err
		}
		y, err := numberOf(b)
		if err != nil {
			return "", err
		}
		n, err := f(x, y)
		if err != nil {
			return "", err
		}
		return decimals(n), nil
	}
}

// divide is a by b.
func divide(a, b *big.Rat) (*big.Rat, error) {
	if b.Sign() == 0 {
		return nil, errors.New("nothing can be divided by 0")
	}
	return new(big.Rat).Quo(a, b), nil
}

// sum adds up a member of the objects of a list: the amounts of all rows of an invoice.
func sum(name string, list any) (string, error) {
	items, ok := list.([]any)
	if !ok {
		return "", fmt.Errorf("sum adds up a list, and this is %v", list)
	}
	total := new(big.Rat)
	for i, item := range items {
		v, err := member(item, name)
		if err != nil {
			return "", fmt.Errorf("number %d of the list: %w", i+1, err)
		}
		n, err := numberOf(v)
		if err != nil {
			return "", fmt.Errorf("number %d of the list: %w", i+1, err)
		}
		total.Add(total, n)
	}
	return decimals(total), nil
}

// round is a number with so many decimals.
func round(places int, v any) (string, error) {
	if err := checkPlaces(places); err != nil {
		return "", err
	}
	n, err := numberOf(v)
	if err != nil {
		return "", err
	}
	return withoutMinusZero(n.FloatString(places)), nil
}

func checkPlaces(places int) error {
	if places < 0 || places > mostDecimals {
		return fmt.Errorf("%d decimals: there are 0 to %d", places, mostDecimals)
	}
	return nil
}

// plural is the word for one, or that for any other number.
func plural(one, more string, v any) (string, error) {
	n, err := numberOf(v)
	if err != nil {
		return "", err
	}
	if n.Cmp(big.NewRat(1, 1)) == 0 {
		return one, nil
	}
	return more, nil
}

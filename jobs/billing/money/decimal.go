package money

import (
	"fmt"
	"math/big"
	"strings"
)

// Rounding is how a number that lies between two amounts becomes one of them. Nothing is rounded without one.
type Rounding string

// The roundings.
const (
	HalfUp   Rounding = "half-up"   // the nearest; of two as near the one farther from nothing
	HalfEven Rounding = "half-even" // the nearest; of two as near the even one
)

// Decimal is an exact number: a rate, a quantity, a price with more digits than its currency has.
type Decimal struct {
	n      *big.Int // nil is 0
	digits int
}

// The most that is read as a decimal.
const (
	mostWhole = 18
	mostPart  = 12
)

// ParseDecimal reads digits with a point, such as 7.5, -0.125 or 19. As in Parse nothing is guessed.
func ParseDecimal(text string) (Decimal, error) {
	whole, part, point := strings.Cut(text, ".")
	unsigned := strings.TrimPrefix(whole, "-")
	switch {
	case strings.ContainsAny(text, "eE"):
		return Decimal{}, fmt.Errorf("%q is no number: it has an exponent; format the column as text and export it again", text)
	case unsigned == "" || !allDigits(unsigned) || point && (part == "" || !allDigits(part)):
		return Decimal{}, fmt.Errorf("%q is no number: write digits, and a point before decimals", text)
	case len(unsigned) > 1 && unsigned[0] == '0':
		return Decimal{}, fmt.Errorf("%q is no number: it begins with a zero", text)
	case len(unsigned) > mostWhole || len(part) > mostPart:
		return Decimal{}, fmt.Errorf("%q has more than %d digits before or %d after the point", text, mostWhole, mostPart)
	}
	n, _ := new(big.Int).SetString(whole+part, 10)
	return Decimal{n, len(part)}, nil
}

// Decimal is the amount as a number of its currency's main unit.
func (a Amount) Decimal() Decimal {
	digits, _ := Digits(a.Currency)
	return Decimal{big.NewInt(a.Minor), digits}
}

func (d Decimal) int() *big.Int {
	if d.n == nil {
		return new(big.Int)
	}
	return d.n
}

// Mul is the product, exactly.
func (d Decimal) Mul(e Decimal) Decimal {
	return Decimal{new(big.Int).Mul(d.int(), e.int()), d.digits + e.digits}
}

// Add is the sum, exactly.
func (d Decimal) Add(e Decimal) Decimal {
	digits := max(d.digits, e.digits)
	return Decimal{new(big.Int).Add(d.scaled(digits), e.scaled(digits)), digits}
}

// scaled is the number in units of so many digits, of which there are at least its own.
func (d Decimal) scaled(digits int) *big.Int {
	return new(big.Int).Mul(d.int(), power(digits-d.digits))
}

// Percent is so many hundredths of it.
func (d Decimal) Percent() Decimal { return Decimal{d.int(), d.digits + 2} }

// Cmp compares: -1 if it is less, 1 if it is more.
func (d Decimal) Cmp(e Decimal) int {
	digits := max(d.digits, e.digits)
	return d.scaled(digits).Cmp(e.scaled(digits))
}

// Sign is -1, 0 or 1.
func (d Decimal) Sign() int { return d.int().Sign() }

// String is the number in its shortest form: 7.5, not 7.50.
func (d Decimal) String() string {
	text := new(big.Int).Abs(d.int()).String()
	if len(text) <= d.digits {
		text = strings.Repeat("0", d.digits-len(text)+1) + text
	}
	if d.digits > 0 {
		text = strings.TrimRight(strings.TrimRight(text[:len(text)-d.digits]+"."+text[len(text)-d.digits:], "0"), ".")
	}
	if d.Sign() < 0 {
		return "-" + text
	}
	return text
}

// Round is the number as an amount of a currency.
func (d Decimal) Round(c Currency, r Rounding) (Amount, error) {
	digits, ok := Digits(c)
	if !ok {
		return Amount{}, fmt.Errorf("there is no currency %q in ISO 4217", string(c))
	}
	if d.digits <= digits {
		return fit(d.scaled(digits), c)
	}
	unit := power(d.digits - digits)
	n, rest := new(big.Int).QuoRem(d.int(), unit, new(big.Int))
	half := rest.Abs(rest).Lsh(rest, 1).Cmp(unit)
	if half > 0 || half == 0 && (r == HalfUp || n.Bit(0) == 1) {
		n.Add(n, big.NewInt(int64(d.Sign())))
	}
	return fit(n, c)
}

func fit(n *big.Int, c Currency) (Amount, error) {
	if !n.IsInt64() {
		return Amount{}, ErrOverflow
	}
	return Amount{n.Int64(), c}, nil
}

func power(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// Quo is d/e as an amount of a currency. E is not nothing.
func (d Decimal) Quo(e Decimal, c Currency, r Rounding) (Amount, error) {
	digits, ok := Digits(c)
	if !ok {
		return Amount{}, fmt.Errorf("there is no currency %q in ISO 4217", string(c))
	}
	if e.Sign() == 0 {
		return Amount{}, fmt.Errorf("%s is divided by nothing", d)
	}
	most := max(d.digits, e.digits)
	num := new(big.Int).Mul(d.scaled(most), power(digits))
	div := e.scaled(most)
	n, rest := new(big.Int).QuoRem(num, div, new(big.Int))
	half := rest.Abs(rest).Lsh(rest, 1).CmpAbs(div)
	if half > 0 || half == 0 && (r == HalfUp || n.Bit(0) == 1) {
		n.Add(n, big.NewInt(int64(num.Sign()*div.Sign())))
	}
	return fit(n, c)
}

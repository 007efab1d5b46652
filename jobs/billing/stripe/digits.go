package stripe

import (
	"brood/jobs/billing/money"
	"errors"
	"fmt"
	"math"
	"strings"
)

// Stripe's amounts are whole numbers of what it calls the smallest unit, which is not always that of ISO 4217
// (docs.stripe.com/currencies, read in November 2026):
//
//	ISK              two decimals since 2023, that must be 00: a króna is 100
//	MGA              none, where ISO 4217 has two: the ariary has five iraimbilanja, which nobody uses
//	UGX              listed as without decimals and, as a special case, with two that must be 00: refused until somebody
//	                 has tried it, as one of the two is wrong by a hundred
//	BHD JOD KWD OMR TND (and IQD LYD)
//	                 three, of which the last must be 0
//	UYW              none of its currencies
//
// HUF and TWD have two for charges; only payouts of them are whole.

// CheckAmount says why Stripe cannot be asked for an amount; nil: it can.
func CheckAmount(a money.Amount) error {
	_, err := Minor(a)
	return err
}

// Minor is an amount as Stripe counts it.
func Minor(a money.Amount) (int64, error) {
	digits, ok := money.Digits(a.Currency)
	switch {
	case !ok:
		return 0, fmt.Errorf("there is no currency %q in ISO 4217", string(a.Currency))
	case a.Minor <= 0:
		return 0, fmt.Errorf("%s is not more than nothing", a.WithCode())
	}
	switch a.Currency {
	case "ISK":
		if a.Minor > math.MaxInt64/100 {
			return 0, errTooLarge
		}
		return a.Minor * 100, nil
	case "MGA":
		if a.Minor%100 != 0 {
			return 0, fmt.Errorf("%s: Stripe takes whole ariary only", a.WithCode())
		}
		return a.Minor / 100, nil
	case "UGX":
		return 0, errors.New("UGX: Stripe's documents name two units for it, a hundredfold apart; charge another currency, or ask Stripe which holds for the account")
	}
	if digits == 3 && a.Minor%10 != 0 {
		return 0, fmt.Errorf("%s: Stripe takes amounts in %s whose third decimal is 0", a.WithCode(), a.Currency)
	}
	if digits > 3 {
		return 0, fmt.Errorf("%s: Stripe does not have this currency", a.Currency)
	}
	return a.Minor, nil
}

var errTooLarge = errors.New("the amount is too large")

// Amount is what Stripe's number of smallest units is; the code may be in small letters, as Stripe writes it.
func Amount(minor int64, code string) (money.Amount, error) {
	c := money.Currency(strings.ToUpper(code))
	if _, ok := money.Digits(c); !ok {
		return money.Amount{}, fmt.Errorf("there is no currency %q in ISO 4217", code)
	}
	switch c {
	case "ISK":
		if minor%100 != 0 {
			return money.Amount{}, fmt.Errorf("ISK %d: Stripe says that there are no parts of a króna", minor)
		}
		return money.Amount{Minor: minor / 100, Currency: c}, nil
	case "MGA":
		if minor > math.MaxInt64/100 || minor < math.MinInt64/100 {
			return money.Amount{}, errTooLarge
		}
		return money.Amount{Minor: minor * 100, Currency: c}, nil
	case "UGX":
		return money.Amount{}, errors.New("UGX: which unit Stripe means is not known")
	}
	return money.Amount{Minor: minor, Currency: c}, nil
}

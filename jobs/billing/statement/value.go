package statement

import (
	"brood/jobs/billing/money"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// amount is that of an element: an xs:decimal, which may have more zeros than the currency has digits, but no more digits.
func amount(text, currency string) (int64, error) {
	whole, part, point := strings.Cut(strings.TrimPrefix(text, "+"), ".")
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	digits, ok := money.Digits(money.Currency(currency))
	if !ok {
		return 0, fmt.Errorf("there is no currency %.8q", currency)
	}
	for len(part) > digits && strings.HasSuffix(part, "0") {
		part = part[:len(part)-1]
	}
	if point && part != "" {
		whole += "." + part
	}
	n, err := money.ParseDigits(whole, digits)
	if err == nil && n < 0 {
		err = fmt.Errorf("%q is less than nothing", text)
	}
	return n, err
}

func count(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no number of payments", text)
	}
	return int(n), nil
}

// day reads an ISO date or time; a time without a zone is taken as UTC.
func day(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is no date", text)
}

// reference is an identifier that says something.
func reference(text string) string {
	if text == "NOTPROVIDED" {
		return ""
	}
	return text
}

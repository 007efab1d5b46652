package invoice

import (
	"brood/jobs/billing/money"
	"fmt"
	"strings"
	"time"
)

// nbsp keeps a number on one line with what belongs to it.
const nbsp = "\u00a0"

// decimal writes a number as 1234.5 the way the language does (CLDR 46: decimal and group, minimumGroupingDigits). What is no
// such number stays as it is.
func (l Language) decimal(text string) string {
	sign, digits := "", text
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		sign, digits = "-", rest
	}
	whole, fraction, hasFraction := strings.Cut(digits, ".")
	if !allDigits(whole) || hasFraction && !allDigits(fraction) {
		return text
	}
	point, group, least := ",", ".", 4
	switch l {
	case English:
		point, group = ".", ","
	case French:
		group = nbsp
	case Polish:
		group, least = nbsp, 5
	case Spanish:
		least = 5
	case German, Italian, Dutch, Portuguese:
	}
	out := grouped(whole, group, least)
	if hasFraction {
		out += point + fraction
	}
	return sign + out
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func grouped(whole, group string, least int) string {
	if len(whole) < least {
		return whole
	}
	var b strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteByte(whole[i])
	}
	return b.String()
}

// amount writes an amount with its currency: the signs of euro and pound, and the codes of all others, as a dollar may be of many
// countries.
func (l Language) amount(text string, c money.Currency) string {
	sign := string(c)
	switch c {
	case "EUR":
		sign = "€"
	case "GBP":
		sign = "£"
	default:
	}
	number := l.decimal(text)
	switch {
	case l == English && sign != string(c):
		if rest, negative := strings.CutPrefix(number, "-"); negative {
			return "-" + sign + rest
		}
		return sign + number
	case l == English, l == Dutch:
		return sign + nbsp + number
	default:
		return number + nbsp + sign
	}
}

// date writes a day of the form YYYY-MM-DD.
func (l Language) date(text string) (string, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return "", fmt.Errorf("%q is no date; write one like 2026-11-30", text)
	}
	switch l {
	case German, Polish:
		return day.Format("02.01.2006"), nil
	case French, Spanish, Italian, Portuguese:
		return day.Format("02/01/2006"), nil
	case Dutch:
		return day.Format("02-01-2006"), nil
	case English:
	}
	return day.Format("2 Jan 2006"), nil // of 02/01 nobody would know which is the month
}

// percent writes a rate.
func (l Language) percent(rate string) string {
	if l == English || l == Italian || l == Dutch || l == Portuguese {
		return l.decimal(rate) + "%"
	}
	return l.decimal(rate) + nbsp + "%"
}

// with puts values into a sentence.
func with(sentence string, values ...string) string {
	pairs := make([]string, 0, 2*len(values))
	for i, v := range values {
		pairs = append(pairs, fmt.Sprintf("%%%d", i+1), v)
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}

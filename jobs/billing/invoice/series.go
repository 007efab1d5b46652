package invoice

import (
	"brood/jobs/billing/settings"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Series is the form of the numbers of a series: {year}, and {number} or {number:6} with leading zeros. The year is
// four digits, so that a text is of one year and one number at most.
type Series struct {
	form   string
	before string // {number}, with {year} in it
	after  string
	width  int
}

// The forms that are used when the settings name none. Credit notes have a series of their own.
const (
	defaultSeries = "{year}-{number:6}"
	creditMark    = "C"
)

const (
	maxSeries = 24                // so that a number fits into the 35 characters of a bank's reference
	maxNumber = 1_000_000_000_000 // of a series in a year, or for ever
)

// SeriesOf are the series of a seller: one of invoices, one of credit notes. No number can be of both.
func SeriesOf(s *settings.Settings) (invoices, credits Series, err error) {
	form := s.Invoice.Series
	if form == "" {
		form = defaultSeries
	}
	creditForm := s.Invoice.CreditSeries
	if creditForm == "" {
		creditForm = creditMark + form
	}
	if invoices, err = ParseSeries(form); err != nil {
		return Series{}, Series{}, err
	}
	if credits, err = ParseSeries(creditForm); err != nil {
		return Series{}, Series{}, fmt.Errorf("credit notes: %w", err)
	}
	if invoices.meets(credits) {
		return Series{}, Series{}, fmt.Errorf("a number can be of the series %q and of that of credit notes, %q: give them another letter", form, creditForm)
	}
	return invoices, credits, nil
}

// ParseSeries reads a form. Besides the two parts there may be letters, digits, and - _ . where they are in the name of a
// file too.
func ParseSeries(form string) (Series, error) {
	wrong := func(why string) (Series, error) {
		return Series{}, fmt.Errorf("the series %q of invoice numbers %s; write one like %s", form, why, defaultSeries)
	}
	open := strings.Index(form, "{number")
	if open < 0 {
		return wrong("has no {number}")
	}
	number, after, ok := strings.Cut(form[open+len("{number"):], "}")
	if !ok {
		return wrong("has a { without its }")
	}
	s := Series{form: form, before: form[:open], after: after, width: 1}
	if number != "" {
		width, isWidth := strings.CutPrefix(number, ":")
		n, err := strconv.Atoi(width)
		if !isWidth || err != nil || n < 1 || n > 12 || strconv.Itoa(n) != width {
			return wrong("has a number whose width is not from 1 to 12")
		}
		s.width = n
	}
	if strings.Count(form, "{year}") > 1 {
		return wrong("has the year twice")
	}
	literal := strings.Replace(s.before, "{year}", "", 1) + strings.Replace(s.after, "{year}", "", 1)
	for _, r := range literal {
		if !isNumberChar(r) {
			return wrong(fmt.Sprintf("has %q in it; letters, digits and - _ . may be", r))
		}
	}
	if strings.HasPrefix(form, ".") || strings.HasPrefix(form, "-") {
		return wrong("begins with a sign")
	}
	if len(literal)+s.width > maxSeries {
		return wrong(fmt.Sprintf("makes numbers that are too long: at most %d characters besides the year", maxSeries))
	}
	return s, nil
}

func isNumberChar(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' || r == '_' || r == '.'
}

// ByYear reports whether the count begins again each year; without the year in the form it goes on.
func (s Series) ByYear() bool { return strings.Contains(s.form, "{year}") }

// String is the form.
func (s Series) String() string { return s.form }

// Format is the n-th number of a year; n begins with 1.
func (s Series) Format(year int, n int64) (string, error) {
	if year < 1000 || year > 9999 {
		return "", fmt.Errorf("an invoice cannot be of the year %d", year)
	}
	if n < 1 || n > maxNumber {
		return "", fmt.Errorf("the invoice numbers of a series go from 1 to %d, and this would be %d", int64(maxNumber), n)
	}
	y := strconv.Itoa(year)
	digits := strconv.FormatInt(n, 10)
	zeros := strings.Repeat("0", max(0, s.width-len(digits)))
	return strings.Replace(s.before, "{year}", y, 1) + zeros + digits + strings.Replace(s.after, "{year}", y, 1), nil
}

var errNotOfSeries = errors.New("it is no number of this series")

// Parse is the reverse of Format: it takes what Format makes, and nothing else. The year is 0 if the form has none.
func (s Series) Parse(number string) (year int, n int64, err error) {
	wrong := func() (int, int64, error) {
		return 0, 0, fmt.Errorf("%q is no number of the series %s: %w", number, s.form, errNotOfSeries)
	}
	rest, year, ok := cutLiteral(number, s.before, true)
	if !ok {
		return wrong()
	}
	rest, after, ok := cutLiteral(rest, s.after, false)
	if !ok {
		return wrong()
	}
	n, err = strconv.ParseInt(rest, 10, 64)
	if err != nil || strings.HasPrefix(rest, "+") {
		return wrong()
	}
	year = max(year, after)
	written := year
	if !s.ByYear() {
		written = 1000
	}
	if again, err := s.Format(written, n); err != nil || again != number {
		return wrong()
	}
	return year, n, nil
}

// cutLiteral takes a part of a form, which may have the year in it, off the front of a text or its end.
func cutLiteral(text, part string, front bool) (rest string, year int, ok bool) {
	before, behind, hasYear := strings.Cut(part, "{year}")
	size := len(part)
	if hasYear {
		size = len(before) + 4 + len(behind)
	}
	if len(text) < size {
		return "", 0, false
	}
	own, rest := text[:size], text[size:]
	if !front {
		rest, own = text[:len(text)-size], text[len(text)-size:]
	}
	if !strings.HasPrefix(own, before) || !strings.HasSuffix(own, behind) {
		return "", 0, false
	}
	if hasYear {
		n, err := strconv.ParseUint(own[len(before):len(before)+4], 10, 16)
		if err != nil {
			return "", 0, false
		}
		year = int(n)
	}
	return rest, year, true
}

package plan

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/mapping"
	"brood/jobs/billing/money"
	"brood/jobs/billing/settings"
	"fmt"
	"slices"
)

// item is a row of an invoice with its amounts.
type item struct {
	text             *charge.Line
	at               *mapping.Row
	net, tax, gross  money.Amount
	hasNet, hasTax   bool
	hasGross         bool
	rate             money.Decimal
	hasRate, byGross bool // byGross: only the amount with tax is known
}

// rateSum is what the items of one rate make.
type rateSum struct {
	rate             money.Decimal
	items            []*item
	base, tax, gross money.Amount
}

// complaint tells of what is wrong with a field of the invoice at hand.
type complaint func(k Kind, r *mapping.Row, f mapping.Field, format string, args ...any)

// sums makes the amounts of an invoice out of those of its rows, into c; false if they cannot be right.
type sums struct {
	c        *charge.Charge
	rounding string
	bad      complaint
	ok       bool
	items    []*item
	rates    []*rateSum
	total    money.Amount
	net, tax money.Amount
	taxed    bool
}

// zero is nothing of the invoice's currency.
func (s *sums) zero() money.Amount { return money.Amount{Currency: s.c.Currency} }

func (s *sums) refuse(k Kind, r *mapping.Row, f mapping.Field, format string, args ...any) {
	s.ok = false
	s.bad(k, r, f, format, args...)
}

// amounts fills in the amounts, taxes and lines of an invoice.
func amounts(c *charge.Charge, rows []*mapping.Row, rounding string, bad complaint) (money.Amount, bool) {
	s := &sums{c: c, rounding: rounding, bad: bad, ok: true}
	for _, r := range rows {
		if it := s.read(r); it != nil {
			s.items = append(s.items, it)
		}
	}
	if !s.ok {
		return s.zero(), false
	}
	s.byRate()
	s.add()
	s.compare(rows)
	if !s.ok {
		return s.zero(), false
	}
	c.Amount = s.total.String()
	if s.taxed {
		c.NetAmount, c.TaxAmount = s.net.String(), s.tax.String()
		for _, r := range s.rates {
			c.Taxes = append(c.Taxes, charge.Tax{Rate: r.rate.String(), Base: r.base.String(), Tax: r.tax.String()})
		}
	}
	s.lines()
	return s.total, true
}

// read reads the amounts of a row, and what follows from them.
func (s *sums) read(r *mapping.Row) *item {
	it := &item{text: &r.Item, at: r, net: s.zero(), tax: s.zero(), gross: s.zero()}
	ok := s.ok
	s.amount(r, mapping.Amount, r.Item.Gross, &it.gross, &it.hasGross)
	s.amount(r, mapping.Net, r.Item.Net, &it.net, &it.hasNet)
	s.amount(r, mapping.Tax, r.Item.Tax, &it.tax, &it.hasTax)
	if r.Item.TaxRate != "" {
		var err error
		it.hasRate = true
		if it.rate, err = money.ParseDecimal(r.Item.TaxRate); err != nil {
			s.refuse(KindTax, r, mapping.Rate, "%v", err)
		} else if it.rate.Sign() < 0 || it.rate.Cmp(hundred()) > 0 {
			s.refuse(KindTax, r, mapping.Rate, "%s is no rate of tax: it is between 0 and 100 percent", r.Item.TaxRate)
		}
	}
	s.product(r, it)
	if !s.ok {
		s.ok = ok && s.ok
		return nil
	}
	s.follow(it)
	return it
}

func hundred() money.Decimal { d, _ := money.ParseDecimal("100"); return d }

func (s *sums) amount(r *mapping.Row, f mapping.Field, text string, to *money.Amount, has *bool) {
	if text == "" {
		return
	}
	a, err := money.Parse(text, s.c.Currency)
	if err != nil {
		s.refuse(KindAmount, r, f, "%v", err)
		return
	}
	*to, *has = a, true
	if digits, _ := money.Digits(s.c.Currency); len(text) < len(a.String()) && digits > 0 {
		s.bad(KindDecimals, r, f, "%s is read as %s", text, a)
	}
}

// product compares quantity and price with the amount of the row, or is it.
func (s *sums) product(r *mapping.Row, it *item) {
	if r.Item.UnitAmount == "" {
		if r.Item.Quantity != "" {
			if _, err := money.ParseDecimal(r.Item.Quantity); err != nil {
				s.refuse(KindAmount, r, mapping.Quantity, "%v", err)
			}
		}
		return
	}
	unit, err := money.ParseDecimal(r.Item.UnitAmount)
	if err != nil {
		s.refuse(KindAmount, r, mapping.Unit, "%v", err)
		return
	}
	if r.Item.Quantity == "" {
		r.Item.Quantity = "1"
	}
	quantity, err := money.ParseDecimal(r.Item.Quantity)
	if err != nil {
		s.refuse(KindAmount, r, mapping.Quantity, "%v", err)
		return
	}
	p, err := quantity.Mul(unit).Round(s.c.Currency, money.HalfUp)
	if err != nil {
		s.refuse(KindAmount, r, mapping.Unit, "%v", err)
		return
	}
	taxed := it.hasTax && it.tax.Minor != 0 || it.hasRate && it.rate.Sign() != 0
	switch {
	case it.hasNet && p == it.net, it.hasGross && p == it.gross && !it.hasNet, it.hasGross && p == it.gross && taxed: // a price with tax
	case it.hasNet && near(p, it.net, 1):
		s.bad(KindCents, r, mapping.Net, "%s × %s is %s, and %s stands there", r.Item.Quantity, r.Item.UnitAmount, p, it.net)
	case it.hasNet:
		s.refuse(KindAmount, r, mapping.Net, "%s × %s is %s, and %s stands there", r.Item.Quantity, r.Item.UnitAmount, p, it.net)
	case it.hasGross && !taxed:
		s.refuse(KindAmount, r, mapping.Amount, "%s × %s is %s, and %s stands there", r.Item.Quantity, r.Item.UnitAmount, p, it.gross)
	default:
		it.net, it.hasNet = p, true
	}
}

// near reports whether two amounts differ by no more than so many units.
func near(a, b money.Amount, units int64) bool {
	d := a.Minor - b.Minor
	return d <= units && d >= -units
}

// follow fills in what follows from the other amounts, and refuses those that do not fit.
func (s *sums) follow(it *item) {
	wrong := func(err error) {
		if err != nil {
			s.refuse(KindTax, it.at, mapping.Amount, "%v", err)
		}
	}
	var err error
	switch {
	case it.hasNet && it.hasTax:
		sum, err := it.net.Add(it.tax)
		wrong(err)
		if it.hasGross && sum != it.gross {
			s.refuse(KindTax, it.at, mapping.Amount, "%s without tax and %s of tax are %s, and %s stands there", it.net, it.tax, sum, it.gross)
		}
		it.gross, it.hasGross = sum, true
	case it.hasGross && it.hasTax:
		it.net, err = it.gross.Add(minus(it.tax))
		it.hasNet = true
		wrong(err)
	case it.hasGross && it.hasNet:
		it.tax, err = it.gross.Add(minus(it.net))
		it.hasTax = true
		wrong(err)
	case it.hasTax:
		s.refuse(KindMissing, it.at, mapping.Amount, "there is tax, and no amount that it is of")
	case !it.hasNet && !it.hasGross:
		s.refuse(KindMissing, it.at, mapping.Amount, "there is no amount")
	case it.hasRate:
		it.byGross = it.hasGross
	case it.hasNet:
		it.gross, it.hasGross = it.net, true
	}
}

func minus(a money.Amount) money.Amount { a.Minor = -a.Minor; return a }

// byRate puts the items of one rate together, in the order of the rates.
func (s *sums) byRate() {
	for _, it := range s.items {
		s.taxed = s.taxed || it.hasTax || it.hasRate
		if !it.hasRate {
			continue
		}
		i, found := slices.BinarySearchFunc(s.rates, it.rate, func(r *rateSum, d money.Decimal) int { return r.rate.Cmp(d) })
		if !found {
			s.rates = slices.Insert(s.rates, i, &rateSum{rate: it.rate, base: s.zero(), tax: s.zero(), gross: s.zero()})
		}
		s.rates[i].items = append(s.rates[i].items, it)
	}
	for _, r := range s.rates {
		s.rateOf(r)
	}
}

// rateOf makes base and tax of a rate.
func (s *sums) rateOf(r *rateSum) {
	first := r.items[0]
	for _, it := range r.items[1:] {
		if it.hasTax != first.hasTax || it.byGross != first.byGross {
			s.refuse(KindTax, it.at, mapping.Tax, "of the rows with %s %% some say their tax and others do not", r.rate)
			return
		}
	}
	if !first.hasTax && s.rounding == settings.RoundByLine {
		for _, it := range r.items {
			s.taxOf(it)
		}
	}
	var err error
	plus := func(to *money.Amount, a money.Amount) {
		if err == nil {
			*to, err = to.Add(a)
		}
	}
	for _, it := range r.items {
		plus(&r.base, it.net)
		plus(&r.tax, it.tax)
		plus(&r.gross, it.gross)
	}
	if err == nil && !first.hasTax {
		r.base, r.tax, err = taxes(r.base, r.gross, r.rate, first.byGross)
	}
	if err != nil {
		s.refuse(KindTax, first.at, mapping.Rate, "%v", err)
		return
	}
	if first.text.Tax != "" || first.text.Net != "" && first.text.Gross != "" {
		s.check(r)
	}
}

// taxOf is the tax of a row alone.
func (s *sums) taxOf(it *item) {
	var err error
	if it.net, it.tax, err = taxes(it.net, it.gross, it.rate, it.byGross); err == nil {
		it.gross, err = it.net.Add(it.tax)
	}
	if err != nil {
		s.refuse(KindTax, it.at, mapping.Rate, "%v", err)
	}
	it.hasNet, it.hasTax, it.hasGross = true, true, true
}

// taxes are base and tax of a rate: of an amount without tax, or of one with it.
func taxes(net, gross money.Amount, rate money.Decimal, byGross bool) (money.Amount, money.Amount, error) {
	if !byGross {
		tax, err := net.Decimal().Mul(rate).Percent().Round(net.Currency, money.HalfUp)
		return net, tax, err
	}
	net, err := gross.Decimal().Mul(hundred()).Quo(hundred().Add(rate), gross.Currency, money.HalfUp)
	if err != nil {
		return net, net, err
	}
	tax, err := gross.Add(minus(net))
	return net, tax, err
}

// check compares the tax that the file has with what the rate makes: EN 16931, BR-CO-17, or each line by itself.
func (s *sums) check(r *rateSum) {
	want := s.zero()
	var err error
	if s.rounding == settings.RoundByLine {
		for _, it := range r.items {
			var t money.Amount
			if _, t, err = taxes(it.net, it.gross, r.rate, false); err == nil {
				want, err = want.Add(t)
			}
		}
	} else {
		_, want, err = taxes(r.base, r.gross, r.rate, false)
	}
	first := r.items[0]
	switch {
	case err != nil:
		s.refuse(KindTax, first.at, mapping.Tax, "%v", err)
	case want == r.tax:
	case near(want, r.tax, int64(len(r.items))):
		s.bad(KindCents, first.at, mapping.Tax, "%s %% of %s, rounded by %s, is %s; the file has %s, which is charged", r.rate, r.base, s.rounding, want, r.tax)
	default:
		s.refuse(KindTax, first.at, mapping.Tax, "%s %% of %s is %s, and the file has %s", r.rate, r.base, want, r.tax)
	}
}

// add makes the totals.
func (s *sums) add() {
	s.total, s.net, s.tax = s.zero(), s.zero(), s.zero()
	var err error
	plus := func(to *money.Amount, a money.Amount) {
		if err == nil {
			*to, err = to.Add(a)
		}
	}
	for _, r := range s.rates {
		plus(&s.net, r.base)
		plus(&s.tax, r.tax)
	}
	for _, it := range s.items {
		if it.hasRate {
			continue
		}
		if !it.hasNet {
			it.net = it.gross
		}
		plus(&s.net, it.net)
		plus(&s.tax, it.tax)
	}
	plus(&s.total, s.net)
	plus(&s.total, s.tax)
	if err != nil {
		s.refuse(KindAmount, s.items[0].at, mapping.Amount, "%v", err)
	}
}

// compare compares the whole with what the file says that it is.
func (s *sums) compare(rows []*mapping.Row) {
	for _, r := range rows {
		if r.Total == "" || !s.ok {
			continue
		}
		a, err := money.Parse(r.Total, s.c.Currency)
		switch {
		case err != nil:
			s.refuse(KindAmount, r, mapping.Total, "%v", err)
		case a != s.total:
			hint := ""
			if near(a, s.total, int64(len(rows))) && len(s.rates) > 0 {
				hint = fmt.Sprintf("; try --tax-rounding %s", other(s.rounding))
			}
			s.refuse(KindTotal, r, mapping.Total, "the rows of the invoice make %s, and it says %s%s", s.total, a, hint)
		}
	}
}

func other(rounding string) string {
	if rounding == settings.RoundByLine {
		return settings.RoundByRate
	}
	return settings.RoundByLine
}

// lines are kept where an invoice has several, or quantities.
func (s *sums) lines() {
	if len(s.items) == 1 && s.items[0].text.UnitAmount == "" && s.items[0].text.Unit == "" && s.items[0].text.Description == "" {
		return
	}
	for _, it := range s.items {
		l := charge.Line{Description: it.text.Description, Quantity: it.text.Quantity, Unit: it.text.Unit, UnitAmount: it.text.UnitAmount}
		if it.hasNet {
			l.Net = it.net.String()
		}
		if it.hasRate {
			l.TaxRate = it.rate.String()
		}
		if it.hasTax {
			l.Tax = it.tax.String()
		}
		if it.hasGross {
			l.Gross = it.gross.String()
		}
		s.c.Lines = append(s.c.Lines, l)
	}
}

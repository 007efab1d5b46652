package invoice

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// View is what a document says, in the words and forms of its language, ready to be written. It is what a template of the
// user's gets: its members are the names there. All text in it is clean, and none is escaped.
type View struct {
	Language Language
	Words    Words
	Title    string // what the document is
	Credit   bool   // a credit note
	Number   string
	Seller   Party
	Customer Party
	Facts    []Fact // dates, numbers and references
	Columns  Columns
	Lines    []Line
	Sums     []Fact // net and tax, above the total
	Total    Fact
	Note     string   // what the row has to say, below the sums
	Payment  []string // how it is paid
	Footer   []string

	InvoiceID, CustomerID, Email string
	InvoiceDate                  string // YYYY-MM-DD
	Amount, Currency             string // as in 1234.50 and EUR
	Metadata                     map[string]string

	created time.Time
	digits  int
}

// Party is one of the two sides.
type Party struct {
	Name    string
	Address []string
	TaxID   string
	Email   string
}

// Fact is a value with what it is.
type Fact struct{ Label, Value string }

// Columns says which columns the table has: those that any line has something in.
type Columns struct {
	Quantity, UnitPrice, Rate bool
	Amount                    string // the heading of the last one, or nothing
}

// Line is one line of the table.
type Line struct {
	Description, Quantity, UnitPrice, Rate, Amount string

	minor int64
}

// view is what is said of a charge.
func (s *seller) view(c *charge.Charge) (*View, error) {
	if c.Kind != charge.KindCharge && c.Kind != charge.KindCreditNote {
		return nil, fmt.Errorf("there is no invoice of a %s", c.Kind)
	}
	if err := checkNumber(c.Number); err != nil {
		return nil, err
	}
	if _, err := c.Money(); err != nil {
		return nil, err
	}
	digits, _ := money.Digits(c.Currency)
	l := LanguageOf(c.Language)
	v := &View{
		Language: l, Words: s.words(l), Number: c.Number, Credit: c.Kind == charge.KindCreditNote,
		Seller: s.in(l), Footer: s.footer,
		InvoiceID: clean(c.InvoiceID), CustomerID: clean(c.CustomerID), Email: clean(c.Email),
		Amount: c.Amount, Currency: string(c.Currency), digits: digits,
	}
	v.Title = v.Words.Invoice
	v.Total = Fact{v.Words.Total, l.amount(c.Amount, c.Currency)}
	if v.Credit {
		v.Title, v.Total.Label = v.Words.CreditNote, v.Words.Credit
	}
	v.Customer = Party{Name: clean(c.Name), Address: address(c.Street, c.Postcode, c.City, l.country(c.Country)), TaxID: clean(c.TaxID), Email: v.Email}
	if v.Customer.Name == "" {
		v.Customer.Name = v.CustomerID
	}
	v.Metadata = make(map[string]string, len(c.Metadata))
	for k, value := range c.Metadata {
		v.Metadata[k] = clean(value)
	}
	if err := v.facts(c); err != nil {
		return nil, err
	}
	if err := v.lines(c); err != nil {
		return nil, err
	}
	v.sums(c)
	v.Note = clean(c.TaxNote)
	return v, s.payment(v, c)
}

// checkNumber refuses what could not be the name of a file.
func checkNumber(number string) error {
	if number == "" {
		return errors.New("it has no invoice number")
	}
	if len(number) > 100 || strings.HasPrefix(number, ".") || strings.ContainsFunc(number, func(r rune) bool { return !isNumberChar(r) }) {
		return fmt.Errorf("%q is no invoice number: it has letters, digits and - _ . only, and does not begin with a point", number)
	}
	return nil
}

// address are the lines of one, with the name of its country; a line without anything is left out.
func address(street, postcode, city, country string) []string {
	var lines []string
	for _, line := range []string{clean(street), strings.TrimSpace(clean(postcode) + " " + clean(city)), clean(country)} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// facts are dates, periods and references.
func (v *View) facts(c *charge.Charge) (err error) {
	v.InvoiceDate = c.InvoiceDate
	if v.InvoiceDate == "" {
		v.InvoiceDate = c.ChargeDate
	}
	if v.InvoiceDate == "" {
		return errors.New("it has no date: give invoice_date")
	}
	if v.created, err = time.Parse(time.DateOnly, v.InvoiceDate); err != nil {
		return fmt.Errorf("%q is no date; write one like 2026-11-30", v.InvoiceDate)
	}
	add := func(label, value string) {
		if value != "" {
			v.Facts = append(v.Facts, Fact{label, value})
		}
	}
	day := func(text string) string {
		if text == "" || err != nil {
			return ""
		}
		var out string
		out, err = v.Language.date(text)
		return out
	}
	w := v.Words
	add(w.Date, day(v.InvoiceDate))
	period := day(c.PeriodStart)
	if end := day(c.PeriodEnd); end != "" && period != "" {
		period += " – " + end
	} else if end != "" {
		period = end
	}
	add(w.Period, period)
	if !v.Credit {
		add(w.Due, day(c.DueDate))
	}
	if c.PaymentMethod != "" {
		add(w.Charged, day(c.ChargeDate))
	}
	add(w.CreditOf, clean(cmp.Or(c.CreditOf, c.CreditElsewhere)))
	add(w.Customer, v.CustomerID)
	if v.InvoiceID != v.Number {
		add(w.Reference, v.InvoiceID)
	}
	return err
}

// lines are those of the charge, or one of its description.
func (v *View) lines(c *charge.Charge) error {
	lines := c.Lines
	if len(lines) == 0 {
		net := c.NetAmount
		if net == "" {
			net = c.Amount
		}
		lines = []charge.Line{{Description: c.Description, Net: net}}
	}
	v.Columns.Amount = v.Words.Net
	for i := range lines {
		if lines[i].Net == "" && lines[i].Gross != "" {
			v.Columns.Amount = v.Words.Gross
		}
	}
	for i := range lines {
		line := &lines[i]
		amount := line.Net
		if v.Columns.Amount == v.Words.Gross && line.Gross != "" {
			amount = line.Gross
		}
		minor, err := money.ParseDigits(amount, v.digits)
		if amount != "" && err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
		l := Line{Description: clean(line.Description), Quantity: v.quantity(line), UnitPrice: v.number(line.UnitAmount), Amount: v.number(amount), minor: minor}
		if line.TaxRate != "" {
			l.Rate = v.Language.percent(clean(line.TaxRate))
		}
		// What was supplied has to be said (VAT directive, art. 226, 6): that of the whole stands for a line that has none.
		l.Description = cmp.Or(l.Description, clean(c.Description), v.Title)
		v.Columns.Quantity = v.Columns.Quantity || l.Quantity != ""
		v.Columns.UnitPrice = v.Columns.UnitPrice || l.UnitPrice != ""
		v.Columns.Rate = v.Columns.Rate || l.Rate != ""
		v.Lines = append(v.Lines, l)
	}
	return nil
}

// quantity is a number with its unit, if it has one.
func (v *View) quantity(line *charge.Line) string {
	n, unit := v.number(line.Quantity), clean(line.Unit)
	if n == "" || unit == "" {
		return n
	}
	return n + nbsp + unit
}

func (v *View) number(text string) string { return v.Language.decimal(clean(text)) }

func (v *View) money(text string) string {
	return v.Language.amount(clean(text), money.Currency(v.Currency))
}

// sums are net and tax; without tax there is the total only.
func (v *View) sums(c *charge.Charge) {
	taxed := len(c.Taxes) > 0 || strings.Trim(c.TaxAmount, "0.") != ""
	if taxed && c.NetAmount != "" {
		v.Sums = append(v.Sums, Fact{v.Words.Subtotal, v.money(c.NetAmount)})
	}
	for _, t := range c.Taxes {
		label := v.Words.Tax + " " + v.Language.percent(clean(t.Rate))
		if t.Base != "" {
			label += " " + v.Words.On + " " + v.money(t.Base)
		}
		v.Sums = append(v.Sums, Fact{label, v.money(t.Tax)})
	}
	if len(c.Taxes) == 0 && taxed {
		v.Sums = append(v.Sums, Fact{v.Words.Tax, v.money(c.TaxAmount)})
	}
}

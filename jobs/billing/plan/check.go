package plan

import (
	"brood/jobs/billing/account"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/mapping"
	"brood/jobs/billing/money"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checker checks one invoice.
type checker struct {
	b      *builder
	rows   []*mapping.Row
	c      *charge.Charge
	ok     bool
	amount money.Amount
}

// tell tells of something about a field of a row.
func (c *checker) tell(k Kind, r *mapping.Row, f mapping.Field, format string, args ...any) {
	if !Warns(k) {
		c.ok = false
	}
	line, column, name := r.Place(f)
	c.b.problems.add(Problem{Kind: k, File: c.b.file, Line: line, Column: column, Name: name, Invoice: c.c.InvoiceID, Text: fmt.Sprintf(format, args...)})
}

// say is tell of the first row: what is no warning refuses the plan.
func (c *checker) say(k Kind, f mapping.Field, format string, args ...any) {
	c.tell(k, c.rows[0], f, format, args...)
}

// all checks everything that the invoice alone says, and then compares it with others.
func (c *checker) all() {
	c.duplicate()
	if !c.ok {
		return // its fields are not what they should be, or it is there already
	}
	c.required()
	c.several()
	if c.c.Currency == "" {
		return
	}
	if _, known := money.Digits(c.c.Currency); !known {
		c.say(KindCurrency, mapping.Currency, "there is no currency %q in ISO 4217; write one as EUR, in capitals", c.c.Currency)
		return
	}
	c.attempt()
	if !c.ok {
		return
	}
	c.sums()
	c.dates()
	c.texts()
	c.payment()
	if !c.ok {
		return
	}
	c.person()
	if m := month(c.c); m != "" {
		c.b.months[m] = true
	} else {
		c.b.months["?"] = true
	}
	if c.ok {
		c.b.amounts.add(c.c, c.amount, c.b.file, c.rows[0].Line)
	}
}

func (c *checker) required() {
	for _, f := range []struct {
		field mapping.Field
		value string
	}{{mapping.Invoice, c.c.InvoiceID}, {mapping.Customer, c.c.CustomerID}, {mapping.Currency, string(c.c.Currency)}} {
		if f.value == "" {
			c.say(KindMissing, f.field, "it is empty")
		}
	}
	known := true
	switch c.c.Kind {
	case charge.KindCharge, charge.KindPayout:
		if c.c.CreditOf != "" || c.c.CreditElsewhere != "" {
			c.say(KindCredit, "credit_of", "only a credit note refers to an invoice: say kind credit_note")
		}
	case charge.KindCreditNote:
		switch {
		case c.c.CreditOf == "" && c.c.CreditElsewhere == "":
			c.say(KindCredit, "credit_of", "a credit note says which invoice it takes back")
		case c.c.CreditOf != "" && c.c.CreditElsewhere != "":
			c.say(KindCredit, "credit_of_elsewhere", "a credit note takes back one invoice: one that was made from here (credit_of), or one of another program")
		}
		if c.b.o.Provider != Files {
			c.say(KindCredit, mapping.KindOf, "credit notes are written by --provider files; money is given back by brood run refund")
		}
	default:
		known = false
		c.say(KindCredit, mapping.KindOf, "there is no kind %q; there are charge, credit_note and payout", c.c.Kind)
	}
	if known && c.b.kind == "" {
		c.b.kind = c.c.Kind
	}
	if known && c.c.Kind != c.b.kind {
		c.say(KindMixed, mapping.KindOf, "it is a %s, and the first is a %s: what goes another way needs a plan of its own, or its sums would say nothing", c.c.Kind, c.b.kind)
	}
}

func (c *checker) duplicate() {
	if c.c.InvoiceID == "" {
		return
	}
	k := key(c.c.InvoiceID)
	if at, twice := c.b.invoices[k]; twice {
		hint := ": an invoice is charged once"
		if !c.b.o.Group {
			hint += "; if these are lines of it, say --group"
		} else {
			hint += "; rows of one invoice stand one after the other: sort the file by invoice_id"
		}
		c.say(KindDuplicate, mapping.Invoice, "invoice %s is there already, at %s:%d%s", c.c.InvoiceID, at.file, at.line, hint)
		return
	}
	c.b.invoices[k] = place{c.b.file, c.rows[0].Line}
}

// several refuses rows of one invoice that say different things of it.
func (c *checker) several() {
	c.descriptions()
	for _, r := range c.rows[1:] {
		if r.Total == c.rows[0].Total {
			r.Total = "" // said once
		}
		a, b := r.Charge, *c.c
		a.Metadata, b.Metadata = nil, nil
		if one, two := a, b; !same(&one, &two) {
			c.tell(KindSeveral, r, mapping.Invoice, "the rows of the invoice differ in %s", difference(&a, &b))
			continue
		}
		for _, k := range slices.Sorted(maps.Keys(r.Charge.Metadata)) {
			if v, there := c.c.Metadata[k]; there && v != r.Charge.Metadata[k] {
				c.tell(KindSeveral, r, mapping.Field("metadata."+k), "the rows of the invoice differ in it")
			} else if !there {
				if c.c.Metadata == nil {
					c.c.Metadata = make(map[string]string)
				}
				c.c.Metadata[k] = r.Charge.Metadata[k]
			}
		}
	}
}

// descriptions that differ are those of the lines.
func (c *checker) descriptions() {
	differ := false
	for _, r := range c.rows {
		if r.Item.Description != "" {
			return
		}
		differ = differ || r.Charge.Description != c.c.Description
	}
	if !differ {
		return
	}
	for _, r := range c.rows {
		r.Item.Description, r.Charge.Description = r.Charge.Description, ""
	}
}

func same(a, b *charge.Charge) bool {
	one, err1 := a.Encode()
	two, err2 := b.Encode()
	return err1 == nil && err2 == nil && string(one) == string(two)
}

// difference is the first member that two charges differ in.
func difference(a, b *charge.Charge) string {
	one, _ := a.Encode() // they have been encoded before
	two, _ := b.Encode()
	x, y := strings.Split(string(one), `,"`), strings.Split(string(two), `,"`)
	for i, member := range x {
		if i >= len(y) || member != y[i] {
			name, _, _ := strings.Cut(member, `"`)
			return name
		}
	}
	if len(y) > len(x) {
		name, _, _ := strings.Cut(y[len(x)], `"`)
		return name
	}
	return "something"
}

// attempt counts on from the run before.
func (c *checker) attempt() {
	if c.b.o.Dunning == "" {
		return
	}
	n, err := strconv.Atoi(c.rows[0].Attempt)
	if err != nil || n < 1 || n > 1000 {
		c.say(KindAttempt, mapping.Attempt, "%q does not say how often it was tried: these rows are no results of a run of brood", c.rows[0].Attempt)
		return
	}
	switch s := charge.Status(c.rows[0].Status); s {
	case charge.Declined, charge.Returned, "":
	default:
		c.say(KindAttempt, mapping.Status, "the charge is %s: only what was declined or returned is tried once more, as brood export --class declined has it", s)
	}
	c.c.Attempt = n + 1
}

// sums makes and checks the amount.
func (c *checker) sums() {
	if c.b.o.Dunning != "" {
		c.again()
	} else {
		var ok bool
		if c.amount, ok = amounts(c.c, c.rows, c.b.rounding, c.tell); !ok {
			c.ok = false
			return
		}
	}
	switch minor := c.amount.Minor; {
	case minor == 0 && c.ok && !c.b.o.AllowZero:
		c.say(KindZero, mapping.Amount, "there is nothing to charge; say --allow-zero to have it in the plan")
	case minor < 0 && c.c.Kind == charge.KindCreditNote:
		c.say(KindNegative, mapping.Amount, "%s: the amount of a credit note has no sign, its kind says which way it goes", c.amount.WithCode())
	case minor < 0:
		c.say(KindNegative, mapping.Amount, "%s is less than nothing; what is given back is a credit note, with kind credit_note and credit_of, or a refund", c.amount.WithCode())
	}
	if c.b.o.CheckAmount != nil && c.ok {
		if err := c.b.o.CheckAmount(c.amount); err != nil {
			c.say(KindProvider, mapping.Amount, "%v", err)
		}
	}
	if c.b.o.CheckCredit != nil && c.ok && c.c.Kind == charge.KindCreditNote {
		if why := c.b.o.CheckCredit(c.c, c.amount); why != "" {
			c.say(KindCredit, "credit_of", "%s", why)
		}
	}
	if over := c.b.caps.record(c.amount); over != "" {
		c.say(KindRecordCap, mapping.Amount, "%s is more than a charge may be, %s", c.amount.WithCode(), over)
	}
}

// again takes the amounts of a charge that was planned before as they are.
func (c *checker) again() {
	r := c.rows[0]
	a, err := money.Parse(r.Item.Gross, c.c.Currency)
	if err != nil || a.String() != r.Item.Gross {
		c.say(KindAmount, mapping.Amount, "%q is no amount as brood writes it: these rows are no results of a run of brood", r.Item.Gross)
		return
	}
	c.amount = a
	c.c.Amount, c.c.NetAmount, c.c.TaxAmount = r.Item.Gross, r.Item.Net, r.Item.Tax
}

// dates checks periods and their order.
func (c *checker) dates() {
	switch start, end := c.c.PeriodStart, c.c.PeriodEnd; {
	case start == "" && end == "":
	case start == "":
		c.say(KindPeriod, mapping.Start, "the period has an end, %s, and no start", end)
	case end == "":
		c.say(KindPeriod, mapping.End, "the period has a start, %s, and no end", start)
	case start > end:
		c.say(KindPeriod, mapping.End, "the period ends on %s, before it starts, on %s", end, start)
	}
	if c.c.DueDate != "" && c.c.InvoiceDate > c.c.DueDate {
		c.say(KindDue, mapping.DueDate, "it is due on %s, before the date of the invoice, %s", c.c.DueDate, c.c.InvoiceDate)
	}
	if c.b.o.Provider == Files && c.c.InvoiceDate == "" && c.c.ChargeDate == "" {
		c.say(KindMissing, mapping.InvDate, "an invoice has a date")
	}
}

// mostText is the longest text of a field, in bytes, and mostID that of a name by which something is known.
const (
	mostText = 4096
	mostID   = 200
)

// texts checks lengths, names of countries, mail, and what can be printed.
func (c *checker) texts() {
	for _, f := range []struct {
		field mapping.Field
		value string
		most  int
	}{
		{mapping.Invoice, c.c.InvoiceID, mostID},
		{mapping.Customer, c.c.CustomerID, mostID},
		{"name", c.c.Name, mostText},
		{"email", c.c.Email, 254},
		{"description", c.c.Description, mostText},
		{"tax_note", c.c.TaxNote, mostText},
		{"street", c.c.Street, mostText},
		{"city", c.c.City, mostText},
		{"postcode", c.c.Postcode, mostID},
		{"tax_id", c.c.TaxID, mostID},
		{"credit_of", c.c.CreditOf, mostID},
		{"credit_of_elsewhere", c.c.CreditElsewhere, mostID},
		{"payment_customer", c.c.PaymentCustomer, mostID},
		{"payment_method", c.c.PaymentMethod, mostID},
		{"mandate_id", c.c.MandateID, mostID},
	} {
		if len(f.value) > f.most {
			c.say(KindLength, f.field, "it has %d bytes; there may be %d", len(f.value), f.most)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(c.c.Metadata)) {
		if v := c.c.Metadata[k]; len(k) > 40 || len(v) > 500 || len(c.c.Metadata) > 50 {
			c.say(KindLength, mapping.Field("metadata."+k), "there may be 50 of metadata, with names of 40 bytes and values of 500, as Stripe takes them")
			break
		}
	}
	if e := c.c.Email; e != "" && (strings.Count(e, "@") != 1 || strings.HasPrefix(e, "@") || strings.HasSuffix(e, "@") || strings.ContainsAny(e, " ,;<>")) {
		c.say(KindEmail, "email", "%q is no address of mail", e)
	}
	if k := c.c.Country; k != "" && !account.Country(k) {
		c.say(KindCountry, "country", "%q is no code of a country; write two capitals, as in DE", k)
	}
	if n := plainPostcode(c.c.Country); n > 0 && len(c.c.Postcode) == n-1 && strings.Trim(c.c.Postcode, "0123456789") == "" {
		c.say(KindLostZero, "postcode", "%s has %d digits, and postcodes of %s have %d: a zero at the front may be lost", c.c.Postcode, n-1, c.c.Country, n)
	}
	c.glyphs()
	c.law()
	c.reason()
}

// law tells where an invoice that is none by law goes from business to business.
func (c *checker) law() {
	s := &c.b.settings.Seller
	if c.b.o.Provider != Files || c.c.TaxID == "" || s.TaxID == "" || s.Country == "" || s.Country != c.c.Country {
		return
	}
	date := c.c.InvoiceDate
	if date == "" {
		date = c.c.ChargeDate
	}
	if text := law(s.Country, date); text != "" {
		c.say(KindLaw, "tax_id", "%s. What is written here is no e-invoice", text)
	}
}

// reason tells of a rate of nothing without its reason, which an invoice has to say: VAT directive, art. 226 (11) and (11a).
func (c *checker) reason() {
	if c.b.o.Provider != Files || c.b.settings.Seller.TaxID == "" || c.c.TaxNote != "" {
		return
	}
	for _, t := range c.c.Taxes {
		if strings.Trim(t.Rate, "0.") == "" {
			c.say(KindReason, mapping.Rate, "a rate of 0 has a reason, which in the EU stands on the invoice: give it in the column tax_note, as in Reverse charge")
			return
		}
	}
}

// days is the number of days between two dates.
func days(from, to string) int {
	a, err1 := time.Parse(time.DateOnly, from)
	b, err2 := time.Parse(time.DateOnly, to)
	if err1 != nil || err2 != nil {
		return 0
	}
	return int(b.Sub(a).Hours()) / 24
}

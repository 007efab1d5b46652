package plan

import (
	"brood/jobs/billing/account"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/mapping"
	"slices"
	"strings"
	"time"
)

// payment checks what the customer pays by.
func (c *checker) payment() {
	c.numbers()
	if c.b.o.Provider == SEPA && c.c.Kind == charge.KindCharge && c.c.Sequence == "" {
		c.c.Sequence = "RCUR" // which may be the first one too: SDD Core rulebook 9.0
	}
	if c.b.o.Provider == NACHA && c.c.AccountType == "" {
		c.c.AccountType = "checking"
	}
	if c.c.Kind == charge.KindPayout && (c.b.o.Provider == Stripe || c.b.o.Provider == Files) {
		c.say(KindMethod, mapping.KindOf, "payouts are made by bank files: --provider sepa or nacha")
	}
	switch {
	case !c.ok:
		return
	case c.b.o.CheckCharge != nil:
		c.ask()
	case c.b.o.Provider == Stripe && c.c.PaymentCustomer == "" && c.c.PaymentMethod == "":
		c.say(KindMethod, "payment_customer", "it says neither payment_customer (cus_…) nor payment_method (pm_…)")
	case c.b.o.Provider == SEPA:
		c.sepa()
	case c.b.o.Provider == NACHA:
		c.nacha()
	}
	if c.ok && c.b.o.Provider == SEPA && c.c.Kind == charge.KindCharge {
		c.history()
	}
}

// ask asks what the provider has against the charge.
func (c *checker) ask() {
	for _, p := range c.b.o.CheckCharge(c.c, c.b.settings) {
		k := KindUnfit
		if p.Warning {
			k = KindNote
		}
		c.say(k, mapping.Field(p.Field), "%s", p.Text)
	}
}

// numbers checks the numbers of accounts wherever there are any, and writes them in their electronic form. An error does not
// repeat them.
func (c *checker) numbers() {
	if c.c.IBAN != "" {
		n, err := account.ParseIBAN(c.c.IBAN)
		if err != nil {
			c.say(KindAccount, "iban", "%v", err)
		} else {
			c.c.IBAN = n.String()
		}
	}
	if c.c.BIC != "" {
		n, err := account.ParseBIC(c.c.BIC)
		switch {
		case err != nil:
			c.say(KindAccount, "bic", "%v", err)
		case c.c.IBAN != "" && c.ok && !account.Match(account.IBAN(c.c.IBAN), n):
			c.say(KindAccount, "bic", "%s is of a bank of another country than the IBAN", n)
		default:
			c.c.BIC = string(n)
		}
	}
	if c.c.RoutingNumber != "" {
		if n, err := account.ParseRouting(c.c.RoutingNumber); err != nil {
			c.say(KindAccount, mapping.Routing, "%v", err)
		} else {
			c.c.RoutingNumber = string(n)
		}
	}
	if !slices.Contains([]string{"", "FRST", "RCUR", "OOFF", "FNAL"}, c.c.Sequence) {
		c.say(KindMandate, "sequence", "it is %q; there are FRST, RCUR, OOFF and FNAL", c.c.Sequence)
	}
}

// sepa checks what a direct debit or a transfer in euro needs: EPC rulebooks and implementation guidelines.
func (c *checker) sepa() {
	if c.c.Currency != "EUR" {
		c.say(KindCurrency, mapping.Currency, "SEPA is in EUR, and this is %s", c.c.Currency)
	}
	if c.c.IBAN == "" {
		c.say(KindAccount, "iban", "it is empty")
	}
	if c.c.Name == "" {
		c.say(KindMissing, "name", "it is empty, and a bank file names who pays")
	}
	if why := reference(c.c.InvoiceID); why != "" {
		c.say(KindLength, mapping.Invoice, "%s cannot be the reference in a bank file: %s", c.c.InvoiceID, why)
	}
	if c.c.IBAN != "" && c.ok {
		n := account.IBAN(c.c.IBAN)
		switch account.SEPA(n.Country()) {
		case account.Outside:
			c.say(KindAccount, "iban", "no SEPA payment reaches a bank of %s", n.Country())
		case account.NonEEA:
			if c.c.BIC == "" || c.c.Country == "" || c.c.City == "" {
				c.say(KindAccount, "bic", "for a bank of %s, outside of the EEA, bic, country and city are needed", n.Country())
			}
		case account.EEA:
		}
	}
	if c.c.Kind == charge.KindCharge {
		c.mandate()
	}
}

// reference says why an identification cannot stand in a bank file: EPC AT-10, at most 35 characters of the Latin set, no slash first,
// last or twice.
func reference(s string) string {
	switch {
	case len(s) > 35:
		return "it has more than 35 characters"
	case strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-?:().,'+ ") != "":
		return "it may have letters, digits and / - ? : ( ) . , ' + alone"
	case strings.HasPrefix(s, "/"), strings.HasSuffix(s, "/"), strings.Contains(s, "//"):
		return "a slash may not be first, last or twice"
	}
	return ""
}

// mandateMonths is how long a mandate may lie unused: EPC016-06, section 4.1.
const mandateMonths = 36

// mandate checks the mandate of a debit.
func (c *checker) mandate() {
	if c.b.settings.SEPA.CreditorID == "" {
		c.say(KindMandate, "mandate_id", "a debit needs the creditor's identifier: sepa.creditor_id in the settings")
	}
	if c.c.MandateID == "" || c.c.MandateDate == "" {
		c.say(KindMandate, "mandate_id", "a debit needs a mandate: mandate_id and mandate_date")
		return
	}
	if why := reference(c.c.MandateID); why != "" {
		c.say(KindMandate, "mandate_id", "%s is no reference of a mandate: %s", c.c.MandateID, why)
	}
	on := day(c.c)
	if on == "" {
		c.say(KindMissing, mapping.ChargeDate, "a debit needs a day: charge_date or due_date")
		return
	}
	if c.c.MandateDate > on {
		c.say(KindMandate, mapping.MandDate, "the mandate is of %s, after the day of the debit, %s", c.c.MandateDate, on)
	}
}

// history says whether the mandate has lapsed, or was used up, as far as the previous plan shows it.
func (c *checker) history() {
	on, last := day(c.c), c.c.MandateDate
	if on == "" || last == "" {
		return
	}
	var before *used
	if c.b.previous != nil {
		if before = c.b.previous.mandate(c.c.MandateID); before != nil {
			last = max(last, before.on)
		}
	}
	if t, err := time.Parse(time.DateOnly, last); err == nil && t.AddDate(0, mandateMonths, 0).Format(time.DateOnly) < on {
		if before != nil || c.c.Sequence != "RCUR" {
			c.say(KindMandate, mapping.MandDate, "the mandate was last used, or signed, on %s, more than %d months before %s: it has lapsed", last, mandateMonths, on)
		} else { // it may have been used since, in plans that are not at hand
			c.say(KindSequence, mapping.MandDate, "the mandate is of %s: unless it was used in the %d months before %s it has lapsed", last, mandateMonths, on)
		}
	}
	if before != nil {
		c.sequence(before)
	}
}

// day is when a debit is to be made.
func day(c *charge.Charge) string {
	if c.ChargeDate != "" {
		return c.ChargeDate
	}
	return c.DueDate
}

// sequence compares with how the mandate was used before.
func (c *checker) sequence(before *used) {
	switch {
	case before.sequence == "OOFF":
		c.say(KindMandate, "sequence", "the mandate was for one debit, and the previous plan has it")
	case before.sequence == "FNAL":
		c.say(KindMandate, "sequence", "the previous plan has the last debit of the mandate")
	case c.c.Sequence == "FRST", c.c.Sequence == "OOFF":
		c.say(KindSequence, "sequence", "%s, and the previous plan has a debit of the mandate already", c.c.Sequence)
	}
}

// nacha checks what an entry of an ACH file needs: NACHA Operating Rules, Appendix Three.
func (c *checker) nacha() {
	if c.c.Currency != "USD" {
		c.say(KindCurrency, mapping.Currency, "ACH is in USD, and this is %s", c.c.Currency)
	}
	if c.c.Name == "" {
		c.say(KindMissing, "name", "it is empty, and an entry names who pays")
	}
	if c.c.RoutingNumber == "" {
		c.say(KindAccount, mapping.Routing, "it is empty")
	}
	if a := c.c.AccountNumber; a == "" || len(a) > 17 || strings.ContainsFunc(a, func(r rune) bool { return r <= ' ' || r > '~' }) {
		c.say(KindAccount, mapping.AccountNo, "it needs 1 to 17 letters, digits or hyphens")
	}
	if !slices.Contains([]string{"checking", "savings"}, c.c.AccountType) {
		c.say(KindAccount, "account_type", "it is %q; there are checking and savings", c.c.AccountType)
	}
}

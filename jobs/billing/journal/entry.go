package journal

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// entry books one charge.
func (j *book) entry(e *Entry) error {
	c := e.Charge
	amount, err := c.Money()
	if err != nil {
		return err
	}
	if err := e.check(amount); err != nil {
		return err
	}
	if !e.booked() {
		j.line("")
		j.line("; " + safe(c.InvoiceID) + " is " + safe(string(e.Status)) + ", and nothing is booked")
		return j.fee(e)
	}
	switch c.Kind {
	case charge.KindPayout:
		return j.payout(e, amount)
	case charge.KindCreditNote:
		err = j.invoice(e, amount, true)
	case charge.KindCharge:
		if err = j.invoice(e, amount, false); err == nil {
			err = j.paid(e, amount)
		}
	default:
		return fmt.Errorf("a charge of the kind %q is not booked", c.Kind)
	}
	if err == nil {
		err = j.back(e)
	}
	if err == nil {
		err = j.fee(e)
	}
	return err
}

// check refuses amounts that cannot be, and fills in those that the status says.
func (e *Entry) check(amount money.Amount) error {
	if _, err := charge.ParseStatus(string(e.Status)); err != nil {
		return err
	}
	if amount.Minor < 0 || e.Fee.Minor < 0 || e.Refunded.Minor < 0 || e.Returned.Minor < 0 {
		return errors.New("an amount is negative; what goes the other way has an entry of its own")
	}
	if e.Status == charge.Returned && e.Returned.Minor == 0 {
		e.Returned = amount
	}
	if e.Status == charge.Refunded && e.Refunded.Minor == 0 {
		e.Refunded = amount
	}
	for _, back := range []money.Amount{e.Refunded, e.Returned} {
		if back.Minor != 0 && back.Currency != amount.Currency {
			return fmt.Errorf("%s went back of %s: it is not one currency", back.WithCode(), amount.WithCode())
		}
	}
	if e.Charge.Kind == charge.KindCharge && !e.received() && (e.Refunded.Minor != 0 || e.Returned.Minor != 0) {
		return fmt.Errorf("%s went back of a charge that is %s", amount.WithCode(), e.Status)
	}
	sum, err := money.Amount{Minor: e.Refunded.Minor, Currency: amount.Currency}.Add(money.Amount{Minor: e.Returned.Minor, Currency: amount.Currency})
	if err != nil || sum.Minor > amount.Minor {
		return fmt.Errorf("%s was refunded and %s returned, which is more than its amount, %s", e.Refunded, e.Returned, amount.WithCode())
	}
	return nil
}

// booked reports whether there is anything to book but a fee.
func (e *Entry) booked() bool {
	switch e.Status {
	case charge.SkippedDuplicate: // the run that it is a duplicate of has booked it
		return false
	case charge.Failed:
		return e.Issued && e.Charge.Kind != charge.KindPayout
	case charge.Declined, charge.RequiresAction:
		return e.Charge.Kind != charge.KindPayout
	default:
		return true
	}
}

// received reports whether the money has come in, whatever became of it later.
func (e *Entry) received() bool {
	switch e.Status {
	case charge.Succeeded, charge.Refunded, charge.Returned, charge.Disputed:
		return !e.Unpaid
	default:
		return false
	}
}

// pending is an account, or the one below it of what is on its way or not known.
func (e *Entry) pending(account string) string {
	switch e.Status {
	case charge.Submitted, charge.Processing, charge.Unknown:
		if !e.Unpaid {
			return account + ":" + string(e.Status)
		}
	default:
	}
	return account
}

// begin begins a transaction of the charge.
func (e *Entry) begin(date, note string) *transaction {
	c := e.Charge
	return &transaction{
		date: date, code: cmp.Or(c.Number, c.InvoiceID), payee: cmp.Or(c.Name, c.CustomerID), note: note + " " + safe(c.InvoiceID),
	}
}

func (e *Entry) issued() string { return cmp.Or(e.Charge.InvoiceDate, e.Charge.ChargeDate, e.Date) }

func (e *Entry) happened() string { return cmp.Or(e.Date, e.issued()) }

// invoice books the claim, or takes it back.
func (j *book) invoice(e *Entry, amount money.Amount, credit bool) error {
	note := "invoice"
	if credit {
		note = "credit note"
	}
	t := e.begin(e.issued(), note)
	sign := func(a money.Amount) money.Amount {
		if credit {
			return negative(a)
		}
		return a
	}
	receivable := j.names.Receivable
	if !credit {
		receivable = e.pending(receivable)
	}
	t.add(receivable, sign(amount))
	taxes, taxed, err := j.taxes(e.Charge)
	if err != nil {
		return err
	}
	net, err := amount.Add(money.Amount{Minor: -taxed, Currency: amount.Currency})
	if err != nil {
		return err
	}
	if e.Charge.NetAmount != "" {
		if net, err = money.Parse(e.Charge.NetAmount, amount.Currency); err != nil {
			return fmt.Errorf("its net amount: %w", err)
		}
	}
	t.add(j.names.Revenue, sign(negative(net)))
	for _, tax := range taxes {
		t.add(tax.account, sign(negative(tax.amount)))
	}
	return j.write(t)
}

// taxes are those of a charge, each on an account of its rate, and their sum.
func (j *book) taxes(c *charge.Charge) (taxes []posting, sum int64, err error) {
	list := c.Taxes
	if len(list) == 0 && c.TaxAmount != "" {
		list = []charge.Tax{{Tax: c.TaxAmount}}
	}
	for _, tax := range list {
		a, err := money.Parse(tax.Tax, c.Currency)
		if err != nil {
			return nil, 0, fmt.Errorf("its tax: %w", err)
		}
		account := j.names.VAT
		if tax.Rate != "" {
			if strings.Trim(tax.Rate, "0123456789.") != "" {
				return nil, 0, fmt.Errorf("%q is no rate of a tax; write one like 19 or 7.5", tax.Rate)
			}
			account += ":" + tax.Rate + "%"
		}
		total, err := money.Amount{Minor: sum, Currency: c.Currency}.Add(a)
		if err != nil {
			return nil, 0, err
		}
		sum = total.Minor
		taxes = append(taxes, posting{account, a})
	}
	return taxes, sum, nil
}

// paid books what came in.
func (j *book) paid(e *Entry, amount money.Amount) error {
	if !e.received() {
		return nil
	}
	t := e.begin(e.happened(), "payment of")
	t.move(j.names.Bank, j.names.Receivable, amount)
	return j.write(t)
}

// back books what went back.
func (j *book) back(e *Entry) error {
	refund := e.begin(e.happened(), "refund of")
	account := j.names.Refunds
	if e.Charge.Kind == charge.KindCreditNote {
		account = j.names.Receivable // what the customer had to his credit
	}
	refund.move(account, j.names.Bank, e.Refunded)
	if err := j.write(refund); err != nil {
		return err
	}
	returned := e.begin(e.happened(), "return of")
	returned.move(j.names.Returns, j.names.Bank, e.Returned)
	return j.write(returned)
}

// payout books money that goes out, and what of it came back.
func (j *book) payout(e *Entry, amount money.Amount) error {
	t := e.begin(e.happened(), "payout")
	t.move(j.names.Refunds, e.pending(j.names.Bank), amount)
	if err := j.write(t); err != nil {
		return err
	}
	back := e.begin(e.happened(), "return of")
	back.move(j.names.Bank, j.names.Refunds, e.Returned)
	if err := j.write(back); err != nil {
		return err
	}
	return j.fee(e)
}

// fee books what the provider kept.
func (j *book) fee(e *Entry) error {
	if e.Fee.Minor == 0 {
		return nil
	}
	t := e.begin(e.happened(), "fee for")
	t.move(j.names.Fees, j.names.Bank, e.Fee)
	return j.write(t)
}

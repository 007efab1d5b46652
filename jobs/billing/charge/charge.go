// Package charge is the vocabulary of billing: what is to be charged, and what has become of it.
//
// A Charge is one line of a plan. It is written as canonical JSON: the members in the order of the struct, no white
// space, empty members left out but for those that every charge has, so that equal charges are equal bytes. The engine reads the same lines
// as the records of the run, the first of them with null for the members that only others have: see Members.
package charge

import (
	"brood/jobs/billing/money"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Kind is what a line of a plan does.
type Kind string

// The kinds.
const (
	KindCharge     Kind = "charge"      // money comes in
	KindCreditNote Kind = "credit_note" // an invoice is taken back, as a whole or in part: Charge.CreditOf
	KindPayout     Kind = "payout"      // money goes out: pain.001, and credits of NACHA
)

// Charge is one line of a plan: one invoice to one customer. Amounts are decimals with exactly the digits of the
// currency; dates are YYYY-MM-DD, periods include both ends.
type Charge struct {
	InvoiceID  string         `json:"invoice_id"`
	Attempt    int            `json:"attempt"` // 1, and one more for each dunning run
	Kind       Kind           `json:"kind"`
	CustomerID string         `json:"customer_id"`
	Amount     string         `json:"amount"`
	Currency   money.Currency `json:"currency"`

	Name        string `json:"name,omitempty"`
	Email       string `json:"email,omitempty"`
	Description string `json:"description,omitempty"`
	ChargeDate  string `json:"charge_date,omitempty"`
	DueDate     string `json:"due_date,omitempty"`
	InvoiceDate string `json:"invoice_date,omitempty"`
	PeriodStart string `json:"period_start,omitempty"`
	PeriodEnd   string `json:"period_end,omitempty"`
	CreditOf    string `json:"credit_of,omitempty"` // the invoice that a credit note refers to
	// CreditElsewhere stands in its place where another program has made that invoice, so that nothing is known of it here.
	CreditElsewhere string `json:"credit_of_elsewhere,omitempty"`

	Street   string `json:"street,omitempty"`
	Postcode string `json:"postcode,omitempty"`
	City     string `json:"city,omitempty"`
	Country  string `json:"country,omitempty"`
	TaxID    string `json:"tax_id,omitempty"`
	Language string `json:"language,omitempty"`
	TaxNote  string `json:"tax_note,omitempty"` // said on the invoice below the sums: why there is no tax

	PaymentCustomer string `json:"payment_customer,omitempty"` // the provider's own id of the customer (cus_…)
	PaymentMethod   string `json:"payment_method,omitempty"`   // the provider's id of a saved method (pm_…, card_…)
	Network         string `json:"network,omitempty"`          // visa, mastercard: for the ceilings of tries

	MandateID     string `json:"mandate_id,omitempty"`
	MandateDate   string `json:"mandate_date,omitempty"`
	Sequence      string `json:"sequence,omitempty"` // FRST, RCUR, OOFF or FNAL
	IBAN          string `json:"iban,omitempty"`
	BIC           string `json:"bic,omitempty"`
	RoutingNumber string `json:"routing_number,omitempty"` // ABA, nine digits
	AccountNumber string `json:"account_number,omitempty"`
	AccountType   string `json:"account_type,omitempty"` // checking or savings

	NetAmount string            `json:"net_amount,omitempty"`
	TaxAmount string            `json:"tax_amount,omitempty"`
	Taxes     []Tax             `json:"taxes,omitempty"` // by rate, in the order of the rates
	Lines     []Line            `json:"lines,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`

	// Number is the number of the invoice in its series, given by the parent before the run; nothing in a plan.
	Number string `json:"number,omitempty"`
}

// Tax is what one rate makes.
type Tax struct {
	Rate string `json:"rate"` // percent, as in 19 or 7.5
	Base string `json:"base"`
	Tax  string `json:"tax"`
}

// Line is one item of an invoice.
type Line struct {
	Description string `json:"description,omitempty"`
	Quantity    string `json:"quantity,omitempty"`
	Unit        string `json:"unit,omitempty"` // of the quantity, as in h
	UnitAmount  string `json:"unit_amount,omitempty"`
	Net         string `json:"net,omitempty"`
	TaxRate     string `json:"tax_rate,omitempty"`
	Tax         string `json:"tax,omitempty"`
	Gross       string `json:"gross,omitempty"`
}

// Decode reads a line of a plan. A member that is not known is an error: the plan is of another brood.
func Decode(line []byte) (*Charge, error) {
	if c := read(line); c != nil {
		return c, nil
	}
	dec := json.NewDecoder(bytesReader(line))
	dec.DisallowUnknownFields()
	c := new(Charge)
	if err := dec.Decode(c); err != nil {
		return nil, fmt.Errorf("a line of the plan is none: %w", err)
	}
	return c, nil
}

// Encode writes the line, without its end. HTML characters stay as they are.
func (c *Charge) Encode() ([]byte, error) { return c.append(make([]byte, 0, lineSize)), nil }

// lineSize has place for most lines.
const lineSize = 512

// Money is the amount. A plan's amounts have been checked, so an error means that the line is not of a plan.
func (c *Charge) Money() (money.Amount, error) { return money.Parse(c.Amount, c.Currency) }

// Fingerprint is the SHA-256, in hexadecimal, of what a provider must be asked for the same again under the same
// key: whoever changes any of it changes the request. It leaves out the number of the invoice.
func (c *Charge) Fingerprint() (string, error) {
	bare := *c
	bare.Number = ""
	var place [lineSize]byte
	sum := sha256.Sum256(bare.append(place[:0]))
	return hex.EncodeToString(sum[:]), nil
}

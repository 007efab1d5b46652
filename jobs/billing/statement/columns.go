package statement

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"fmt"
	"strings"
	"time"
)

// Columns says what is where in a table. A name that begins with = is a constant: "=EUR".
type Columns struct {
	Reference, ProviderID, Amount, Currency, Status, Reason, Date, Text string

	Minor     bool   // amounts are whole numbers of the smallest unit
	Decimal   byte   // . or ,; the other one may separate thousands, if all of them are
	Separator rune   // between fields
	Layout    string // of dates, as Go has them; empty is ISO
	Encoding  string // empty is UTF-8
	Words     map[string]charge.Status
}

// ResultsColumns are those of the results of a billing run.
func ResultsColumns() *Columns {
	return &Columns{
		Reference: "invoice_id", ProviderID: "provider_id", Amount: "amount", Currency: "currency", Status: "billing_status", Reason: "decline_code",
		Date: "created_at", Decimal: '.', Separator: ',',
	}
}

// ParseColumns reads a list as --against takes it behind a file's name: reference=Invoice,amount=Betrag,currency==EUR,decimal=comma,separator=semicolon,
// date=Buchung,layout=02.01.2006,status=Status,status.Bezahlt=succeeded. What is not named is not in the table; without a status the
// sign of the amount says which way it went (Item.Booked).
func ParseColumns(text string) (*Columns, error) {
	c := &Columns{Decimal: '.', Separator: ',', Words: map[string]charge.Status{}}
	for pair := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || value == "" {
			return nil, fmt.Errorf("%.60q says no column; write what it is, =, and the name in the table's head", pair)
		}
		if err := c.set(strings.TrimSpace(key), value); err != nil {
			return nil, err
		}
	}
	if c.Amount == "" || c.Currency == "" {
		return nil, fmt.Errorf("amount=COLUMN and currency=COLUMN are needed, or currency==EUR where all are euros")
	}
	if _, ok := money.Digits(money.Currency(c.Currency[1:])); c.Currency[0] == '=' && !ok {
		return nil, fmt.Errorf("there is no currency %.8q", c.Currency[1:])
	}
	return c, nil
}

func (c *Columns) set(key, value string) error {
	named := map[string]*string{
		"reference": &c.Reference, "id": &c.ProviderID, "amount": &c.Amount, "currency": &c.Currency, "status": &c.Status, "reason": &c.Reason,
		"date": &c.Date, "text": &c.Text, "layout": &c.Layout, "encoding": &c.Encoding,
	}
	if to, ok := named[key]; ok {
		*to = value
		return nil
	}
	switch key + "=" + value {
	case "minor=true":
		c.Minor = true
		return nil
	case "decimal=comma":
		c.Decimal = ','
		return nil
	case "decimal=point":
		return nil
	case "separator=comma":
		return nil
	case "separator=semicolon":
		c.Separator = ';'
		return nil
	case "separator=tab":
		c.Separator = '\t'
		return nil
	}
	if word, ok := strings.CutPrefix(key, "status."); ok {
		status, err := charge.ParseStatus(value)
		c.Words[strings.ToLower(word)] = status
		return err
	}
	return fmt.Errorf("there is no %.60q; there are reference, id, amount, currency, status, reason, date, text, minor=true, decimal=comma, separator=semicolon|tab, layout, encoding, status.WORD=STATUS", key+"="+value)
}

// status finds out what a word means.
func (c *Columns) status(word string) (charge.Status, error) {
	lower := strings.ToLower(strings.TrimSpace(word))
	if s, ok := c.Words[lower]; ok {
		return s, nil
	}
	if s, err := charge.ParseStatus(lower); err == nil {
		return s, nil
	}
	switch lower {
	case "paid", "success", "successful", "complete", "completed", "captured", "settled", "booked", "confirmed":
		return charge.Succeeded, nil
	case "pending", "in transit", "in_transit":
		return charge.Processing, nil
	case "refused":
		return charge.Declined, nil
	case "error", "canceled", "cancelled", "expired", "void", "voided":
		return charge.Failed, nil
	case "reversed", "bounced", "rejected":
		return charge.Returned, nil
	case "partially refunded", "partially_refunded":
		return charge.Refunded, nil
	case "chargeback", "chargedback":
		return charge.Disputed, nil
	default:
		return "", fmt.Errorf("the status %.40q says nothing here; say what it is by status.%.40s=succeeded or another", word, word)
	}
}

// amount reads an amount, exactly.
func (c *Columns) amount(text string, currency money.Currency) (int64, error) {
	text = strings.TrimSpace(text)
	if c.Minor {
		return money.ParseDigits(text, 0)
	}
	digits, ok := money.Digits(currency)
	if !ok {
		return 0, fmt.Errorf("there is no currency %.8q", string(currency))
	}
	plain, err := c.plain(strings.TrimPrefix(text, "+"))
	if err != nil {
		return 0, err
	}
	return money.ParseDigits(plain, digits)
}

// plain takes separators of thousands out, which must all be there, and makes the decimal sign a point.
func (c *Columns) plain(text string) (string, error) {
	thousands := ","
	if c.Decimal == ',' {
		thousands = "."
	}
	whole, part, point := strings.Cut(text, string(c.Decimal))
	groups := strings.Split(whole, thousands)
	for i, g := range groups {
		if i > 0 && len(g) != 3 || i == 0 && len(groups) > 1 && (strings.Trim(g, "-") == "" || len(strings.Trim(g, "-")) > 3) {
			return "", fmt.Errorf("%.40q is no amount with %q before its decimals; if it has the other sign, say decimal=comma or decimal=point", text, c.Decimal)
		}
	}
	whole = strings.Join(groups, "")
	if point {
		whole += "." + part
	}
	return whole, nil
}

// date reads a date or time.
func (c *Columns) date(text string) (time.Time, error) {
	if text = strings.TrimSpace(text); text == "" {
		return time.Time{}, nil
	}
	if c.Layout != "" {
		t, err := time.Parse(c.Layout, text)
		if err != nil {
			return t, fmt.Errorf("%.40q is no date of the layout %s", text, c.Layout)
		}
		return t, nil
	}
	return day(strings.Replace(text, " ", "T", 1))
}

package charge

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// append adds the canonical line to b, as canonical does by reflection: a run goes over the lines of its plan a dozen times. What
// package encoding/json writes of the same charge is what it is held against by the tests.
func (c *Charge) append(b []byte) []byte {
	b = appendText(append(b, `{"invoice_id":`...), c.InvoiceID)
	b = strconv.AppendInt(append(b, `,"attempt":`...), int64(c.Attempt), 10)
	b = appendText(append(b, `,"kind":`...), string(c.Kind))
	b = appendText(append(b, `,"customer_id":`...), c.CustomerID)
	b = appendText(append(b, `,"amount":`...), c.Amount)
	b = appendText(append(b, `,"currency":`...), string(c.Currency))
	texts := c.texts()
	for i := range texts[:textsBefore] {
		b = appendMember(b, textNames[i], *texts[i])
	}
	if len(c.Taxes) > 0 {
		b = appendTaxes(append(b, `,"taxes":`...), c.Taxes)
	}
	if len(c.Lines) > 0 {
		b = appendLines(append(b, `,"lines":`...), c.Lines)
	}
	if len(c.Metadata) > 0 {
		b = appendMap(append(b, `,"metadata":`...), c.Metadata)
	}
	b = appendMember(b, textNames[textsBefore], c.Number)
	return append(b, '}')
}

// textNames are the members that are texts and may be missing, in the order of the struct: the first textsBefore stand before taxes,
// lines and metadata, the last behind them.
var textNames = [...]string{
	"name", "email", "description", "charge_date", "due_date", "invoice_date", "period_start", "period_end", "credit_of", "credit_of_elsewhere",
	"street", "postcode", "city", "country", "tax_id", "language", "tax_note", "payment_customer", "payment_method", "network",
	"mandate_id", "mandate_date", "sequence", "iban", "bic", "routing_number", "account_number", "account_type", "net_amount", "tax_amount",
	"number",
}

const textsBefore = len(textNames) - 1

// texts are where they are kept.
func (c *Charge) texts() [len(textNames)]*string {
	return [...]*string{
		&c.Name, &c.Email, &c.Description, &c.ChargeDate, &c.DueDate, &c.InvoiceDate, &c.PeriodStart, &c.PeriodEnd, &c.CreditOf, &c.CreditElsewhere,
		&c.Street, &c.Postcode, &c.City, &c.Country, &c.TaxID, &c.Language, &c.TaxNote, &c.PaymentCustomer, &c.PaymentMethod, &c.Network,
		&c.MandateID, &c.MandateDate, &c.Sequence, &c.IBAN, &c.BIC, &c.RoutingNumber, &c.AccountNumber, &c.AccountType, &c.NetAmount, &c.TaxAmount,
		&c.Number,
	}
}

// appendMember adds a member, unless it is empty.
func appendMember(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, name...)
	return appendText(append(b, '"', ':'), text)
}

func appendTaxes(b []byte, all []Tax) []byte {
	for i := range all {
		b = append(b, separator(i, '['))
		b = appendText(append(b, `{"rate":`...), all[i].Rate)
		b = appendText(append(b, `,"base":`...), all[i].Base)
		b = append(appendText(append(b, `,"tax":`...), all[i].Tax), '}')
	}
	return append(b, ']')
}

func appendLines(b []byte, all []Line) []byte {
	for i := range all {
		b = append(b, separator(i, '['), '{')
		texts := all[i].texts()
		for n, text := range texts {
			b = appendMember(b, lineNames[n], *text)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

// lineNames are the members of a line.
var lineNames = [...]string{"description", "quantity", "unit", "unit_amount", "net", "tax_rate", "tax", "gross"}

func (l *Line) texts() [len(lineNames)]*string {
	return [...]*string{&l.Description, &l.Quantity, &l.Unit, &l.UnitAmount, &l.Net, &l.TaxRate, &l.Tax, &l.Gross}
}

func appendMap(b []byte, m map[string]string) []byte {
	var few [8]string
	names := few[:0]
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		b = appendText(append(b, separator(i, '{')), name)
		b = appendText(append(b, ':'), m[name])
	}
	return append(b, '}')
}

func separator(i int, first byte) byte {
	if i == 0 {
		return first
	}
	return ','
}

// appendText adds a text in quotes. One that is not plain is written by package encoding/json.
func appendText(b []byte, text string) []byte {
	if !isPlain(text) {
		quoted, err := canonical(text)
		if err != nil { // of a text there is none
			panic(err)
		}
		return append(b, quoted...)
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

// isPlain reports whether a text stands in JSON as it is: UTF-8 without quotes, backslashes, control characters, and the two line
// ends that package encoding/json escapes (U+2028, U+2029).
func isPlain(text string) bool {
	plain := true
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c == '"' || c == '\\' {
			return false
		}
		plain = plain && c < utf8.RuneSelf
	}
	return plain || isPlainUnicode(text)
}

func isPlainUnicode(text string) bool {
	for i, r := range text {
		if r == '\u2028' || r == '\u2029' || r == utf8.RuneError && !isErrorItself(text[i:]) {
			return false
		}
	}
	return true
}

// isErrorItself tells the character U+FFFD from bytes that are none.
func isErrorItself(text string) bool {
	_, size := utf8.DecodeRuneInString(text)
	return size == 3
}

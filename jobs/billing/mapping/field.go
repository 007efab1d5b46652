// Package mapping makes a charge of a row: which column holds what, by its own name or by a map, and how dates and amounts
// are written there.
//
// It promises to guess nothing. A date is YYYY-MM-DD unless the map names another form; a period includes both its
// days unless the map says that its end is not in it; an amount has a point before its decimals unless the map says
// that it is a comma. A row in which the number of a payment card stands, or a table with a column for the code on
// its back, is refused, and what stands there is not repeated.
//
// Whether the amounts are right, and the charge allowed, is left to plan.
package mapping

import (
	"brood/jobs/billing/charge"
	"slices"
	"strings"
)

// Field is what a column holds, by the name that it has in brood's own tables.
type Field string

// The fields that decide something here. The others are those of charge.Charge, by their names in JSON.
const (
	Invoice    Field = "invoice_id"
	Attempt    Field = "attempt"        // of the run before: see Map.Again
	Status     Field = "billing_status" // of the run before
	KindOf     Field = "kind"
	Customer   Field = "customer_id"
	Amount     Field = "amount" // of the row, with tax
	Currency   Field = "currency"
	ChargeDate Field = "charge_date"
	DueDate    Field = "due_date"
	InvDate    Field = "invoice_date"
	Start      Field = "period_start"
	End        Field = "period_end"
	MandDate   Field = "mandate_date"
	Net        Field = "net_amount" // of the row, without tax
	Tax        Field = "tax_amount"
	Rate       Field = "tax_rate" // percent
	Quantity   Field = "quantity"
	Measure    Field = "unit"        // of the quantity
	Unit       Field = "unit_amount" // without tax, unless the row's amount says otherwise
	ItemText   Field = "line_description"
	Total      Field = "total" // of the whole invoice, on each of its rows
	AccountNo  Field = "account_number"
	Routing    Field = "routing_number"
	Lines      Field = "lines" // JSON, of an earlier plan
	Taxes      Field = "taxes"
	Metadata   Field = "metadata"
)

// metadataPrefix is before the name of a column that is kept as it is.
const metadataPrefix = "metadata."

// Fields are all of them, in the order in which they are told.
func Fields() []Field {
	return []Field{
		Invoice, KindOf, Customer, Amount, Currency, "name", "email", "description", ChargeDate, DueDate, InvDate, Start, End, "credit_of", "credit_of_elsewhere",
		"street", "postcode", "city", "country", "tax_id", "language", "tax_note", "payment_customer", "payment_method", "network", "mandate_id", MandDate,
		"sequence", "iban", "bic", Routing, AccountNo, "account_type", Net, Tax, Rate, Quantity, Measure, Unit, ItemText, Total, Attempt, Status, Lines, Taxes, Metadata,
	}
}

// parseField is the reverse of the name.
func parseField(name string) (Field, bool) {
	f := Field(strings.TrimSpace(name))
	if strings.HasPrefix(string(f), metadataPrefix) && len(f) > len(metadataPrefix) {
		return f, true
	}
	return f, slices.Contains(Fields(), f)
}

// isDate reports whether a field is a day.
func (f Field) isDate() bool {
	switch f {
	case ChargeDate, DueDate, InvDate, Start, End, MandDate:
		return true
	default:
		return false
	}
}

// isNumber reports whether a field is an amount or a number.
func (f Field) isNumber() bool {
	switch f {
	case Amount, Net, Tax, Rate, Quantity, Unit, Total:
		return true
	default:
		return false
	}
}

// isID reports whether a field is compared with others, sign for sign.
func (f Field) isID() bool {
	switch f {
	case Invoice, Customer, "credit_of", "credit_of_elsewhere", "payment_customer", "payment_method", "mandate_id", "tax_id", "iban", "bic", Routing, AccountNo, "postcode", Currency:
		return true
	default:
		return false
	}
}

// text is where a field of the charge that is kept as it is stands.
func text(c *charge.Charge, f Field) *string {
	switch f {
	case Invoice:
		return &c.InvoiceID
	case KindOf:
		return (*string)(&c.Kind)
	case Customer:
		return &c.CustomerID
	case Currency:
		return (*string)(&c.Currency)
	case "name":
		return &c.Name
	case "email":
		return &c.Email
	case "description":
		return &c.Description
	case ChargeDate:
		return &c.ChargeDate
	case DueDate:
		return &c.DueDate
	case InvDate:
		return &c.InvoiceDate
	case Start:
		return &c.PeriodStart
	case End:
		return &c.PeriodEnd
	case "credit_of":
		return &c.CreditOf
	case "credit_of_elsewhere":
		return &c.CreditElsewhere
	case "street":
		return &c.Street
	case "postcode":
		return &c.Postcode
	case "city":
		return &c.City
	case "country":
		return &c.Country
	case "tax_id":
		return &c.TaxID
	case "language":
		return &c.Language
	case "tax_note":
		return &c.TaxNote
	default:
		return payment(c, f)
	}
}

// payment is text for what is paid by.
func payment(c *charge.Charge, f Field) *string {
	switch f {
	case "payment_customer":
		return &c.PaymentCustomer
	case "payment_method":
		return &c.PaymentMethod
	case "network":
		return &c.Network
	case "mandate_id":
		return &c.MandateID
	case MandDate:
		return &c.MandateDate
	case "sequence":
		return &c.Sequence
	case "iban":
		return &c.IBAN
	case "bic":
		return &c.BIC
	case Routing:
		return &c.RoutingNumber
	case AccountNo:
		return &c.AccountNumber
	case "account_type":
		return &c.AccountType
	default:
		return nil
	}
}

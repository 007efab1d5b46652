package charge

import (
	"slices"
)

// ForgottenMark stands where a name stood.
const ForgottenMark = "[forgotten]"

// stays are the members of a charge that tell nothing of a person by themselves: by which charges are counted, numbered, taxed and
// told apart. A customer's number is one of them; whose it is stands in the books of whoever gave it.
var stays = []string{
	"invoice_id", "attempt", "kind", "customer_id", "amount", "currency", "charge_date", "due_date", "invoice_date", "period_start", "period_end",
	"credit_of", "country", "language", "network", "sequence", "account_type", "net_amount", "tax_amount", "taxes",
}

// Stays reports whether a member of a charge stays when whom it is about is forgotten.
func Stays(member string) bool { return slices.Contains(stays, member) }

// Forgotten is the charge without what is personal: see Stays. A name and a description are marked, and anything else is
// left out. Its lines keep their amounts.
func (c *Charge) Forgotten() *Charge {
	out := &Charge{
		InvoiceID: c.InvoiceID, Attempt: c.Attempt, Kind: c.Kind, CustomerID: c.CustomerID, Amount: c.Amount, Currency: c.Currency,
		ChargeDate: c.ChargeDate, DueDate: c.DueDate, InvoiceDate: c.InvoiceDate, PeriodStart: c.PeriodStart, PeriodEnd: c.PeriodEnd,
		CreditOf: c.CreditOf, Country: c.Country, Language: c.Language, Network: c.Network, Sequence: c.Sequence, AccountType: c.AccountType,
		NetAmount: c.NetAmount, TaxAmount: c.TaxAmount, Taxes: slices.Clone(c.Taxes), Number: c.Number,
		Name: marked(c.Name), Description: marked(c.Description),
	}
	for _, l := range c.Lines {
		l.Description = marked(l.Description)
		out.Lines = append(out.Lines, l)
	}
	return out
}

func marked(text string) string {
	if text == "" {
		return ""
	}
	return ForgottenMark
}

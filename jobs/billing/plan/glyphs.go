package plan

import (
	"brood/jobs/billing/mapping"
)

// glyphs refuses what an invoice cannot be drawn with: the charge would fail, after others were made.
func (c *checker) glyphs() {
	if c.b.undrawable == nil {
		return
	}
	for _, f := range []struct {
		field mapping.Field
		value string
	}{
		{mapping.Invoice, c.c.InvoiceID},
		{mapping.Customer, c.c.CustomerID},
		{"name", c.c.Name},
		{"email", c.c.Email},
		{"description", c.c.Description},
		{"tax_note", c.c.TaxNote},
		{"credit_of", c.c.CreditOf},
		{"credit_of_elsewhere", c.c.CreditElsewhere},
		{"street", c.c.Street},
		{"postcode", c.c.Postcode},
		{"city", c.c.City},
		{"country", c.c.Country},
		{"tax_id", c.c.TaxID},
		{"mandate_id", c.c.MandateID},
		{"iban", c.c.IBAN},
		{mapping.AccountNo, c.c.AccountNumber},
	} {
		if why := c.b.undrawable(f.value); why != "" {
			c.say(KindGlyph, f.field, "%s", why)
		}
	}
	for i := range c.c.Lines {
		row := c.rows[min(i, len(c.rows)-1)]
		l := &c.c.Lines[i]
		for _, f := range []struct {
			field mapping.Field
			value string
		}{{mapping.ItemText, l.Description}, {mapping.Quantity, l.Quantity}, {mapping.Measure, l.Unit}} {
			if why := c.b.undrawable(f.value); why != "" {
				c.tell(KindGlyph, row, f.field, "%s", why)
			}
		}
	}
}

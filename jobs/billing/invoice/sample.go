package invoice

import "brood/jobs/billing/charge"

// sample is a made-up charge with a value for all that a charge may have.
func sample(metadata []string) (*seller, *charge.Charge) {
	s := &seller{
		party:  Party{Name: "Seller", Address: []string{"Street 1", "12345 City", "DE"}, TaxID: "DE123456788", Email: "seller@example.com"},
		footer: []string{"Footer"}, iban: "DE02120300000000202051", bic: "BYLADEM1001",
	}
	c := &charge.Charge{
		InvoiceID: "R-1", Attempt: 1, Kind: charge.KindCharge, CustomerID: "C-1", Amount: "11.90", Currency: "EUR",
		Name: "Customer", Email: "customer@example.com", Description: "Service", ChargeDate: "2026-12-01", DueDate: "2026-12-14",
		InvoiceDate: "2026-11-30", PeriodStart: "2026-11-01", PeriodEnd: "2026-11-30", Street: "Road 2", Postcode: "1010",
		City: "Town", Country: "AT", TaxID: "ATU12345675", NetAmount: "10.00", TaxAmount: "1.90",
		Taxes:    []charge.Tax{{Rate: "19", Base: "10.00", Tax: "1.90"}},
		Lines:    []charge.Line{{Description: "Service", Quantity: "2", UnitAmount: "5.00", Net: "10.00", TaxRate: "19", Tax: "1.90", Gross: "11.90"}},
		Metadata: map[string]string{}, Number: "2026-000001",
	}
	for _, name := range metadata {
		c.Metadata[name] = "value"
	}
	return s, c
}

package plan

// law says which law wants an invoice between businesses of one country as an e-invoice at a date (YYYY-MM-DD), where what brood
// writes is none; "" if there is none. It is a hint and no advice: turnover, kind of supply and transition decide too.
func law(country, date string) string {
	for _, l := range [...]struct{ country, from, text string }{
		{"BE", "2026-01-01", "Belgium: e-invoices between businesses by Peppol since 2026"},
		{"DE", "2025-01-01", "Germany: businesses must be able to receive e-invoices since 2025, and issue them from 2027 or 2028"},
		{"FR", "2026-09-01", "France: large businesses issue e-invoices since September 2026, others from September 2027"},
		{"HR", "2026-01-01", "Croatia: e-invoices between businesses since 2026"},
		{"IT", "2019-01-01", "Italy: e-invoices by the Sistema di Interscambio since 2019"},
		{"PL", "2026-02-01", "Poland: e-invoices by KSeF since February 2026, for most since April"},
		{"RO", "2024-07-01", "Romania: e-invoices by RO e-Factura since July 2024"},
		{"RS", "2023-01-01", "Serbia: e-invoices by SEF since 2023"},
	} {
		if l.country == country && date >= l.from {
			return l.text
		}
	}
	return ""
}

// plainPostcode is how many digits the postcodes of a country have that are nothing but digits; 0: there is none such.
func plainPostcode(country string) int {
	switch country {
	case "DE", "FR", "IT", "ES", "FI", "EE", "HR", "US", "MX", "TR", "UA", "LT":
		return 5
	case "AT", "CH", "BE", "DK", "NO", "HU", "LU", "BG", "SI", "AU", "NZ", "CY":
		return 4
	case "RO", "RU", "IN", "CN", "SG":
		return 6
	}
	return 0
}

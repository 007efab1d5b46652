package mapping

// ReadyNames are the maps that need no file.
func ReadyNames() []string { return []string{"stripe", "chargebee", "xero", "quickbooks"} }

// ready is one of the ready maps, by the headers that these systems give their exports; nil: there is none of this name. Such
// exports have what is paid too, so rows are charged only in a state that asks for money.
func ready(name string) *Spec {
	switch name {
	case "stripe": // Dashboard, Invoices, Export
		return &Spec{
			Date: "YYYY-MM-DD hh:mm", DateZone: "UTC", PeriodEnd: Exclusive, LowerCurrency: true,
			Only: map[string][]string{"Status": {"open", "draft"}},
			Columns: map[Field][]string{
				Invoice: {"Number", "id"}, "payment_customer": {"Customer"}, Customer: {"Customer"}, Amount: {"Amount Due"}, Currency: {"Currency"},
				"name": {"Customer Name"}, "email": {"Customer Email"}, "description": {"Description"}, InvDate: {"Date (UTC)"}, DueDate: {"Due Date (UTC)"},
				Start: {"Minimum Line Item Period Start (UTC)"}, End: {"Maximum Line Item Period End (UTC)"},
				Tax: {"Tax"}, Rate: {"Tax Percent"}, "tax_id": {"Customer Tax ID"},
				"payment_method": {"Default Payment Method"}, "metadata.stripe_invoice": {"id"}, "metadata.subscription": {"Subscription"},
			},
		}
	case "chargebee": // Invoices, Export
		return &Spec{
			Date: "YYYY-MM-DD",
			Only: map[string][]string{"Status": {"payment_due", "not_paid", "posted", "payment due", "not paid"}},
			Columns: map[Field][]string{
				Invoice: {"Invoice Number", "Invoice Id", "Id"}, Customer: {"Customer Id"}, Amount: {"Amount Due"}, Currency: {"Currency", "Currency Code"},
				"name": {"Customer Company", "Billing Company", "Customer Name"}, "email": {"Customer Email"}, InvDate: {"Invoice Date", "Date"}, DueDate: {"Due Date"},
				Start: {"Term Start", "Date From"}, End: {"Term End", "Date To"}, Tax: {"Tax Total", "Tax"}, Net: {"Sub Total"},
				"tax_id": {"VAT Number", "Customer VAT Number"}, "street": {"Billing Address Line1"}, "postcode": {"Billing Zip"}, "city": {"Billing City"}, "country": {"Billing Country"},
				"metadata.subscription": {"Subscription Id"},
			},
		}
	case "xero": // Sales invoices, Export: a row for each line of an invoice
		return &Spec{
			Date: "D/M/YYYY",
			Only: map[string][]string{"Status": {"authorised", "awaiting payment", "approved"}},
			Columns: map[Field][]string{
				Invoice: {"InvoiceNumber", "*InvoiceNumber"}, Customer: {"ContactName", "*ContactName"}, "name": {"ContactName", "*ContactName"}, "email": {"EmailAddress"},
				"street": {"POAddressLine1"}, "city": {"POCity"}, "postcode": {"POPostalCode"}, "country": {"POCountry"}, "description": {"Reference"},
				InvDate: {"InvoiceDate", "*InvoiceDate"}, DueDate: {"DueDate", "*DueDate"}, ItemText: {"Description", "*Description"}, Quantity: {"Quantity", "*Quantity"},
				Unit: {"UnitAmount", "*UnitAmount"}, Net: {"LineAmount"}, Tax: {"TaxAmount"}, Total: {"Total"}, Currency: {"Currency"},
			},
		}
	case "quickbooks": // Online, invoices as its import has them: a row for each line
		return &Spec{
			Date: "M/D/YYYY",
			Columns: map[Field][]string{
				Invoice: {"InvoiceNo", "*InvoiceNo", "Invoice number"}, Customer: {"Customer", "*Customer"}, "name": {"Customer", "*Customer"}, "email": {"BillEmail", "Email"},
				InvDate: {"InvoiceDate", "*InvoiceDate"}, DueDate: {"DueDate", "*DueDate"}, "description": {"Memo"}, ItemText: {"ItemDescription", "Item Description"},
				Quantity: {"ItemQuantity", "Item Quantity"}, Unit: {"ItemRate", "Item Rate"}, Net: {"ItemAmount", "*ItemAmount"}, Tax: {"ItemTaxAmount", "TaxAmount"},
				Rate: {"TaxRate"}, Currency: {"Currency", "CurrencyCode"},
			},
		}
	}
	return nil
}

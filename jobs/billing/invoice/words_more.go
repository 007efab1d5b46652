package invoice

func italian() Words {
	return Words{
		Invoice: "Fattura", CreditNote: "Nota di credito",
		Number: "Numero", Date: "Data", Due: "Scadenza", Period: "Periodo",
		Customer: "N. cliente", Reference: "Riferimento", CreditOf: "Relativa alla fattura",
		TaxID: "Partita IVA", Charged: "Addebitato il",
		Description: "Descrizione", Quantity: "Quantità", UnitPrice: "Prezzo unitario",
		Rate: "IVA", Net: "Imponibile", Gross: "Importo",
		Subtotal: "Totale imponibile", Tax: "IVA", On: "su", Total: "Totale", Credit: "Importo accreditato",
		Carried: "A riportare", Brought: "Riporto",
		Page:     "Pagina %1 di %2",
		Transfer: "Si prega di versare %1 a:", TransferBy: "Si prega di versare %1 entro il %2 a:",
		Debit: "L'importo viene addebitato sul conto %1.", DebitOn: "L'importo viene addebitato sul conto %1 il %2.", Mandate: "Mandato",
		Saved: "L'importo viene addebitato sul metodo di pagamento salvato.", Refund: "L'importo Le viene accreditato.",
	}
}

func dutch() Words {
	return Words{
		Invoice: "Factuur", CreditNote: "Creditnota",
		Number: "Nummer", Date: "Datum", Due: "Vervaldatum", Period: "Periode",
		Customer: "Klantnr.", Reference: "Referentie", CreditOf: "Bij factuur",
		TaxID: "Btw-nummer", Charged: "Afgeschreven op",
		Description: "Omschrijving", Quantity: "Aantal", UnitPrice: "Prijs per stuk",
		Rate: "Btw", Net: "Nettobedrag", Gross: "Bedrag",
		Subtotal: "Totaal excl. btw", Tax: "Btw", On: "over", Total: "Totaal", Credit: "Gecrediteerd bedrag",
		Carried: "Transport", Brought: "Transport",
		Page:     "Pagina %1 van %2",
		Transfer: "Gelieve %1 over te maken naar:", TransferBy: "Gelieve %1 vóór %2 over te maken naar:",
		Debit: "Wij incasseren het bedrag van rekening %1.", DebitOn: "Wij incasseren het bedrag van rekening %1 op %2.", Mandate: "Machtiging",
		Saved: "Het bedrag wordt via uw opgeslagen betaalmiddel geïnd.", Refund: "Het bedrag wordt aan u gecrediteerd.",
	}
}

func polish() Words {
	return Words{
		Invoice: "Faktura", CreditNote: "Faktura korygująca",
		Number: "Numer", Date: "Data", Due: "Termin płatności", Period: "Okres",
		Customer: "Nr klienta", Reference: "Oznaczenie", CreditOf: "Do faktury",
		TaxID: "NIP", Charged: "Data obciążenia",
		Description: "Opis", Quantity: "Ilość", UnitPrice: "Cena jedn.",
		Rate: "VAT", Net: "Kwota netto", Gross: "Kwota",
		Subtotal: "Razem netto", Tax: "VAT", On: "od", Total: "Do zapłaty", Credit: "Kwota korekty",
		Carried: "Do przeniesienia", Brought: "Z przeniesienia",
		Page:     "Strona %1 z %2",
		Transfer: "Prosimy o przelew %1 na rachunek:", TransferBy: "Prosimy o przelew %1 do dnia %2 na rachunek:",
		Debit: "Kwota zostanie pobrana z rachunku %1.", DebitOn: "Kwota zostanie pobrana z rachunku %1 dnia %2.", Mandate: "Mandat",
		Saved: "Kwota zostanie pobrana zapisaną metodą płatności.", Refund: "Kwota zostanie zapisana na Państwa dobro.",
	}
}

func portuguese() Words {
	return Words{
		Invoice: "Fatura", CreditNote: "Nota de crédito",
		Number: "Número", Date: "Data", Due: "Vencimento", Period: "Período",
		Customer: "N.º de cliente", Reference: "Referência", CreditOf: "Relativa à fatura",
		TaxID: "NIF", Charged: "Cobrado em",
		Description: "Descrição", Quantity: "Quantidade", UnitPrice: "Preço unitário",
		Rate: "IVA", Net: "Valor líquido", Gross: "Valor",
		Subtotal: "Total sem IVA", Tax: "IVA", On: "sobre", Total: "Total", Credit: "Valor creditado",
		Carried: "A transportar", Brought: "Transporte", //nolint:misspell // Portuguese
		Page:     "Página %1 de %2",
		Transfer: "Transfira %1 para:", TransferBy: "Transfira %1 até %2 para:",
		Debit: "O valor é cobrado por débito direto da conta %1.", DebitOn: "O valor é cobrado por débito direto da conta %1 em %2.", Mandate: "Autorização",
		Saved: "O valor é cobrado pelo meio de pagamento guardado.", Refund: "O valor é creditado a seu favor.",
	}
}

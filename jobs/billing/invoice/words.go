package invoice

import "strings"

// Words are what a document says in its language.
type Words struct {
	Invoice, CreditNote              string
	Number, Date, Due, Period        string
	Customer, Reference, CreditOf    string
	TaxID, Charged                   string
	Description, Quantity, UnitPrice string
	Rate, Net, Gross                 string
	Subtotal, Tax, On, Total, Credit string
	Carried, Brought                 string
	Page                             string // with %1 for the page, %2 for how many there are
	Transfer, TransferBy             string // how to pay, with %1 for the amount, %2 for the day
	Debit, DebitOn, Mandate          string // %1 for the account, %2 for the day; the mandate's name before its id
	Saved, Refund                    string
}

// Language is one that documents are written in.
type Language string

// The languages. What is not known is English.
const (
	English    Language = "en"
	German     Language = "de"
	French     Language = "fr"
	Spanish    Language = "es"
	Italian    Language = "it"
	Dutch      Language = "nl"
	Polish     Language = "pl"
	Portuguese Language = "pt"
)

// Languages are all of them.
func Languages() []Language {
	return []Language{English, German, French, Spanish, Italian, Dutch, Polish, Portuguese}
}

// LanguageOf reads a tag as RFC 5646 has it, such as de-AT; only the first part counts.
func LanguageOf(tag string) Language {
	first, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	switch l := Language(strings.ToLower(strings.TrimSpace(first))); l {
	case German, French, Spanish, Italian, Dutch, Polish, Portuguese:
		return l
	default:
		return English
	}
}

// words of a language. Made when they are asked for, so that a process that needs none pays nothing.
func (l Language) words() Words {
	switch l {
	case German:
		return german()
	case French:
		return french()
	case Spanish:
		return spanish()
	case Italian:
		return italian()
	case Dutch:
		return dutch()
	case Polish:
		return polish()
	case Portuguese:
		return portuguese()
	default:
		return english()
	}
}

func english() Words {
	return Words{
		Invoice: "Invoice", CreditNote: "Credit note",
		Number: "Number", Date: "Date", Due: "Due", Period: "Period",
		Customer: "Customer no.", Reference: "Reference", CreditOf: "For invoice",
		TaxID: "VAT ID", Charged: "Charged on",
		Description: "Description", Quantity: "Quantity", UnitPrice: "Unit price",
		Rate: "VAT", Net: "Net amount", Gross: "Amount",
		Subtotal: "Net total", Tax: "VAT", On: "on", Total: "Total", Credit: "Amount credited",
		Carried: "Carried forward", Brought: "Brought forward",
		Page:     "Page %1 of %2",
		Transfer: "Please transfer %1 to:", TransferBy: "Please transfer %1 by %2 to:",
		Debit: "We collect the amount by direct debit from the account %1.", DebitOn: "We collect the amount by direct debit from the account %1 on %2.", Mandate: "Mandate",
		Saved: "The amount is charged to your saved payment method.", Refund: "The amount is credited to you.",
	}
}

func german() Words {
	return Words{
		Invoice: "Rechnung", CreditNote: "Gutschrift",
		Number: "Nummer", Date: "Datum", Due: "Fällig", Period: "Zeitraum",
		Customer: "Kundennr.", Reference: "Referenz", CreditOf: "Zu Rechnung",
		TaxID: "USt-IdNr.", Charged: "Belastet am",
		Description: "Beschreibung", Quantity: "Menge", UnitPrice: "Einzelpreis",
		Rate: "USt.", Net: "Nettobetrag", Gross: "Betrag",
		Subtotal: "Summe netto", Tax: "USt.", On: "auf", Total: "Gesamtbetrag", Credit: "Gutgeschriebener Betrag",
		Carried: "Übertrag", Brought: "Übertrag",
		Page:     "Seite %1 von %2",
		Transfer: "Bitte überweisen Sie %1 an:", TransferBy: "Bitte überweisen Sie %1 bis zum %2 an:",
		Debit: "Wir ziehen den Betrag per Lastschrift vom Konto %1 ein.", DebitOn: "Wir ziehen den Betrag per Lastschrift vom Konto %1 am %2 ein.", Mandate: "Mandat",
		Saved: "Der Betrag wird über Ihr hinterlegtes Zahlungsmittel abgebucht.", Refund: "Der Betrag wird Ihnen gutgeschrieben.",
	}
}

func french() Words {
	return Words{
		Invoice: "Facture", CreditNote: "Avoir",
		Number: "Numéro", Date: "Date", Due: "Échéance", Period: "Période",
		Customer: "N° client", Reference: "Référence", CreditOf: "Sur facture",
		TaxID: "N° TVA", Charged: "Débité le",
		Description: "Désignation", Quantity: "Quantité", UnitPrice: "Prix unitaire",
		Rate: "TVA", Net: "Montant HT", Gross: "Montant",
		Subtotal: "Total HT", Tax: "TVA", On: "sur", Total: "Total TTC", Credit: "Montant de l'avoir",
		Carried: "À reporter", Brought: "Report",
		Page:     "Page %1 sur %2",
		Transfer: "Merci de virer %1 à :", TransferBy: "Merci de virer %1 avant le %2 à :",
		Debit: "Le montant est prélevé sur le compte %1.", DebitOn: "Le montant est prélevé sur le compte %1 le %2.", Mandate: "Mandat",
		Saved: "Le montant est débité de votre moyen de paiement enregistré.", Refund: "Le montant est porté à votre crédit.",
	}
}

func spanish() Words {
	return Words{
		Invoice: "Factura", CreditNote: "Factura rectificativa",
		Number: "Número", Date: "Fecha", Due: "Vencimiento", Period: "Periodo",
		Customer: "N.º de cliente", Reference: "Referencia", CreditOf: "Rectifica la factura",
		TaxID: "NIF-IVA", Charged: "Cargado el",
		Description: "Descripción", Quantity: "Cantidad", UnitPrice: "Precio unitario",
		Rate: "IVA", Net: "Importe neto", Gross: "Importe",
		Subtotal: "Base imponible", Tax: "IVA", On: "sobre", Total: "Total", Credit: "Importe abonado",
		Carried: "Suma y sigue", Brought: "Suma anterior",
		Page:     "Página %1 de %2",
		Transfer: "Transfiera %1 a:", TransferBy: "Transfiera %1 antes del %2 a:",
		Debit: "El importe se cobra por domiciliación en la cuenta %1.", DebitOn: "El importe se cobra por domiciliación en la cuenta %1 el %2.", Mandate: "Mandato",
		Saved: "El importe se carga en su medio de pago guardado.", Refund: "El importe se abona a su favor.",
	}
}

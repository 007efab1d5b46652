package invoice

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/settings"
	"slices"
	"strings"
)

// seller is what all documents of a run have in common.
type seller struct {
	party     Party // without its country, which has another name in each language
	country   string
	footer    []string
	iban, bic string
	salesTax  bool // a country that has no VAT
	letter    bool // writes on US letter paper
}

func sellerOf(s *settings.Settings) seller {
	of := seller{
		party: Party{
			Name: clean(s.Seller.Name), Address: address(s.Seller.Street, s.Seller.Postcode, s.Seller.City, ""),
			TaxID: clean(s.Seller.TaxID), Email: clean(s.Seller.Email),
		},
		country: s.Seller.Country, iban: clean(s.Seller.IBAN), bic: clean(s.Seller.BIC),
	}
	for _, line := range s.Invoice.Footer {
		if line = clean(line); line != "" {
			of.footer = append(of.footer, line)
		}
	}
	switch strings.ToUpper(clean(s.Seller.Country)) {
	case "US":
		of.salesTax, of.letter = true, true
	case "CA", "MX", "PH": // letter paper too
		of.letter = true
	}
	return of
}

// in is the seller as documents in the language name him.
func (s *seller) in(l Language) Party {
	p := s.party
	if name := l.country(s.country); name != "" {
		p.Address = append(slices.Clip(p.Address), name)
	}
	return p
}

// words are those of the language; in English the tax has the name that the seller's country has for it.
func (s *seller) words(l Language) Words {
	w := l.words()
	if l == English && s.salesTax {
		w.Rate, w.Tax, w.TaxID = "Tax", "Tax", "Tax ID"
	}
	return w
}

// payment says how a charge is paid.
func (s *seller) payment(v *View, c *charge.Charge) error {
	w := v.Words
	day := c.ChargeDate
	if day == "" {
		day = c.DueDate
	}
	if day != "" {
		var err error
		if day, err = v.Language.date(day); err != nil {
			return err
		}
	}
	account := c.IBAN
	if account == "" {
		account = c.AccountNumber
	}
	switch {
	case v.Credit:
		v.Payment = []string{w.Refund}
	case account != "":
		v.Payment = []string{with(w.Debit, masked(account))}
		if day != "" {
			v.Payment[0] = with(w.DebitOn, masked(account), day)
		}
		if c.MandateID != "" {
			v.Payment = append(v.Payment, w.Mandate+": "+clean(c.MandateID))
		}
	case c.PaymentMethod != "":
		v.Payment = []string{w.Saved}
	case s.iban != "":
		return s.transfer(v, c)
	}
	return nil
}

// transfer says where the customer sends the money.
func (s *seller) transfer(v *View, c *charge.Charge) error {
	v.Payment = []string{with(v.Words.Transfer, v.Total.Value)}
	if c.DueDate != "" {
		day, err := v.Language.date(c.DueDate)
		if err != nil {
			return err
		}
		v.Payment[0] = with(v.Words.TransferBy, v.Total.Value, day)
	}
	v.Payment = append(v.Payment, s.party.Name, "IBAN "+spaced(s.iban))
	if s.bic != "" {
		v.Payment = append(v.Payment, "BIC "+s.bic)
	}
	v.Payment = append(v.Payment, v.Words.Reference+": "+v.Number)
	return nil
}

// masked is an account of a customer's, of which the last four characters are told.
func masked(account string) string {
	const told = 4
	a := []rune(strings.ReplaceAll(clean(account), " ", ""))
	if len(a) < 2*told {
		return "****"
	}
	return "**** " + string(a[len(a)-told:])
}

// spaced writes an IBAN in groups of four, as ISO 13616 has it on paper.
func spaced(iban string) string {
	var b strings.Builder
	for i, r := range []rune(strings.ReplaceAll(iban, " ", "")) {
		if i > 0 && i%4 == 0 {
			b.WriteString(nbsp)
		}
		b.WriteRune(r)
	}
	return b.String()
}

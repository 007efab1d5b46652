package settings

import (
	"brood/jobs/billing/account"
	"slices"
)

// check checks what bank files need. The check digits are those of ISO 13616 and of the EPC's creditor identifiers.
func (s *SEPA) check(p *problems) {
	if !slices.Contains([]string{"", "CORE", "B2B"}, s.Instrument) {
		p.add("sepa.instrument", "it is %q; write CORE or B2B", s.Instrument)
	}
	if s.NoticeDays < 0 || s.NoticeDays > 60 {
		p.add("sepa.notice_days", "it is %d; between 1 and 60, or 0 for the 14 of the rulebook", s.NoticeDays)
	}
	if versions := SEPAVersions(); s.Version != "" && !slices.Contains(versions, s.Version) {
		p.add("sepa.version", "it is %q; there are %v", s.Version, versions)
	}
}

// accounts checks the numbers of the seller's own accounts; an error does not repeat a whole one.
func (s *Settings) accounts(p *problems) {
	for _, t := range []struct{ key, iban, bic string }{{"seller", s.Seller.IBAN, s.Seller.BIC}, {"sepa", s.SEPA.IBAN, s.SEPA.BIC}} {
		n, err := account.ParseIBAN(t.iban)
		if t.iban != "" && err != nil {
			p.add(t.key+".iban", "%v", err)
		}
		if t.bic == "" {
			continue
		}
		b, bad := account.ParseBIC(t.bic)
		switch {
		case bad != nil:
			p.add(t.key+".bic", "%v", bad)
		case t.iban != "" && err == nil && !account.Match(n, b):
			p.add(t.key+".bic", "%s is of a bank of another country than the IBAN", b)
		}
	}
	if s.SEPA.CreditorID == "" {
		return
	}
	if _, err := account.ParseCreditorID(s.SEPA.CreditorID); err != nil {
		p.add("sepa.creditor_id", "%v", err)
	}
}

// SEPAVersions are the messages of ISO 20022 that can be written.
func SEPAVersions() []string {
	return []string{"pain.008.001.08", "pain.008.001.02", "pain.001.001.09", "pain.001.001.03"}
}

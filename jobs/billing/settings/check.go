package settings

import (
	"brood/jobs/billing/account"
	"brood/jobs/billing/money"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
)

// problems collects what is wrong, by the name of the setting.
type problems struct{ all []error }

func (p *problems) add(key, format string, args ...any) {
	p.all = append(p.all, fmt.Errorf("%s: "+format, append([]any{key}, args...)...))
}

// Check says all that is wrong with the settings.
func (s *Settings) Check() error {
	var p problems
	s.texts(&p)
	if _, err := Location(s.Zone); err != nil {
		p.add("zone", "%v", err)
	}
	if s.TaxRounding != "" && s.TaxRounding != RoundByLine && s.TaxRounding != RoundByRate {
		p.add("tax_rounding", "it is %q; write %q or %q", s.TaxRounding, RoundByLine, RoundByRate)
	}
	if c := s.Seller.Country; c != "" && !account.Country(c) {
		p.add("seller.country", "%q is no code of a country; write two capitals, as in DE", c)
	}
	s.accounts(&p)
	for key, form := range map[string]string{"invoice.series": s.Invoice.Series, "invoice.credit_series": s.Invoice.CreditSeries} {
		if err := CheckSeries(form); form != "" && err != nil {
			p.add(key, "%v", err)
		}
	}
	if s.Invoice.Series != "" && s.Invoice.Series == s.Invoice.CreditSeries {
		p.add("invoice.credit_series", "it is that of the invoices, so that two papers would have one number")
	}
	s.Journal.check(&p)
	s.SEPA.check(&p)
	s.NACHA.check(&p)
	s.Caps.check(&p)
	if s.Approval.Required && s.Approval.AllowedSigners == "" && s.Approval.Signers == "" {
		p.add("approval.required", "name whose signatures count: allowed_signers = \"FILE\", as ssh-keygen(1) has it")
	}
	return errors.Join(p.all...)
}

// How tax is rounded.
const (
	RoundByLine = "line" // each line's tax, and their sum
	RoundByRate = "rate" // the base of each rate times the rate, once: EN 16931, BR-CO-17
)

// Location is the zone of a name of the IANA database; of nothing UTC. Local is none: a plan means the same everywhere.
func Location(zone string) (*time.Location, error) {
	if zone == "" {
		return time.UTC, nil
	}
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		return nil, fmt.Errorf("there is no zone %q; write one as Europe/Berlin or UTC", zone)
	}
	return loc, nil
}

// longestText is the longest name or line, in characters.
const longestText = 200

// texts checks what is printed as it is: one line each.
func (s *Settings) texts(p *problems) {
	for _, t := range []struct{ key, text string }{
		{"seller.name", s.Seller.Name},
		{"seller.street", s.Seller.Street},
		{"seller.postcode", s.Seller.Postcode},
		{"seller.city", s.Seller.City},
		{"seller.tax_id", s.Seller.TaxID},
		{"seller.email", s.Seller.Email},
		{"sepa.name", s.SEPA.Name},
	} {
		checkText(p, t.key, t.text)
	}
	for i, line := range s.Invoice.Footer {
		checkText(p, fmt.Sprintf("invoice.footer, line %d", i+1), line)
	}
	if len(s.Invoice.Footer) > 8 {
		p.add("invoice.footer", "it has %d lines; 8 have room", len(s.Invoice.Footer))
	}
	if e := s.Seller.Email; e != "" && (strings.Count(e, "@") != 1 || strings.ContainsAny(e, " <>,;")) {
		p.add("seller.email", "%q is no address", e)
	}
}

func checkText(p *problems, key, text string) {
	switch {
	case strings.ContainsFunc(text, unicode.IsControl):
		p.add(key, "it has control characters, or more than one line")
	case text != strings.TrimSpace(text):
		p.add(key, "%q has spaces around it", text)
	case len([]rune(text)) > longestText:
		p.add(key, "it has more than %d characters", longestText)
	}
}

// check refuses names that would be read as something else in a journal: hledger's manual, "Account names": two spaces
// end a name, and a semicolon begins a comment.
func (j *Journal) check(p *problems) {
	for _, t := range []struct{ key, name string }{
		{"receivable", j.Receivable}, {"revenue", j.Revenue}, {"vat", j.VAT}, {"bank", j.Bank}, {"fees", j.Fees}, {"refunds", j.Refunds}, {"returns", j.Returns},
	} {
		key := "journal." + t.key
		checkText(p, key, t.name)
		if strings.Contains(t.name, "  ") || strings.ContainsAny(t.name, ";()[]\"|") || strings.HasPrefix(t.name, "*") || strings.HasPrefix(t.name, "!") {
			p.add(key, "%q is no name of an account: no two spaces after each other, and none of ; ( ) [ ] | and quotes", t.name)
		}
	}
}

// check checks what a NACHA file has room for: NACHA Operating Rules, Appendix Three, file header and batch header records.
func (n *NACHA) check(p *problems) {
	for _, t := range []struct {
		key, text string
		most      int
	}{
		{"immediate_destination", n.ImmediateDestination, 10},
		{"immediate_origin", n.ImmediateOrigin, 10},
		{"immediate_destination_name", n.ImmediateDestinationName, 23},
		{"immediate_origin_name", n.ImmediateOriginName, 23},
		{"company_name", n.CompanyName, 16},
		{"company_id", n.CompanyID, 10},
		{"entry_description", n.EntryDescription, 10},
	} {
		if len(t.text) > t.most {
			p.add("nacha."+t.key, "%q has more than %d characters", t.text, t.most)
		}
		if strings.ContainsFunc(t.text, func(r rune) bool { return r < ' ' || r > '~' }) {
			p.add("nacha."+t.key, "%q has characters that are not ASCII", t.text)
		}
	}
	if d := n.OriginatingDFI; d != "" && (len(d) != 8 || strings.Trim(d, "0123456789") != "") {
		p.add("nacha.originating_dfi", "%q has not 8 digits", d)
	}
	if !slices.Contains([]string{"", "PPD", "CCD", "WEB"}, n.Class) {
		p.add("nacha.class", "it is %q; write PPD, CCD or WEB", n.Class)
	}
}

// check checks the bounds: amounts in their currency, more than nothing.
func (c *Caps) check(p *problems) {
	for _, t := range []struct {
		key string
		of  map[money.Currency]string
	}{{"record", c.Record}, {"customer", c.Customer}, {"run", c.Run}} {
		for _, cur := range slices.Sorted(maps.Keys(t.of)) {
			a, err := money.Parse(t.of[cur], cur)
			switch {
			case err != nil:
				p.add("caps."+t.key+"."+string(cur), "%v", err)
			case a.Minor <= 0:
				p.add("caps."+t.key+"."+string(cur), "it is %s, which allows nothing", t.of[cur])
			}
		}
	}
}

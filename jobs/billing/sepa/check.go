package sepa

import (
	"brood/jobs/billing/account"
	"brood/jobs/billing/calendar"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/latin"
	"brood/jobs/billing/settings"
	"cmp"
	"fmt"
	"time"
)

// Problem is what keeps a charge out of a bank file, or, as a warning, what the file will say otherwise.
type Problem = charge.Problem

// mostMinor is the scheme's highest amount of one payment: 999,999,999.99 (EPC130-08, AT-06).
const mostMinor = 99_999_999_999

const defaultNotice = 14 // calendar days (SDD Core rulebook, PT-04.02), unless creditor and debtor agree otherwise

type findings []Problem

func (f *findings) wrong(field, format string, args ...any) {
	*f = append(*f, Problem{Field: field, Text: fmt.Sprintf(format, args...)})
}

func (f *findings) warn(field, format string, args ...any) {
	*f = append(*f, Problem{Field: field, Text: fmt.Sprintf(format, args...), Warning: true})
}

// Check says what is wrong with a charge before anything is sent, as seen at a time. Credit notes have none: they are in no bank file.
func Check(c *charge.Charge, s *settings.Settings, now time.Time) []Problem {
	var f findings
	if c.Kind != charge.KindCharge && c.Kind != charge.KindPayout {
		return nil
	}
	f.amount(c)
	f.party(c)
	f.texts(c)
	f.day(c, s, now)
	if c.Kind == charge.KindCharge {
		f.mandate(c, s, now)
	}
	return f
}

func (f *findings) amount(c *charge.Charge) {
	if c.Currency != "EUR" {
		f.wrong("currency", "SEPA moves euros only, and this is %.8q", string(c.Currency))
		return
	}
	a, err := c.Money()
	switch {
	case err != nil:
		f.wrong("amount", "%v", err)
	case a.Minor <= 0:
		f.wrong("amount", "%s is not more than nothing", a.WithCode())
	case a.Minor > mostMinor:
		f.wrong("amount", "%s is more than the 999999999.99 that the scheme allows", a.WithCode())
	}
}

// party checks the account and what is needed where its bank is.
func (f *findings) party(c *charge.Charge) {
	var bic account.BIC
	if c.BIC != "" {
		var err error
		if bic, err = account.ParseBIC(c.BIC); err != nil {
			f.wrong("bic", "%v", err)
		}
	}
	if c.IBAN == "" {
		f.wrong("iban", "there is none; a bank file needs the customer's account")
		return
	}
	n, err := account.ParseIBAN(c.IBAN)
	if err != nil {
		f.wrong("iban", "%v", err)
		return
	}
	scheme := account.SEPA(n.Country())
	if scheme == account.Outside {
		f.wrong("iban", "%s is outside SEPA: no payment of the scheme reaches it", n.Country())
		return
	}
	if bic != "" && !account.Match(n, bic) {
		f.wrong("bic", "%s is a bank in %s, and the IBAN is of %s", bic, bic.Country(), n.Country())
	}
	if scheme != account.NonEEA {
		return
	}
	if c.BIC == "" {
		f.wrong("bic", "there is none; %s is in SEPA but outside the European Economic Area, where banks ask for it", n.Country())
	}
	if c.City == "" || c.Country == "" {
		f.wrong("city", "city and country are needed for an account in %s, outside the European Economic Area", n.Country())
	}
}

func (f *findings) texts(c *charge.Charge) {
	name, lost := latin.Spell(c.Name, latin.EPC)
	switch {
	case name == "":
		f.wrong("name", "there is none; a bank file needs the name of the account's holder")
	case len(name) > 70:
		f.warn("name", "it is longer than 70 characters and will be cut: %q", cut(name, 70))
	}
	f.lost("name", lost)
	_, lost = remittance(c)
	f.lost("description", lost)
	for _, t := range []struct {
		field, text string
		most        int
	}{{"street", c.Street, 70}, {"city", c.City, 35}, {"postcode", c.Postcode, 16}} {
		text, lost := latin.Spell(t.text, latin.EPC)
		f.lost(t.field, lost)
		if len(text) > t.most {
			f.warn(t.field, "it is longer than %d characters and will be cut", t.most)
		}
	}
	if c.Country != "" && !account.Country(c.Country) {
		f.wrong("country", "%.8q is no country of ISO 3166-1, two capitals", c.Country)
	}
	if id, changed := EndToEndID(c); changed {
		f.warn("invoice_id", "the bank knows it as %s", id)
	}
}

func (f *findings) lost(field string, lost []rune) {
	if len(lost) > 0 {
		f.warn(field, "%.40q cannot be written with the characters of bank files, and become points", string(lost))
	}
}

// day checks when the money is to move.
func (f *findings) day(c *charge.Charge, s *settings.Settings, now time.Time) {
	want, err := wanted(c)
	if err != nil {
		f.wrong("charge_date", "%v", err)
		return
	}
	zone, err := settings.Location(s.Zone)
	if err != nil {
		f.wrong("zone", "%v", err)
		return
	}
	today := calendar.DayOf(now, zone)
	earliest := calendar.TARGET.Add(today, 1)
	if c.Kind == charge.KindPayout {
		earliest = calendar.TARGET.Next(today)
	}
	got := collection(want, earliest)
	if c.Kind == charge.KindCharge {
		notice := notice(s)
		if first := today.AddDate(0, 0, notice); got.Before(first) {
			f.wrong("charge_date", "%s is less than the %d days of notice after %s; take %s or later, or set sepa.notice_days to what is agreed with the customers",
				calendar.Format(want), notice, calendar.Format(today), calendar.Format(calendar.TARGET.Next(first)))
			return
		}
	}
	if want.Before(today) {
		f.wrong("charge_date", "%s is past", calendar.Format(want))
	} else if !got.Equal(want) {
		f.warn("charge_date", "on %s the banks do not settle, or can no more: %s is taken", calendar.Format(want), calendar.Format(got))
	}
	if got.After(today.AddDate(1, 0, 0)) {
		f.wrong("charge_date", "%s is more than a year away", calendar.Format(want))
	}
}

// wanted is the day that the charge names.
func wanted(c *charge.Charge) (time.Time, error) {
	text := cmp.Or(c.ChargeDate, c.DueDate)
	if text == "" {
		return time.Time{}, fmt.Errorf("there is none, nor a due_date; a bank file says when the money moves")
	}
	return calendar.Parse(text)
}

// collection is the first TARGET day that is not before the day wanted nor before the earliest possible.
func collection(want, earliest time.Time) time.Time {
	if want.Before(earliest) {
		want = earliest
	}
	return calendar.TARGET.Next(want)
}

func notice(s *settings.Settings) int { return cmp.Or(s.SEPA.NoticeDays, defaultNotice) }

// mandate checks what the customer signed.
func (f *findings) mandate(c *charge.Charge, s *settings.Settings, now time.Time) {
	if !validID(c.MandateID) {
		f.wrong("mandate_id", "%.40q cannot be one: it has up to 35 letters, digits and /-?:().,'+ , and no slash at an end or beside another", c.MandateID)
	}
	if _, err := sequence(c); err != nil {
		f.wrong("sequence", "%v", err)
	}
	signed, err := calendar.Parse(c.MandateDate)
	if err != nil {
		f.wrong("mandate_date", "it is when the mandate was signed: %v", err)
		return
	}
	zone, err := settings.Location(s.Zone)
	if err == nil && signed.After(calendar.DayOf(now, zone)) {
		f.wrong("mandate_date", "%s is to come: a mandate is signed before the first collection is announced", c.MandateDate)
	}
}

// sequence is FRST, RCUR, OOFF or FNAL. Empty is RCUR, which since November 2016 may be the first one too (SDD Core rulebook 9.0).
func sequence(c *charge.Charge) (string, error) {
	switch s := cmp.Or(c.Sequence, "RCUR"); s {
	case "FRST", "RCUR", "OOFF", "FNAL":
		return s, nil
	default:
		return "", fmt.Errorf("there is no %.8q; write FRST, RCUR, OOFF or FNAL, or nothing for RCUR", s)
	}
}

// Lapsed reports whether a mandate has lapsed by the day of a collection: 36 months after the last one that was presented, or
// after its signature if there was none (SDD Core rulebook, 4.1).
func Lapsed(last, due time.Time) bool { return due.After(last.AddDate(0, 36, 0)) }

// CheckSettings says what is missing in the settings to write files of a kind.
func CheckSettings(s *settings.Settings, kind charge.Kind) []Problem {
	var f findings
	p := own(s)
	if name, _ := latin.Spell(p.name, latin.EPC); name == "" {
		f.wrong("sepa.name", "there is none, nor seller.name")
	}
	n, err := account.ParseIBAN(p.iban)
	switch {
	case err != nil:
		f.wrong("sepa.iban", "%v", err)
	case account.SEPA(n.Country()) == account.Outside:
		f.wrong("sepa.iban", "%s is outside SEPA", n.Country())
	}
	if p.bic != "" {
		if b, bad := account.ParseBIC(p.bic); bad != nil {
			f.wrong("sepa.bic", "%v", bad)
		} else if err == nil && !account.Match(n, b) {
			f.wrong("sepa.bic", "%s is a bank in %s, and the IBAN is of %s", b, b.Country(), n.Country())
		}
	}
	if kind == charge.KindCharge {
		if _, err := account.ParseCreditorID(s.SEPA.CreditorID); err != nil {
			f.wrong("sepa.creditor_id", "%v", err)
		}
	}
	if _, err := VersionOf(&s.SEPA, kind); err != nil {
		f.wrong("sepa.version", "%v", err)
	}
	if i := s.SEPA.Instrument; i != "" && i != "CORE" && i != "B2B" {
		f.wrong("sepa.instrument", "there is no %.8q; write CORE or B2B", i)
	}
	return f
}

// self is who the file is from.
type self struct{ name, iban, bic, creditor, instrument string }

func own(s *settings.Settings) self {
	return self{
		name: cmp.Or(s.SEPA.Name, s.Seller.Name), iban: cmp.Or(s.SEPA.IBAN, s.Seller.IBAN), bic: cmp.Or(s.SEPA.BIC, s.Seller.BIC),
		creditor: s.SEPA.CreditorID, instrument: cmp.Or(s.SEPA.Instrument, "CORE"),
	}
}

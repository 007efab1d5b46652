package nacha

import (
	"brood/jobs/billing/account"
	"brood/jobs/billing/calendar"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/latin"
	"brood/jobs/billing/settings"
	"cmp"
	"fmt"
	"strings"
	"time"
)

type findings []charge.Problem

func (f *findings) wrong(field, format string, args ...any) {
	*f = append(*f, charge.Problem{Field: field, Text: fmt.Sprintf(format, args...)})
}

func (f *findings) warn(field, format string, args ...any) {
	*f = append(*f, charge.Problem{Field: field, Text: fmt.Sprintf(format, args...), Warning: true})
}

// Check says what is wrong with a charge before anything is sent, as seen at a time. Credit notes have no problems: they are in no bank
// file.
func Check(c *charge.Charge, s *settings.Settings, now time.Time) []charge.Problem {
	if c.Kind != charge.KindCharge && c.Kind != charge.KindPayout {
		return nil
	}
	var f findings
	f.contents(c)
	f.day(c, s, now)
	// R01 and R09 may be presented twice more (Nacha Operating Rules, 2.12.4).
	if c.Attempt > 3 {
		f.wrong("attempt", "it is the %dth, and a returned entry may be presented again only twice", c.Attempt)
	}
	return f
}

// contents checks what does not depend on the day.
func (f *findings) contents(c *charge.Charge) {
	a, err := c.Money()
	switch {
	case c.Currency != "USD":
		f.wrong("currency", "ACH moves US dollars only, and this is %.8q", string(c.Currency))
	case err != nil:
		f.wrong("amount", "%v", err)
	case a.Minor <= 0:
		f.wrong("amount", "%s is not more than nothing", a.WithCode())
	case a.Minor > mostEntry:
		f.wrong("amount", "%s is more than the 99999999.99 that an entry has digits for", a.WithCode())
	}
	if _, err := account.ParseRouting(c.RoutingNumber); err != nil {
		f.wrong("routing_number", "%v", err)
	}
	if n := number(c.AccountNumber); n == "" {
		f.wrong("account_number", "%s is none: it has up to 17 digits, letters and hyphens", account.MaskNumber(c.AccountNumber))
	}
	switch c.AccountType {
	case "", "checking", "savings":
	default:
		f.wrong("account_type", "there is no %.20q; write checking or savings, or nothing for checking", c.AccountType)
	}
	name, lost := latin.Spell(c.Name, latin.ACH)
	if name == "" {
		f.wrong("name", "there is none; an entry needs the name of the account's holder")
	}
	if len(name) > 22 {
		f.warn("name", "it is longer than 22 characters and will be cut: %q", strings.ToUpper(cut(name, 22)))
	}
	if len(lost) > 0 {
		f.warn("name", "%.40q cannot be written in an ACH file, and become points", string(lost))
	}
	if id, changed := Reference(c); changed {
		f.warn("invoice_id", "the bank knows it as %s", id)
	}
}

// number is an account number as files have it, without blanks; empty if it is none.
func number(text string) string {
	n := strings.ReplaceAll(text, " ", "")
	if len(n) > 17 || strings.Trim(n, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-") != "" || strings.Trim(n, "0-") == "" {
		return ""
	}
	return n
}

func (f *findings) day(c *charge.Charge, s *settings.Settings, now time.Time) {
	zone, err := settings.Location(s.Zone)
	if err != nil {
		f.wrong("zone", "%v", err)
		return
	}
	want, err := wanted(c)
	if err != nil {
		f.wrong("charge_date", "%v", err)
		return
	}
	today := calendar.DayOf(now, zone)
	got := effective(want, today)
	switch {
	case want.Before(today):
		f.wrong("charge_date", "%s is past", calendar.Format(want))
	case got.After(today.AddDate(1, 0, 0)):
		f.wrong("charge_date", "%s is more than a year away", calendar.Format(want))
	case !got.Equal(want):
		f.warn("charge_date", "on %s the Federal Reserve does not settle, or can no more: %s is taken", calendar.Format(want), calendar.Format(got))
	}
}

func wanted(c *charge.Charge) (time.Time, error) {
	text := cmp.Or(c.ChargeDate, c.DueDate)
	if text == "" {
		return time.Time{}, fmt.Errorf("there is none, nor a due_date; an ACH file says when the money moves")
	}
	return calendar.Parse(text)
}

// effective is the banking day on which the money moves: the day wanted, or the next, and at the earliest the first
// after the file.
func effective(want, today time.Time) time.Time {
	if first := calendar.FederalReserve.Add(today, 1); want.Before(first) {
		return first
	}
	return calendar.FederalReserve.Next(want)
}

// CheckSettings says what is missing in the settings.
func CheckSettings(s *settings.Settings) []charge.Problem {
	var f findings
	n := &s.NACHA
	if _, err := account.ParseRouting(strings.TrimSpace(n.ImmediateDestination)); err != nil {
		f.wrong("nacha.immediate_destination", "%v", err)
	}
	if d, err := account.CheckDigit(n.OriginatingDFI); err != nil {
		f.wrong("nacha.originating_dfi", "%v", err)
	} else if _, err := account.ParseRouting(n.OriginatingDFI + string(d)); err != nil {
		f.wrong("nacha.originating_dfi", "%v", err)
	}
	switch n.Class {
	case "", "PPD", "CCD", "WEB":
	default:
		f.wrong("nacha.class", "there is no %.8q; write PPD, CCD or WEB, or nothing for PPD", n.Class)
	}
	for _, t := range []struct {
		key, text   string
		least, most int
	}{
		{"immediate_origin", n.ImmediateOrigin, 9, 10},
		{"immediate_destination_name", n.ImmediateDestinationName, 0, 23},
		{"immediate_origin_name", cmp.Or(n.ImmediateOriginName, n.CompanyName, s.Seller.Name), 1, 0},
		{"company_name", cmp.Or(n.CompanyName, s.Seller.Name), 1, 0},
		{"company_id", n.CompanyID, 9, 10},
		{"entry_description", n.EntryDescription, 0, 10},
	} {
		spelt, lost := latin.Spell(t.text, latin.ACH)
		if len(spelt) < t.least || t.most > 0 && len(spelt) > t.most || len(lost) > 0 {
			f.wrong("nacha."+t.key, "%.40q: it has %d to %d characters, of those that ACH files take", t.text, t.least, max(t.most, 23))
		}
	}
	return f
}

// cut bounds a text that is ASCII by now.
func cut(text string, most int) string { return strings.TrimSpace(text[:min(len(text), most)]) }

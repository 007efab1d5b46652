package sepa

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/settings"
	"strings"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	now := time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC) // the first of December in Berlin
	for name, c := range map[string]struct {
		change  func(*charge.Charge, *settings.Settings)
		field   string // empty: no problem
		warning bool
		text    string
	}{
		"fine":            {func(*charge.Charge, *settings.Settings) {}, "", false, ""},
		"notice":          {func(c *charge.Charge, _ *settings.Settings) { c.ChargeDate = "2026-12-14" }, "charge_date", false, "14 days of notice after 2026-12-01; take 2026-12-15"},
		"notice, agreed":  {func(c *charge.Charge, s *settings.Settings) { c.ChargeDate = "2026-12-04"; s.SEPA.NoticeDays = 3 }, "", false, ""},
		"too soon":        {func(c *charge.Charge, s *settings.Settings) { c.ChargeDate = "2026-12-01"; s.SEPA.NoticeDays = 1 }, "charge_date", true, "2026-12-02 is taken"},
		"past":            {func(c *charge.Charge, s *settings.Settings) { c.ChargeDate = "2026-11-30"; s.SEPA.NoticeDays = 1 }, "charge_date", false, "past"},
		"holiday":         {func(c *charge.Charge, _ *settings.Settings) { c.ChargeDate = "2026-12-26" }, "charge_date", true, "2026-12-28 is taken"},
		"far":             {func(c *charge.Charge, _ *settings.Settings) { c.ChargeDate = "2028-01-03" }, "charge_date", false, "year"},
		"due date":        {func(c *charge.Charge, _ *settings.Settings) { c.ChargeDate, c.DueDate = "", "2026-12-16" }, "", false, ""},
		"no date":         {func(c *charge.Charge, _ *settings.Settings) { c.ChargeDate = "" }, "charge_date", false, "none"},
		"mandate":         {func(c *charge.Charge, _ *settings.Settings) { c.MandateID = "M_1" }, "mandate_id", false, "cannot be one"},
		"no mandate date": {func(c *charge.Charge, _ *settings.Settings) { c.MandateDate = "" }, "mandate_date", false, "signed"},
		"signed later":    {func(c *charge.Charge, _ *settings.Settings) { c.MandateDate = "2026-12-02" }, "mandate_date", false, "to come"},
		"payout":          {func(c *charge.Charge, _ *settings.Settings) { c.Kind, c.MandateID = charge.KindPayout, "" }, "", false, ""},
		"credit note":     {func(c *charge.Charge, _ *settings.Settings) { *c = charge.Charge{Kind: charge.KindCreditNote} }, "", false, ""},
		"long name":       {func(c *charge.Charge, _ *settings.Settings) { c.Name = strings.Repeat("Long ", 20) }, "name", true, "70"},
		"lost":            {func(c *charge.Charge, _ *settings.Settings) { c.Name = "株式会社" }, "name", true, "points"},
		"invoice":         {func(c *charge.Charge, _ *settings.Settings) { c.InvoiceID = "R//1" }, "invoice_id", true, "R/1-"},
		"Swiss, no BIC":   {func(c *charge.Charge, _ *settings.Settings) { c.IBAN = "CH9300762011623852957" }, "bic", false, "outside the European Economic Area"},
		"Swiss, no town": {func(c *charge.Charge, _ *settings.Settings) {
			c.IBAN, c.BIC, c.City = "CH9300762011623852957", "UBSWCHZH80A", ""
		}, "city", false, "needed"},
		"BIC elsewhere": {func(c *charge.Charge, _ *settings.Settings) { c.BIC = "PSSTFRPP" }, "bic", false, "FR"},
		"third attempt": {func(c *charge.Charge, _ *settings.Settings) { c.Attempt = 2 }, "invoice_id", true, "knows it as"},
	} {
		in, s := debit(4), seller("")
		in.IBAN, in.BIC, in.ChargeDate, in.Name = accounts[0][0], "", "2026-12-15", "Jürgen Groß"
		c.change(in, s)
		got := Check(in, s, now)
		if c.field == "" && len(got) > 0 || c.field != "" && (len(got) != 1 || got[0].Field != c.field || got[0].Warning != c.warning || !strings.Contains(got[0].Text, c.text)) {
			t.Errorf("%s: %+v", name, got)
		}
		for _, p := range got {
			if strings.Contains(p.Text, in.IBAN) && in.IBAN != "" {
				t.Errorf("%s shows the account: %s", name, p.Text)
			}
		}
	}
}

func TestLapsed(t *testing.T) {
	last := time.Date(2023, 12, 15, 0, 0, 0, 0, time.UTC)
	if Lapsed(last, time.Date(2026, 12, 15, 0, 0, 0, 0, time.UTC)) || !Lapsed(last, time.Date(2026, 12, 16, 0, 0, 0, 0, time.UTC)) {
		t.Error("36 months")
	}
}

func TestCheckSettings(t *testing.T) {
	if got := CheckSettings(seller(""), charge.KindCharge); len(got) > 0 {
		t.Error(got)
	}
	if got := CheckSettings(&settings.Settings{}, charge.KindCharge); len(got) != 3 {
		t.Error(got)
	}
	if got := CheckSettings(&settings.Settings{SEPA: settings.SEPA{Name: "x", IBAN: "DE89370400440532013000", BIC: "BNPAFRPP"}}, charge.KindPayout); len(got) != 1 {
		t.Error(got)
	}
}

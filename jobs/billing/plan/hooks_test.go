package plan

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/nacha"
	"brood/jobs/billing/sepa"
	"brood/jobs/billing/settings"
	"errors"
	"strings"
	"testing"
	"time"
)

// bankHead and achHead are the columns of charges that a bank file is made of.
const (
	bankHead = "invoice_id,customer_id,name,amount,currency,charge_date,iban,bic,mandate_id,mandate_date,sequence\n"
	achHead  = "invoice_id,customer_id,name,amount,currency,charge_date,routing_number,account_number,account_type\n"
)

// bankOptions are those of a plan of a bank file; asked has the bank file's own package look at each charge.
func bankOptions(t *testing.T, provider, text string, asked bool) Options {
	t.Helper()
	o := options(t, text)
	o.Provider = provider
	if !asked {
		return o
	}
	now := time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)
	if provider == SEPA {
		o.CheckCharge = func(c *charge.Charge, s *settings.Settings) []charge.Problem { return sepa.Check(c, s, now) }
		o.CheckSettings = sepa.CheckSettings
		return o
	}
	o.CheckCharge = func(c *charge.Charge, s *settings.Settings) []charge.Problem { return nacha.Check(c, s, now) }
	o.CheckSettings = func(s *settings.Settings, _ charge.Kind) []charge.Problem { return nacha.CheckSettings(s) }
	return o
}

// TestBankFiles: what a bank file needs is asked for, by its own package or, without it, here; and what passes one passes the other.
func TestBankFiles(t *testing.T) {
	for _, c := range []struct{ provider, row, column string }{ // column: of what is refused; empty: it is right
		{SEPA, "R1,c,Ada,10.00,EUR,2026-11-30,DE02 1203 0000 0000 2020 51,BYLADEM1001,M1,2026-01-01,", ""},
		{SEPA, "R1,c,Ada,10.00,USD,2026-11-30,DE02120300000000202051,,M1,2026-01-01,", "currency"},
		{SEPA, "R1,c,Ada,10.00,EUR,2026-11-30,,,M1,2026-01-01,", "iban"},
		{SEPA, "R1,c,Ada,10.00,EUR,2026-11-30,DE02120300000000202052,,M1,2026-01-01,", "iban"},
		{SEPA, "R1,c,Ada,10.00,EUR,2026-11-30,DE02120300000000202051,DEUTXXFF,M1,2026-01-01,", "bic"},
		{SEPA, "R1,c,Ada,10.00,EUR,2026-11-30,DE02120300000000202051,,,2026-01-01,", "mandate_id"},
		{SEPA, "R1,c,Ada,10.00,EUR,2026-11-30,DE02120300000000202051,,M//1,2026-01-01,", "mandate_id"},
		{SEPA, "R1,c,Ada,10.00,EUR,2026-11-30,DE02120300000000202051,,M1,2026-01-01,LAST", "sequence"},
		{SEPA, "R1,c,,10.00,EUR,2026-11-30,DE02120300000000202051,,M1,2026-01-01,", "name"},
		{NACHA, "R1,c,Ada,10.00,USD,2026-11-30,021000021,12345,checking", ""},
		{NACHA, "R1,c,Ada,10.00,USD,2026-11-30,021000021,4111111111111111,", ""}, // an account beside a routing number is no card
		{NACHA, "R1,c,Ada,10.00,USD,2026-11-30,21000021,12345,checking", "routing_number"},
		{NACHA, "R1,c,Ada,10.00,USD,2026-11-30,021000021,,checking", "account_number"},
		{NACHA, "R1,c,Ada,10.00,USD,2026-11-30,021000021,12345,gold", "account_type"},
		{NACHA, "R1,c,Ada,10.00,EUR,2026-11-30,021000021,12345,checking", "currency"},
	} {
		head := bankHead
		if c.provider == NACHA {
			head = achHead
		}
		for _, asked := range []bool{true, false} {
			p, r, err := Build(t.Context(), bankOptions(t, c.provider, head+c.row+"\n", asked))
			switch {
			case c.column == "":
				if err != nil {
					t.Errorf("%s, asked %v: %v %s", c.row, asked, err, found2(r))
					continue
				}
				if got := lines(t, p); c.provider == SEPA && !strings.Contains(got, `"sequence":"RCUR","iban":"DE02120300000000202051"`) || c.provider == NACHA && !strings.Contains(got, `"account_type":"checking"`) {
					t.Error(got)
				}
			case !errors.Is(err, ErrRefused) || !strings.Contains(found2(r), " "+c.column+": "):
				t.Errorf("%s, asked %v: %v %s", c.row, asked, err, found2(r))
			}
			if err != nil && strings.Contains(found2(r), "20300000000") {
				t.Errorf("an IBAN is told whole: %s", found(r))
			}
		}
	}
}

// TestSettingsOfBankFiles: settings that a bank file cannot be made with refuse the plan.
func TestSettingsOfBankFiles(t *testing.T) {
	row := bankHead + "R1,c,Ada,10.00,EUR,2026-11-30,DE02120300000000202051,,M1,2026-01-01,\n"
	for _, asked := range []bool{true, false} {
		o := bankOptions(t, SEPA, row, asked)
		o.Settings = put(t, "s.toml", "[seller]\nname = \"S\"\niban = \"DE02120300000000202051\"\n")
		if _, r, err := Build(t.Context(), o); !errors.Is(err, ErrRefused) || !strings.Contains(found2(r), "creditor_id") {
			t.Errorf("asked %v: %v %s", asked, err, found2(r))
		}
	}
	o := bankOptions(t, SEPA, row, false)
	o.Settings = ""
	if _, _, err := Build(t.Context(), o); err == nil || !strings.Contains(err.Error(), "--provider sepa needs the settings seller.name, sepa.iban") {
		t.Error(err)
	}
}

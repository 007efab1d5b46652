package plan

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/settings"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const seller = "../../../testdata/billing/seller.toml"

func put(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// options are those of a test, of a table with this text.
func options(t testing.TB, text string) Options {
	t.Helper()
	return Options{Files: []string{put(t, "charges.csv", text)}, Settings: seller, Provider: Files, Account: "main", Out: filepath.Join(t.TempDir(), "a.plan"), Factor: 3}
}

// lines are those of a plan.
func lines(t testing.TB, p *Plan) string {
	t.Helper()
	var b strings.Builder
	if err := p.EachLine(func(_ *charge.Charge, line []byte) error {
		b.Write(line)
		b.WriteByte('\n')
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// found is all that is told, a line each, as kind place name text.
func found(r *Report) string {
	var out []string
	for _, list := range [][]Problem{r.First, r.Warned} {
		for _, p := range list {
			out = append(out, fmt.Sprintf("%s %s %s: %s", p.Kind, p.Place(), p.Name, p.Text))
		}
	}
	return strings.Join(out, "\n")
}

const head = "invoice_id,customer_id,amount,currency,invoice_date,period_start,period_end"

// TestBuild plans the example.
func TestBuild(t *testing.T) {
	o := options(t, "")
	o.Files = []string{"../../../testdata/billing/charges.csv"}
	o.State = t.TempDir()
	p, r, err := Build(t.Context(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, found(r))
	}
	h := p.Header
	if h.Count != 5 || h.Sums.String() != "EUR=188.49,JPY=11000,KWD=12.345" || h.Scope != "2026-11" || h.Mode != Live || h.Sources[0].Rows != 5 || len(h.Warnings) != 0 {
		t.Errorf("%+v", h)
	}
	want := `{"invoice_id":"R-1001","attempt":1,"kind":"charge","customer_id":"C-1","amount":"119.00","currency":"EUR","name":"Ada Lovelace","email":"ada@example.org","description":"Hosting in November","due_date":"2026-12-14","invoice_date":"2026-11-30","period_start":"2026-11-01","period_end":"2026-11-30","street":"Hauptstraße 1","postcode":"10115","city":"Berlin","country":"DE","net_amount":"100.00","tax_amount":"19.00","taxes":[{"rate":"19","base":"100.00","tax":"19.00"}]}` + "\n"
	if got := lines(t, p); !strings.HasPrefix(got, want) {
		t.Errorf("%s", got)
	}
	if kept, err := Find(o.State, p.Hash()); err != nil || kept.Header.Count != 5 {
		t.Error(err)
	}
	var b bytes.Buffer
	if err := r.Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"5 charges of 5 customers", "EUR  3  188.49", "brood run billing --plan " + p.Hash()[:12] + " --expect-count 5 --expect-sum EUR=188.49,JPY=11000,KWD=12.345 -o results.csv"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is not in\n%s", want, b.String())
		}
	}
}

// TestReady plans the exports of other systems.
func TestReady(t *testing.T) {
	for _, c := range []struct{ spec, file, provider, sums, warned string }{
		{"stripe", "stripe.csv", Stripe, "EUR=23.80,JPY=1000", "left_out"},
		{"chargebee", "chargebee.csv", Files, "EUR=119.00,USD=50.00", "left_out"},
		{"xero", "xero.csv", Files, "GBP=144.00", "country"},
		{"quickbooks", "quickbooks.csv", Files, "USD=236.73", "unused_column"},
		{"../../../testdata/billing/german.toml", "german.csv", Files, "EUR=1244.40", "short_decimals"},
	} {
		o := options(t, "")
		o.Files, o.Map, o.Provider, o.Group = []string{"../../../testdata/billing/" + c.file}, c.spec, c.provider, true
		o.Scope = "x"
		p, r, err := Build(t.Context(), o)
		if c.file == "xero.csv" {
			c.warned = "left_out"
		}
		if err != nil || p.Header.Sums.String() != c.sums || p.Header.Warnings[Kind(c.warned)] == 0 {
			t.Errorf("%s: %v, %s", c.file, err, found(r))
			continue
		}
		if c.file == "quickbooks.csv" { // 191.00 and 8.25 % of it, rounded once
			if got := lines(t, p); !strings.Contains(got, `"net_amount":"191.00","tax_amount":"15.76","taxes":[{"rate":"8.25","base":"191.00","tax":"15.76"}],"lines":[{"description":"Hosting in November","quantity":"1","unit_amount":"100.00","net":"100.00","tax_rate":"8.25"}`) {
				t.Error(got)
			}
		}
	}
}

// TestRefusedRows says what is wrong, and where.
func TestRefusedRows(t *testing.T) {
	row := func(s string) string { return head + "\n" + s + "\n" }
	for _, c := range []struct {
		text string
		set  func(*Options)
		want string
	}{
		{row("R1,c,\"1,234.00\",EUR,2026-11-30,,"), nil, `amount charges.csv:2:6 amount: "1,234.00" is no amount: write it with a point`},
		{row("R1,c,2.49E+19,EUR,2026-11-30,,"), nil, "spreadsheet_damage charges.csv:2:6 amount"},
		{row("R1,c,12.345,EUR,2026-11-30,,"), nil, "the currency has 2 decimals"},
		{row("R1,c,100.00,JPY,2026-11-30,,"), nil, "the currency has 0 decimals"},
		{row("R1,c,€5,EUR,2026-11-30,,"), nil, "amount charges.csv:2"},
		{row("R1,c,5.00,XXX,2026-11-30,,"), nil, `currency charges.csv:2:11 currency: there is no currency "XXX"`},
		{row("R1,c,5.00,eur,2026-11-30,,"), nil, `there is no currency "eur"`},
		{row("R1,c,-5.00,EUR,2026-11-30,,"), nil, "negative_amount charges.csv:2"},
		{row("R1,c,0.00,EUR,2026-11-30,,"), nil, "zero_amount charges.csv:2"},
		{row(",c,1.00,EUR,2026-11-30,,"), nil, "missing_value charges.csv:2:1 invoice_id: it is empty"},
		{row("R1,,1.00,EUR,2026-11-30,,"), nil, "missing_value charges.csv:2:4 customer_id"},
		{row("R1,c,,EUR,2026-11-30,,"), nil, "missing_value charges.csv:2:6 amount: there is no amount"},
		{row("R1,c,1.00,EUR,,,"), nil, "an invoice has a date"},
		{row("R1,c,1.00,EUR,30.11.2026,,"), nil, "date charges.csv:2:15 invoice_date"},
		{row("R1,c,1.00,EUR,2026-11-30,2026-11-30,2026-11-01"), nil, "the period ends on 2026-11-01, before it starts"},
		{row("R1,c,1.00,EUR,2026-11-30,2026-11-30,"), nil, "has a start, 2026-11-30, and no end"},
		{row("R1,c,1.00,EUR,2026-11-30,,\nR1,c,1.00,EUR,2026-11-30,,"), nil, "duplicate_invoice charges.csv:3:1 invoice_id: invoice R1 is there already, at charges.csv:2: an invoice is charged once; if these are lines of it, say --group"},
		{row("R1,c,1.00,EUR,2026-11-30,,\nR2,c,1.00,EUR,2026-11-30,,\nR1,c,1.00,EUR,2026-11-30,,"), func(o *Options) { o.Group = true }, "sort the file by invoice_id"},
		{row("R1,c,1.00,EUR,2026-11-30,,\nR1,d,1.00,EUR,2026-11-30,,"), func(o *Options) { o.Group = true }, "several_rows charges.csv:3:1 invoice_id: the rows of the invoice differ in customer_id"},
		{row("R1,c,1.00,EUR,2026-11-30,2026-11-01,2026-11-30\nR2,c,2.00,EUR,2026-11-30,2026-11-15,2026-12-14"), nil, "duplicate_period charges.csv:3:26 period_start: customer c is charged for 2026-11-15 to 2026-12-14, and at charges.csv:2 for 2026-11-01 to 2026-11-30"},
		{row("R1,c,5000.01,EUR,2026-11-30,,"), nil, "cap_record charges.csv:2:6 amount: EUR 5000.01 is more than a charge may be, EUR 5000.00"},
		{row("R1,c,5.01,EUR,2026-11-30,,"), func(o *Options) { o.Caps.Record = map[money.Currency]string{"EUR": "5.00"} }, "EUR 5.01 is more than a charge may be, EUR 5.00"},
		{row("R1,c,5000.00,EUR,2026-11-30,,\nR2,c,5000.00,EUR,2026-11-30,,\nR3,c,0.01,EUR,2026-11-30,,"), nil, "cap_customer charges.csv:4"},
		{row("R1,c,5.00,EUR,2026-11-30,,\nR2,d,5.00,EUR,2026-11-30,,"), func(o *Options) { o.Caps.Run = map[money.Currency]string{"EUR": "9.99"} }, "cap_run  : all charges together are EUR 10.00, and a run may be EUR 9.99"},
		{row("R1,c,92233720368547758.07,USD,2026-11-30,,\nR2,d,0.01,USD,2026-11-30,,"), func(o *Options) { o.Caps.Record = map[money.Currency]string{"USD": "92233720368547758.07"} }, "the sum is too large"},
		{row("R1,c,5.00,EUR,2026-11-30,,"), func(o *Options) { o.CheckAmount = func(money.Amount) error { return errors.New("too odd") } }, "provider_amount charges.csv:2:6 amount: too odd"},
		{row("R1,c,5.00,EUR,2026-11-30,,"), func(o *Options) { o.Provider = Stripe }, "payment_method charges.csv:2"},
		{row("R1,c,5.00,EUR,2026-11-30,,\nR2,d,5.00,EUR,2026-12-30,,"), nil, "say what the run is for, as in --scope 2026-11"},
		{row("R1,c,5.00,EUR,2026-11-30,,\nx,y"), nil, "row charges.csv:3 : it has 2 fields, and the header names 7 columns"},
		{head + "\n", nil, "there is nothing to charge"},
		{head + ",note\nR1,c,1.00,EUR,2026-11-30,,,4111-1111-1111-1111\n", nil, "card_number charges.csv:2:28 note: the number of a payment card (…1111)"},
		{head + ",tax_amount,tax_rate\nR1,c,119.00,EUR,2026-11-30,,,18.00,19\n", nil, "tax charges.csv:2:30 tax_amount: 19 % of 101.00 is 19.19, and the file has 18.00"},
		{head + ",tax_amount,net_amount\nR1,c,119.00,EUR,2026-11-30,,,18.00,100.00\n", nil, "100.00 without tax and 18.00 of tax are 118.00, and 119.00 stands there"},
		{head + ",quantity,unit_amount\nR1,c,10.00,EUR,2026-11-30,,,3,3.33\n", nil, "3 × 3.33 is 9.99, and 10.00 stands there"},
		{head + ",total\nR1,c,10.00,EUR,2026-11-30,,,10.01\n", nil, "total charges.csv:2:29 total: the rows of the invoice make 10.00, and it says 10.01"},
		{head + ",kind\nR1,c,-10.00,EUR,2026-11-30,,,credit_note\n", nil, "a credit note says which invoice it takes back"},
		{head + ",kind,credit_of\nR1,c,-10.00,EUR,2026-11-30,,,credit_note,R0\n", nil, "the amount of a credit note has no sign"},
		{head + ",kind,credit_of\nR1,c,10.00,EUR,2026-11-30,,,,\nR2,c,10.00,EUR,2026-11-30,,,credit_note,R0\n", nil, "mixed_kinds charges.csv:3:29 kind: it is a credit_note, and the first is a charge"},
		{head + ",kind\nR1,c,10.00,EUR,2026-11-30,,,gift\n", nil, `there is no kind "gift"`},
		{head + ",name\nR1,c,12.50,EUR,2026-11-30,,,漢字\n", undrawn, "missing_glyph charges.csv:2:29 name: no 漢字"},
		{head + ",line_description\nR1,c,12.50,EUR,2026-11-30,,,a\nR1,c,12.50,EUR,2026-11-30,,,漢\n", func(o *Options) { undrawn(o); o.Group = true }, "missing_glyph charges.csv:3:29 line_description: no 漢"},
		{row("R1,漢,12.50,EUR,2026-11-30,,"), undrawn, "missing_glyph charges.csv:2:4 customer_id: no 漢"},
		{head + ",kind\nR1,c,10.00,EUR,2026-11-30,,,payout\n", nil, "payment_method charges.csv:2:29 kind: payouts are made by bank files"},
		{head + ",metadata.po,metadata.floor\nR1,c,10.00,EUR,2026-11-30,,,1,2\nR2,d,10.00,EUR,2026-11-30,,,3,\n", func(o *Options) {
			o.CheckTemplate = func(_ string, metadata []string) error { return fmt.Errorf("it knows %v", metadata) }
		}, "provider seller.toml : it knows [po]"},
		{head + ",iban\nR1,c,10.00,EUR,2026-11-30,,,DE02120300000000202052\n", nil, "bank_account charges.csv:2:29 iban"},
	} {
		o := options(t, c.text)
		if c.set != nil {
			c.set(&o)
		}
		p, r, err := Build(t.Context(), o)
		if !errors.Is(err, ErrRefused) || p != nil || r == nil || !strings.Contains(found(r), c.want) {
			t.Errorf("%q: %v\n%s\nwant %s", c.text, err, found2(r), c.want)
			continue
		}
		if _, err := os.Stat(o.Out); err == nil {
			t.Errorf("%q: there is a plan", c.text)
		}
		if got := found(r); strings.Contains(got, "4111") || strings.Contains(got, "202052") {
			t.Errorf("what must not be told is told: %s", got)
		}
	}
}

// undrawn has a font without Han.
func undrawn(o *Options) {
	o.Undrawable = func(*settings.Settings) (func(string) string, error) {
		return func(text string) string {
			if han := strings.Map(func(r rune) rune {
				if r < 0x2e80 {
					return -1
				}
				return r
			}, text); han != "" {
				return "no " + han
			}
			return ""
		}, nil
	}
}

func found2(r *Report) string {
	if r == nil {
		return ""
	}
	return found(r)
}

// TestWarned says what is odd, and plans it.
func TestWarned(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{head + "\nR1,c,12.5,EUR,2026-11-30,,\n", "short_decimals charges.csv:2:6 amount: 12.5 is read as 12.50"},
		{head + ",colour\nR1,c,12.50,EUR,2026-11-30,,,red\n", "unused_column charges.csv colour: the column is not used"},
		{head + ",postcode,country\nR1,c,12.50,EUR,2026-11-30,,,1067,DE\n", "lost_zero charges.csv:2:29 postcode: 1067 has 4 digits"},
		{head + ",country\nR1,c,12.50,EUR,2026-11-30,,,Germany\n", `country charges.csv:2:29 country: "Germany" is no code`},
		{head + ",email\nR1,c,12.50,EUR,2026-11-30,,,ada\n", `email charges.csv:2:29 email: "ada" is no address`},
		{head + ",due_date\nR1,c,12.50,EUR,2026-11-30,,,2026-11-29\n", "due_date charges.csv:2"},
		{head + ",country,tax_id\nR1,c,12.50,EUR,2026-11-30,,,DE,DE999\n", "e_invoice charges.csv:2:32 tax_id: Germany: businesses must be able to receive e-invoices since 2025"},
		{head + ",tax_amount,tax_rate\nR1,c,11.90,EUR,2026-11-30,,,1.91,19\n", "tax_difference charges.csv:2:29 tax_amount: 19 % of 9.99, rounded by rate, is 1.90; the file has 1.91, which is charged"},
		{head + ",tax_rate\nR1,c,12.50,EUR,2026-11-30,,,0\n", "tax_reason charges.csv:2:29 tax_rate: a rate of 0 has a reason"},
		{head + "\nR1,c,12.50,EUR,2026-11-30,,\n,,,,,,\n", "empty_row charges.csv : 1 row with nothing in it"},
	} {
		o := options(t, c.text)
		p, r, err := Build(t.Context(), o)
		if err != nil || !strings.Contains(found(r), c.want) {
			t.Errorf("%q: %v\n%s\nwant %s", c.text, err, found2(r), c.want)
			continue
		}
		n := 0
		for _, k := range p.Header.Warnings {
			n += k
		}
		if n != 1 {
			t.Errorf("%q: %v", c.text, p.Header.Warnings)
		}
	}
}

// TestPrevious compares with the plan of the month before.
func TestPrevious(t *testing.T) {
	const head = "invoice_id,customer_id,name,amount,currency,charge_date,period_start,period_end,iban,mandate_id,mandate_date,sequence\n"
	o := options(t, head+
		"R1,c1,A,10.00,EUR,2026-10-30,2026-10-01,2026-10-31,DE02120300000000202051,M1,2026-01-01,FRST\n"+
		"R2,0042,B,10.00,EUR,2026-10-30,2026-10-01,2026-10-31,DE02120300000000202051,M2,2026-01-01,OOFF\n"+
		"R3,c3,C,10.00,EUR,2026-10-30,2026-10-01,2026-10-31,DE02120300000000202051,M3,2026-01-01,FNAL\n"+
		"R4,c4,D,10.00,EUR,2026-10-30,2026-10-01,2026-10-31,DE02120300000000202051,M4,2026-01-01,RCUR\n"+
		"R5,c5,E,10.00,EUR,2026-10-30,2026-10-01,2026-10-31,DE02120300000000202051,M5,2026-01-01,RCUR\n")
	o.Provider, o.State = SEPA, t.TempDir()
	before, r, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err, found2(r))
	}
	n := options(t, head+
		"S1,c1,A,31.00,EUR,2026-11-30,2026-10-31,2026-11-30,DE02500105170137075030,M1,2026-01-01,FRST\n"+
		"S2,42,B,10.00,EUR,2026-11-30,2026-11-01,2026-11-30,DE02120300000000202051,M2,2026-01-01,OOFF\n"+
		"S3,c3,C,10.00,EUR,2026-11-30,2026-11-01,2026-11-30,DE02120300000000202051,M3,2026-01-01,RCUR\n"+
		"S4,c4,D,10.00,EUR,2026-11-30,2026-11-10,2026-11-30,DE02120300000000202051,M4,2026-01-01,RCUR\n"+
		"S5,c6,D,10.00,EUR,2026-11-30,2026-11-01,2026-11-30,DE02120300000000202051,M6,2020-01-01,FRST\n"+
		"S6,c7,D,10.00,EUR,2026-11-30,2026-11-01,2026-11-30,DE02120300000000202051,M7,2020-01-01,\n"+
		"S7,c8,D,10.00,EUR,2026-11-30,2026-11-01,2026-11-30,DE02120300000000202051,,,\n")
	n.Provider, n.State, n.Previous = SEPA, o.State, before.Hash()[:10]
	n.Problems = filepath.Join(t.TempDir(), "problems.csv")
	_, _, err = Build(t.Context(), n)
	if !errors.Is(err, ErrRefused) {
		t.Fatal(err)
	}
	all, err := os.ReadFile(n.Problems)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"refused,overlap,charges.csv,2,30,period_start,S1,\"customer c1 was charged for 2026-10-01 to 2026-10-31 by the previous plan",
		"warning,account_changed,charges.csv,2,52,iban,S1,\"the account of customer c1 was DE02…2051, and is DE02…5030\"",
		"warning,sequence,charges.csv,2,89,sequence,S1,\"FRST, and the previous plan has a debit of the mandate already\"",
		"warning,amount_changed,charges.csv,2,,,,\"customer c1 had EUR 10.00 in the previous plan, and has EUR 31.00\"",
		"refused,mandate,charges.csv,3,89,sequence,S2,\"the mandate was for one debit",
		"refused,mandate,charges.csv,4,89,sequence,S3,the previous plan has the last debit of the mandate",
		"warning,gap,charges.csv,5,30,period_start,S4,\"customer c4 was charged to 2026-10-31 by the previous plan, and this begins on 2026-11-10\"",
		"refused,mandate,charges.csv,6,78,mandate_date,S5,\"the mandate was last used, or signed, on 2020-01-01, more than 36 months before 2026-11-30",
		"warning,sequence,charges.csv,7,78,mandate_date,S6,the mandate is of 2020-01-01",
		"refused,mandate,charges.csv,8,75,mandate_id,S7,a debit needs a mandate",
		"warning,customer_gone,,,,,,\"customer c5 had EUR=10.00 in the previous plan, and has no charge in this one\"",
	} {
		if !strings.Contains(string(all), want) {
			t.Errorf("%s is not in\n%s", want, all)
		}
	}
	if strings.Contains(string(all), "20300000000") {
		t.Errorf("an IBAN is not masked: %s", all)
	}
	// The customer who lost zeros is told of where nothing else is wrong with the charge.
	m := options(t, head+"S2,42,B,10.00,EUR,2026-11-30,2026-11-01,2026-11-30,DE02120300000000202051,M9,2026-01-01,RCUR\n")
	m.Provider, m.State, m.Previous = SEPA, o.State, before.Path()
	if p, r, err := Build(t.Context(), m); err != nil || !strings.Contains(found(r), "lost_zero charges.csv:2:4 customer_id: there was no customer 42 in the previous plan, but 0042") || p.Header.Previous != before.Hash() || r.New != 1 {
		t.Errorf("%v %s", err, found2(r))
	}
}

// TestDunning tries declined charges once more: the same but for the attempt.
func TestDunning(t *testing.T) {
	o := options(t, "")
	o.Files = []string{"../../../testdata/billing/charges.csv"}
	p, _, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	first := lines(t, p)
	d := options(t, strings.ReplaceAll(first, `"kind"`, `"billing_status":"declined","_class":"declined","kind"`))
	d.Dunning, d.Rounding = "november", settings.RoundByLine
	again, r, err := Build(t.Context(), d)
	if err != nil {
		t.Fatal(err, found2(r))
	}
	if got := lines(t, again); got != strings.ReplaceAll(first, `"attempt":1`, `"attempt":2`) || again.Header.Dunning != "november" {
		t.Errorf("%s\n%s", first, got)
	}
}

// TestDunningRefused: what was not declined is not tried once more, nor what no run has tried.
func TestDunningRefused(t *testing.T) {
	for row, want := range map[string]string{
		`{"invoice_id":"R1","attempt":1,"kind":"charge","customer_id":"c","amount":"1.00","currency":"EUR","invoice_date":"2026-11-30","billing_status":"succeeded"}`: "the charge is succeeded: only what was declined",
		`{"invoice_id":"R1","kind":"charge","customer_id":"c","amount":"1.00","currency":"EUR","invoice_date":"2026-11-30","billing_status":"declined"}`:              "does not say how often it was tried",
		`{"invoice_id":"R1","attempt":1,"kind":"charge","customer_id":"c","amount":"1.0","currency":"EUR","invoice_date":"2026-11-30"}`:                               "is no amount as brood writes it",
	} {
		o := options(t, row+"\n")
		o.Dunning = "november"
		if _, r, err := Build(t.Context(), o); !errors.Is(err, ErrRefused) || !strings.Contains(found2(r), want) {
			t.Errorf("%s: %v %s", row, err, found2(r))
		}
	}
}

// TestOutliers tells of amounts that are far above most.
func TestOutliers(t *testing.T) {
	var b strings.Builder
	b.WriteString(head + "\n")
	for i := range 100 {
		fmt.Fprintf(&b, "R%d,c%d,%d.00,EUR,2026-11-30,,\n", i, i, 8+i%5)
	}
	b.WriteString("X1,x1,29.99,EUR,2026-11-30,,\nX2,x2,1000.00,EUR,2026-11-30,,\n")
	p, r, err := Build(t.Context(), options(t, b.String()))
	if err != nil || p.Header.Warnings[KindOutlier] != 1 || !strings.Contains(found(r), "EUR 1000.00 of customer x2 is unusual") || r.Largest[0].Invoice != "X2" || r.Largest[1].Invoice != "X1" || len(r.Largest) != mostLarge || r.Largest[2].Invoice != "R4" {
		t.Errorf("%v %s %+v", err, found2(r), r)
	}
}

// TestPrintable: nothing that came from a row moves the terminal.
func TestPrintable(t *testing.T) {
	o := options(t, head+",description\nR1,c,1.00,EUR,2026-11-30,,,\"a\x1b[31m\"\nR2,c\u202e,1.00,EUR,2026-11-30,,,\n")
	_, r, err := Build(t.Context(), o)
	if !errors.Is(err, ErrRefused) {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Print(&b); err != nil || strings.ContainsAny(b.String(), "\x1b\u202e") || !strings.Contains(b.String(), "There is no plan: 2 problems refuse it") {
		t.Errorf("%q, %v", b.String(), err)
	}
}

package mapping

import (
	"brood/jobs/billing/table"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// read maps a table, and returns what its rows say, a line each, and what is wrong.
func read(t testing.TB, s *Spec, tab *table.Table, loc *time.Location) (rows, problems []string) {
	t.Helper()
	var m *Mapper
	for {
		r, err := tab.Next()
		if errors.Is(err, io.EOF) {
			return rows, problems
		}
		if err != nil {
			problems = append(problems, err.Error())
			return rows, problems
		}
		if m == nil || !m.Fits(tab.Header) {
			if m, err = New(s, tab.Header, loc); err != nil {
				return nil, []string{err.Error()}
			}
		}
		out, ok := m.Map(r, func(p Problem) {
			problems = append(problems, fmt.Sprintf("%d:%d %s %s: %s", p.Line, p.Column, p.Name, p.Kind, p.Text))
		})
		switch {
		case ok && out.LeftOut != "":
			rows = append(rows, "left out: "+out.LeftOut)
		case ok:
			one, _ := json.Marshal(out.Charge)
			two, _ := json.Marshal(out.Item)
			rows = append(rows, string(one)+" "+string(two))
		}
	}
}

func readFile(t testing.TB, mapName, name string) (rows, problems []string) {
	t.Helper()
	s, err := Load(mapName)
	if err != nil {
		t.Fatal(err)
	}
	tab, err := table.Open("../../../testdata/billing/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tab.Close() }()
	return read(t, s, tab, zone(t, "Europe/Berlin"))
}

// TestReady reads an export of each system by its ready map.
func TestReady(t *testing.T) {
	for _, c := range []struct {
		spec, file string
		want       []string
	}{
		{"stripe", "stripe.csv", []string{
			// Midnight in Berlin is the day before in UTC; the end is not in the period.
			`{"invoice_id":"BRUT-0001","attempt":1,"kind":"charge","customer_id":"cus_QaAAA1","amount":"","currency":"EUR","name":"Ada Lovelace","email":"ada@example.org","invoice_date":"2026-12-01","period_start":"2026-11-01","period_end":"2026-11-30","payment_customer":"cus_QaAAA1","metadata":{"stripe_invoice":"in_1PqAA","subscription":"sub_1PqA"}} {"tax_rate":"19","tax":"3.80","gross":"23.80"}`,
			`"invoice_date":"2026-11-30","period_start":"2026-11-01","period_end":"2026-11-30"`, `left out: Status paid`,
		}},
		{"chargebee", "chargebee.csv", []string{
			`{"invoice_id":"CB-77","attempt":1,"kind":"charge","customer_id":"cust_ada","amount":"","currency":"EUR","name":"Lovelace GmbH","email":"ada@example.org","due_date":"2026-12-14","invoice_date":"2026-11-30","period_start":"2026-11-01","period_end":"2026-11-30","street":"Hauptstraße 1","postcode":"10115","city":"Berlin","country":"DE","metadata":{"subscription":"sub_9"}} {"net":"100.00","tax":"19.00","gross":"119.00"}`,
			`"invoice_id":"CB-78"`, "left out: Status Paid",
		}},
		{"xero", "xero.csv", []string{
			`"customer_id":"Lovelace Ltd","amount":"","currency":"GBP","name":"Lovelace Ltd","email":"ada@example.org","description":"November","due_date":"2026-12-14","invoice_date":"2026-11-30"`,
			`{"description":"Support","quantity":"2.5","unit_amount":"8.00","net":"20.00","tax":"4.00"}`, "left out: Status Paid",
		}},
		{"quickbooks", "quickbooks.csv", []string{
			`{"invoice_id":"1042","attempt":1,"kind":"charge","customer_id":"Lovelace LLC","amount":"","currency":"USD","name":"Lovelace LLC","description":"November","due_date":"2026-12-14","invoice_date":"2026-11-30"} {"description":"Hosting in November","quantity":"1","unit_amount":"100.00","net":"100.00","tax_rate":"8.25"}`,
			`"net":"91.00"`, `"invoice_id":"1043"`,
		}},
		{"../../../testdata/billing/german.toml", "german.csv", []string{
			`{"invoice_id":"R-1","attempt":1,"kind":"charge","customer_id":"C-1","amount":"","currency":"EUR","invoice_date":"2026-11-30","period_start":"2026-11-01","period_end":"2026-11-30"} {"gross":"1234.50"}`, `{"gross":"9.9"}`,
		}},
		{"", "charges.csv", []string{`"name":"Ada Lovelace"`, `"name":"Łukasz Żak"`, `"name":"Tokyo Shoten"`, `"gross":"12.345"`, `"name":"O'Brien & Sons, Ltd"`}},
	} {
		rows, problems := readFile(t, c.spec, c.file)
		if problems != nil || len(rows) != len(c.want) {
			t.Errorf("%s: %q, %q", c.file, rows, problems)
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(strings.ReplaceAll(rows[i], `\u0026`, "&"), want) {
				t.Errorf("%s, row %d: %s\nwant %s", c.file, i+1, rows[i], want)
			}
		}
	}
}

func readText(t testing.TB, spec, text string) (rows, problems []string) {
	t.Helper()
	s, err := ParseSpec([]byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	tab, err := table.New("x.csv", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return read(t, s, tab, zone(t, "Europe/Berlin"))
}

const head = "invoice_id,customer_id,amount,currency,charge_date,description\n"

// TestProblems says where something is wrong, and what.
func TestProblems(t *testing.T) {
	for text, want := range map[string]string{
		head + "R1,c,1.00,EUR,30.11.2026,x\n":                                `2:15 charge_date date: "30.11.2026" is no day of the form YYYY-MM-DD; name another in a map`,
		head + "R1,c,1.00,EUR,2026-11-31,x\n":                                `"2026-11-31" is no day`,
		head + "2.49E+19,c,1.00,EUR,,x\n":                                    "2:1 invoice_id spreadsheet_damage",
		head + "R1,\"1,23E+11\",1.00,EUR,,x\n":                               "2:4 customer_id spreadsheet_damage",
		head + "R1,c,#REF!,EUR,,x\n":                                         "2:6 amount spreadsheet_damage",
		head + "R1,c,1.00,EUR,,\"card 4111 1111 1111 1111\"":                 "2:16 description card_number: the number of a payment card (…1111)",
		head + "R1,c\u200b,1.00,EUR,,x\n":                                    "2:4 customer_id text",
		"invoice_id,customer_id,amount,currency,CVC\n1,2,3,EUR,123":          "column 5 (CVC) is for the code of payment cards",
		"invoice_id,customer_id,amount,currency,Card CVV2\n1,2,3,EUR,123":    "(Card CVV2) is for the code",
		"R1,4111111111111111,1.00,EUR\nR2,c,1.00,EUR\n":                      "the number of a payment card stands in the first line",
		"invoice_id,amount,currency\nR1,1.00,EUR\n":                          "there is no column customer_id; there are invoice_id, amount, currency",
		"invoice_id,customer_id,currency\nR1,c,EUR\n":                        "there is no column amount",
		"invoice_id,invoice_id,customer_id,amount,currency\nR1,R1,c,1,EUR\n": "two columns are called invoice_id",
	} {
		rows, problems := readText(t, "", text)
		if len(rows) > 0 || len(problems) != 1 || !strings.Contains(problems[0], want) {
			t.Errorf("%q: %q, %q, want %q", text, rows, problems, want)
		}
		if strings.Contains(strings.Join(problems, ""), "4111") || strings.Contains(strings.Join(problems, ""), "411111") {
			t.Errorf("the number of the card is repeated: %q", problems)
		}
	}
}

// TestSpec says what is wrong with a map.
func TestSpec(t *testing.T) {
	for text, want := range map[string]string{
		"invoice=Number":                                        `line 1: "invoice=Number" does not say which column has what`,
		"[columns]\ninvoice = \"x\"":                            "columns.invoice: there is no such field",
		"[columns]\ninvoice_id = 3":                             "is no name of a column",
		"date = \"DD.MM.YY\"\n[columns]\n":                      "is no form of a date",
		"date = \"DMYYYY\"\n[columns]\n":                        "could be read in two ways",
		"date = \"MM/YYYY\"\n[columns]\n":                       "names no day",
		"period_end = \"open\"\n[columns]\n":                    "period_end",
		"decimal = \"'\"\n[columns]\n":                          "decimal",
		"dates = \"x\"\n[columns]\n":                            "line 1: there is no setting dates",
		"[columns]\ncurrency=\"C\"\n[values]\ncurrency=\"EUR\"": "currency has a column and a value",
	} {
		if _, err := ParseSpec([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if s, err := Load("invoice_id=Nr,currency==EUR"); err != nil || s.Values[Currency] != "EUR" || len(s.Columns[Currency]) > 0 {
		t.Errorf("a value for all rows: %+v, %v", s, err)
	}
	if _, err := Load("none.toml"); err == nil || !strings.Contains(err.Error(), "stripe, chargebee, xero, quickbooks") {
		t.Error(err)
	}
	if s, err := Load("invoice_id=Number,amount=Total"); err != nil || s.Columns[Invoice][0] != "Number" {
		t.Errorf("%v, %v", s, err)
	}
	if _, problems := readText(t, "invoice_id = Number", head+"R1,c,1.00,EUR,,x\n"); len(problems) != 1 || !strings.Contains(problems[0], `invoice_id is in column "Number", and there is none`) {
		t.Errorf("%q", problems)
	}
}

// TestThousands: where a comma stands before decimals, a point separates thousands, and is left for the amount to be refused by.
func TestThousands(t *testing.T) {
	rows, _ := readText(t, "decimal = \",\"\n[columns]\ninvoice_id = \"invoice_id\"\n", "invoice_id;customer_id;amount;currency\nR1;c;1.234,50;EUR\nR2;c;1234,50;EUR\nR3;c;1234.50;EUR\nR4;c;1.234;EUR\nR5;c;12.34,5;EUR\nR6;c;1.234.567,5;EUR\nR7;c;1,234.50;EUR\n")
	for i, want := range []string{`"gross":"1234.50"`, `"gross":"1234.50"`, `"gross":"1234.50,"`, `"gross":"1.234,"`, `"gross":"12.34,5,"`, `"gross":"1234567.5"`, `"gross":"1,234.50,"`} {
		if i >= len(rows) || !strings.Contains(rows[i], want) {
			t.Errorf("%q, want %s", rows, want)
		}
	}
}

// TestAgain reads the results of a run.
func TestAgain(t *testing.T) {
	s := &Spec{Again: true}
	tab, err := table.New("x.jsonl", strings.NewReader(`{"invoice_id":"R1","attempt":1,"kind":"charge","customer_id":"c","amount":"1.10","currency":"EUR","taxes":[{"rate":"10","base":"1.00","tax":"0.10"}],"metadata":{"a":"b"},"billing_status":"declined","_class":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	rows, problems := read(t, s, tab, time.UTC)
	if want := `{"invoice_id":"R1","attempt":1,"kind":"charge","customer_id":"c","amount":"","currency":"EUR","taxes":[{"rate":"10","base":"1.00","tax":"0.10"}],"metadata":{"a":"b"}} {"gross":"1.10"}`; problems != nil || rows[0] != want {
		t.Errorf("%q, %q", rows, problems)
	}
}

// FuzzMap: whatever a table has in it, each row is a charge or has a problem, and no card is in either.
func FuzzMap(f *testing.F) {
	f.Add("", head+"R1,c,1.00,EUR,2026-11-30,x\n")
	f.Add("date = \"D/M/YYYY\"\ndecimal = \",\"\n[columns]\nperiod_end = \"description\"\n", head+"R1,c,\"1,5\",EUR,3/4/2026,31/12/2026\n")
	f.Add("invoice_id=description", head+"R1,4111 1111 1111 1111,1.00,EUR,,x\n")
	f.Add("", "{\"invoice_id\":\"R1\",\"customer_id\":5,\"amount\":1.10,\"currency\":\"EUR\"}\n")
	f.Add("", "invoice_id;customer_id;amount;currency\n\"a\nb\";c;1;EUR\n")
	f.Fuzz(func(t *testing.T, spec, text string) {
		s, err := ParseSpec([]byte(spec))
		if err != nil {
			return
		}
		tab, err := table.New("x", strings.NewReader(text))
		if err != nil {
			return
		}
		var m *Mapper
		for {
			r, err := tab.Next()
			var one *table.RowError
			if errors.As(err, &one) {
				continue
			}
			if err != nil {
				return
			}
			if m == nil || !m.Fits(tab.Header) {
				if m, err = New(s, tab.Header, time.UTC); err != nil {
					return
				}
			}
			bad := 0
			row, ok := m.Map(r, func(p Problem) {
				bad++
				if p.Line < 1 || p.Text == "" || p.Kind == "" {
					t.Fatalf("%+v", p)
				}
			})
			if ok != (bad == 0) {
				t.Fatalf("%v, and %d problems", ok, bad)
			}
			if ok && row.LeftOut == "" {
				for _, day := range []string{row.Charge.PeriodEnd, row.Charge.ChargeDate} {
					if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	})
}

package statement

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func columns(t testing.TB, text string) *Columns {
	t.Helper()
	c, err := ParseColumns(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTables(t *testing.T) {
	for name, c := range map[string]struct{ columns, file, want string }{
		"results": {
			"", "invoice_id,amount,currency,billing_status,provider_id,decline_code,created_at\nR-1,12.34,EUR,succeeded,pi_1,,2026-11-30T09:30:00Z\nR-2,500,JPY,declined,,lost_card,\n",
			"R-1 1234 EUR succeeded pi_1  2026-11-30 false |R-2 500 JPY declined  lost_card 0001-01-01 false ",
		},
		"a German bank": {
			"reference=Kundenreferenz,amount=Betrag,currency==EUR,decimal=comma,separator=semicolon,date=Buchung,layout=02.01.2006,text=Zweck,encoding=windows-1252",
			"\"Buchung\";\"Betrag\";\"Kundenreferenz\";\"Zweck\"\n01.12.2026;\"1.234,56\";R-1;M\xfcller \x80\n02.12.2026;-12,30;R-2;zur\xfcck\n",
			"R-1 123456 EUR succeeded   2026-12-01 false Müller €|R-2 1230 EUR succeeded   2026-12-02 true zurück",
		},
		"a provider": {
			"reference=invoice (metadata),id=id,amount=Amount,currency=Currency,status=Status,minor=true,status.Weird=disputed",
			"\ufeffid,Amount,Currency,Status,invoice (metadata)\nch_1,1234,eur,Paid,R-1\nch_2,1,kwd,weird,R-2\n",
			"R-1 1234 EUR succeeded ch_1  0001-01-01 false |R-2 1 KWD disputed ch_2  0001-01-01 false ",
		},
	} {
		var cols *Columns
		if c.columns != "" {
			cols = columns(t, c.columns)
		}
		var got []string
		for _, i := range all(t, []byte(c.file), cols) {
			l := i.Listed
			got = append(got, fmt.Sprintf("%s %d %s %s %s %s %s %v %s", l.Reference, l.Minor, l.Currency, l.Status, l.ProviderID, l.Reason, l.At.Format("2006-01-02"), i.Debit, i.Text))
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s:\n%q\n%q", name, strings.Join(got, "|"), c.want)
		}
	}
}

func TestWrongTables(t *testing.T) {
	cols := func(more string) *Columns { return columns(t, "reference=r,amount=a,currency==EUR"+more) }
	for _, c := range []struct {
		file, why string
		columns   *Columns
	}{
		{"r,b\n", "no column \"a\"", cols("")},
		{"r;a\n", "separator=semicolon", cols("")},
		{"r,a,a\n", "two columns", cols("")},
		{"r,a\nR,1.234\n", "line 2", cols("")},
		{"r,a\nR,\"1,234,5\"\n", "is no amount", cols("")},
		{"r,a\nR,\"1.234,5\"\n", "is no amount", cols("")},
		{"r,a\nR,\"-,123\"\n", "is no amount", cols("")},
		{"r,a\nR\n", "wrong number of fields", cols("")},
		{"r,a,s\nR,1,strange\n", "says nothing", cols(",status=s")},
		{"r,a,d\nR,1,30.11.\n", "is no date", cols(",date=d")},
		{"r,a\nR,-92233720368547758.08\n", "too large", cols("")},
		{"r,a\n\"" + strings.Repeat("x", 3<<20), "of more than", cols("")},
		{"\n\n", "no head", cols("")},
		{"no table", "no column", nil},
	} {
		fails(t, c.file, c.why, c.columns)
	}
	for _, text := range []string{"", "amount", "amount=a", "amount=a,currency==XYZ", "amount=a,currency=c,foo=bar", "amount=a,currency=c,status.x=y", "amount=a,currency=c,minor=no"} {
		if _, err := ParseColumns(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// TestAnyTable writes any payments as a table and reads the same back.
func TestAnyTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		comma := rapid.Bool().Draw(t, "comma")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		_ = w.Write([]string{"ref", "amount", "currency", "status"})
		var want []charge.Listed
		for range rapid.IntRange(1, 20).Draw(t, "n") {
			l := charge.Listed{
				Reference: rapid.StringMatching(`[A-Za-z0-9"ä,;-]{1,12}`).Draw(t, "ref"), Minor: rapid.Int64Range(0, 1<<62).Draw(t, "minor"),
				Currency: rapid.SampledFrom([]string{"EUR", "JPY", "KWD"}).Draw(t, "currency"), Status: rapid.SampledFrom(charge.Statuses()).Draw(t, "status"),
			}
			text := money.Amount{Minor: l.Minor, Currency: money.Currency(l.Currency)}.String()
			if comma {
				text = strings.Replace(text, ".", ",", 1)
			}
			_ = w.Write([]string{l.Reference, text, strings.ToLower(l.Currency), string(l.Status)})
			want = append(want, l)
		}
		w.Flush()
		cols := &Columns{Reference: "ref", Amount: "amount", Currency: "currency", Status: "status", Decimal: '.', Separator: ','}
		if comma {
			cols.Decimal = ','
		}
		n := 0
		for i, err := range Read(&b, "file", cols) {
			if err != nil {
				t.Fatal(err)
			}
			if l := i.Listed; l.Reference != want[n].Reference || l.Minor != want[n].Minor || l.Currency != want[n].Currency || l.Status != want[n].Status {
				t.Fatalf("%+v is not %+v", l, want[n])
			}
			n++
		}
		if n != len(want) {
			t.Fatalf("%d of %d", n, len(want))
		}
	})
}

// FuzzTable holds of any table what is held of all, and of any list of columns that it is refused or used.
func FuzzTable(f *testing.F) {
	f.Add("amount=a,currency==EUR,reference=r,decimal=comma,separator=tab", []byte("r\ta\nR\t1.234,5\n"))
	f.Add("amount=a,currency=c,status=s,date=d,minor=true", []byte("a,c,s,d\n1,EUR,paid,2026-11-30\n"))
	f.Fuzz(func(t *testing.T, text string, file []byte) {
		if c, err := ParseColumns(text); err == nil {
			holds(t, file, c)
		}
	})
}

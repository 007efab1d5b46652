package journal

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/settings"
	"bytes"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// anEntry is any charge with any outcome.
func anEntry() *rapid.Generator[Entry] {
	return rapid.Custom(func(t *rapid.T) Entry {
		cur := rapid.SampledFrom([]money.Currency{"EUR", "JPY", "KWD", "USD", "UYW"}).Draw(t, "currency")
		amount := func(minor int64) string { return money.Amount{Minor: minor, Currency: cur}.String() }
		net := rapid.Int64Range(0, 1<<50).Draw(t, "net")
		total := net
		c := &charge.Charge{
			InvoiceID: rapid.String().Draw(t, "id"), Number: rapid.String().Draw(t, "number"), CustomerID: rapid.String().Draw(t, "customer"),
			Name: rapid.String().Draw(t, "name"), Currency: cur, InvoiceDate: "2026-11-30",
			Kind: rapid.SampledFrom([]charge.Kind{charge.KindCharge, charge.KindCreditNote, charge.KindPayout}).Draw(t, "kind"),
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "taxes") {
			tax := rapid.Int64Range(0, 1<<40).Draw(t, "tax")
			total += tax
			c.Taxes = append(c.Taxes, charge.Tax{Rate: fmt.Sprintf("%d.5", i), Tax: amount(tax)})
		}
		c.NetAmount, c.Amount = amount(net), amount(total)
		e := Entry{
			Charge: c, Status: rapid.SampledFrom(charge.Statuses()).Draw(t, "status"), Unpaid: rapid.Bool().Draw(t, "unpaid"),
			Issued: rapid.Bool().Draw(t, "issued"), Date: rapid.SampledFrom([]string{"", "2026-12-01"}).Draw(t, "date"),
		}
		back := func(name string) money.Amount {
			return money.Amount{Minor: rapid.Int64Range(0, total).Draw(t, name), Currency: cur}
		}
		e.Fee, e.Refunded, e.Returned = back("fee"), back("refunded"), back("returned")
		return e
	})
}

// TestBalances holds for any charges and outcomes: what is written balances, its text is only text, and the accounts sum to nothing.
func TestBalances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var entries []Entry
		for _, e := range rapid.SliceOfN(anEntry(), 0, 8).Draw(t, "entries") {
			if err := Write(&bytes.Buffer{}, &settings.Settings{}, each([]Entry{e})); err == nil {
				entries = append(entries, e)
			}
		}
		var b bytes.Buffer
		if err := Write(&b, &settings.Settings{}, each(entries)); err != nil {
			t.Fatal(err)
		}
		balances, err := ledgerOf(b.String())
		if err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		sums := map[string]*big.Int{}
		for account, sum := range balances {
			code := account[strings.LastIndexByte(account, ' ')+1:]
			if sums[code] == nil {
				sums[code] = new(big.Int)
			}
			sums[code].Add(sums[code], sum)
		}
		for code, sum := range sums {
			if sum.Sign() != 0 {
				t.Fatalf("all accounts together have %s of %s", sum, code)
			}
		}
		if revenue := expectedRevenue(entries); len(entries) > 0 && !same(revenue, balances) {
			t.Fatalf("revenue is %v, want %v", balances, revenue)
		}
	})
}

// expectedRevenue is what the invoices that stand have earned, counted from the charges.
func expectedRevenue(entries []Entry) map[string]*big.Int {
	want := map[string]*big.Int{}
	for _, e := range entries {
		stands := e.Status != charge.SkippedDuplicate && (e.Status != charge.Failed || e.Issued) && e.Charge.Kind != charge.KindPayout
		if !stands {
			continue
		}
		net, _ := money.Parse(e.Charge.NetAmount, e.Charge.Currency)
		key := "revenue:sales " + string(e.Charge.Currency)
		if want[key] == nil {
			want[key] = new(big.Int)
		}
		if e.Charge.Kind == charge.KindCharge {
			net.Minor = -net.Minor
		}
		want[key].Add(want[key], big.NewInt(net.Minor))
	}
	return want
}

func same(want, got map[string]*big.Int) bool {
	for key, sum := range want {
		if g := got[key]; g == nil && sum.Sign() != 0 || g != nil && g.Cmp(sum) != 0 {
			return false
		}
	}
	return true
}

// FuzzText puts any text of a record where it stands in a journal: it adds no line, and changes no amount.
func FuzzText(f *testing.F) {
	f.Add("a\n    assets:bank  EUR 1.00", "b ; date:2026-01-01", "[2026-01-01]", "key:: 1/0")
	f.Add("a  b", "* x", "= \u2028", "(c) | d")
	f.Fuzz(func(t *testing.T, id, number, customer, name string) {
		c := aCharge("1")
		c.InvoiceID, c.Number, c.CustomerID, c.Name = id, number, customer, name
		var b bytes.Buffer
		if err := Write(&b, &settings.Settings{}, each([]Entry{{Charge: c, Status: charge.Succeeded}})); err != nil {
			t.Fatal(err)
		}
		got, err := ledgerOf(b.String())
		if err != nil || got["assets:bank EUR"].Int64() != 1190 || strings.Count(b.String(), "\n") != 20 {
			t.Fatalf("%v\n%s", err, b.String())
		}
		if strings.ContainsAny(strings.ReplaceAll(b.String(), "; The journal of", ""), ";[]{}=\"\r\t\v\f\u0085\u2028\u202e") {
			t.Fatalf("a sign that means something:\n%s", b.String())
		}
	})
}

package journal

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/settings"
	"bytes"
	"errors"
	"iter"
	"strings"
	"testing"
)

func each(entries []Entry) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

// aCharge is one of 11.90 EUR.
func aCharge(id string) *charge.Charge {
	return &charge.Charge{
		InvoiceID: id, Number: "2026-" + id, Kind: charge.KindCharge, CustomerID: "C-" + id, Name: "Żabka & Söhne", Amount: "11.90", Currency: "EUR",
		NetAmount: "10.00", Taxes: []charge.Tax{{Rate: "19", Base: "10.00", Tax: "1.90"}}, InvoiceDate: "2026-11-30",
	}
}

// everyOutcome is a charge for each way in which one may end, with what each account must have in the end.
func everyOutcome() (entries []Entry, want map[string]string) {
	credit, payout, yen := aCharge("CR"), aCharge("PO"), aCharge("JP")
	credit.Kind, payout.Kind = charge.KindCreditNote, charge.KindPayout
	yen.Currency, yen.Amount, yen.NetAmount, yen.Taxes = "JPY", "1100", "1000", []charge.Tax{{Rate: "10", Base: "1000", Tax: "100"}}
	dinar := aCharge("KW")
	dinar.Currency, dinar.Amount, dinar.NetAmount, dinar.Taxes = "KWD", "1.234", "", nil
	entries = []Entry{
		{Charge: aCharge("1"), Status: charge.Succeeded, Date: "2026-12-02", Fee: eur(25)},
		{Charge: aCharge("2"), Status: charge.Submitted},
		{Charge: aCharge("3"), Status: charge.Processing},
		{Charge: aCharge("4"), Status: charge.Unknown},
		{Charge: aCharge("5"), Status: charge.Declined},
		{Charge: aCharge("6"), Status: charge.Failed},
		{Charge: aCharge("7"), Status: charge.Failed, Issued: true},
		{Charge: aCharge("8"), Status: charge.SkippedDuplicate},
		{Charge: aCharge("9"), Status: charge.Returned, Fee: eur(300)},
		{Charge: aCharge("10"), Status: charge.Refunded, Refunded: eur(190)},
		{Charge: aCharge("11"), Status: charge.Succeeded, Unpaid: true},
		{Charge: aCharge("12"), Status: charge.RequiresAction},
		{Charge: aCharge("13"), Status: charge.Disputed},
		{Charge: credit, Status: charge.Succeeded, Refunded: eur(1190)},
		{Charge: payout, Status: charge.Succeeded},
		{Charge: yen, Status: charge.Succeeded},
		{Charge: dinar, Status: charge.Submitted},
	}
	want = map[string]string{
		"assets:bank EUR":                  "675", // 4 payments less 3.25 of fees, a return, 1.90, the credit note and the payout
		"assets:bank JPY":                  "1100",
		"assets:receivable EUR":            "4760", // 5, 7, 11 and 12
		"assets:receivable JPY":            "0",
		"assets:receivable:submitted EUR":  "1190",
		"assets:receivable:submitted KWD":  "1234",
		"assets:receivable:processing EUR": "1190",
		"assets:receivable:unknown EUR":    "1190",
		"assets:receivable:returned EUR":   "1190",
		"expenses:fees EUR":                "325",
		"expenses:refunds EUR":             "1380",
		"revenue:sales EUR":                "-10000", // 11 invoices less the credit note
		"revenue:sales JPY":                "-1000",
		"revenue:sales KWD":                "-1234",
		"liabilities:vat:19% EUR":          "-1900",
		"liabilities:vat:10% JPY":          "-100",
	}
	return entries, want
}

// TestOutcomes books each as it should be.
func TestOutcomes(t *testing.T) {
	entries, want := everyOutcome()
	var b bytes.Buffer
	if err := Write(&b, &settings.Settings{}, each(entries)); err != nil {
		t.Fatal(err)
	}
	got, err := ledgerOf(b.String())
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	for account, sum := range got {
		if want[account] != sum.String() {
			t.Errorf("%s has %s, want %s", account, sum, want[account])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d accounts, want %d", len(got), len(want))
	}
	for _, line := range []string{"; 6 is failed, and nothing is booked\n", "2026-12-02 * (2026-1) Żabka & Söhne | payment of 1\n", "    assets:bank  EUR 11.90\n", "    format JPY 1000.\n"} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("there is no %q in\n%s", line, b.String())
		}
	}
	var again bytes.Buffer
	if err := Write(&again, &settings.Settings{}, each(entries)); err != nil || !bytes.Equal(again.Bytes(), b.Bytes()) {
		t.Error("written again it is another")
	}
}

// TestRefused names what is not booked.
func TestRefused(t *testing.T) {
	for why, change := range map[string]func(*Entry){
		"do not add up":     func(e *Entry) { e.Charge.NetAmount = "10.01" },
		"is no date":        func(e *Entry) { e.Date = "2.12.2026" },
		"no rate":           func(e *Entry) { e.Charge.Taxes[0].Rate = "19  ;" },
		"not one currency":  func(e *Entry) { e.Refunded = money.Amount{Minor: 1, Currency: "USD"} },
		"more than its":     func(e *Entry) { e.Refunded, e.Returned = eur(1000), eur(200) },
		"is negative":       func(e *Entry) { e.Fee = eur(-1) },
		"no billing status": func(e *Entry) { e.Status = "paid" },
		"of the kind":       func(e *Entry) { e.Charge.Kind = "gift" },
		"no currency":       func(e *Entry) { e.Fee = money.Amount{Minor: 1, Currency: "XXX"} },
		"charge that is":    func(e *Entry) { e.Status, e.Returned = charge.Submitted, eur(1) },
		"its net amount":    func(e *Entry) { e.Charge.NetAmount = "10" + ",00" },
		"is no amount":      func(e *Entry) { e.Charge.Amount = "1e3" },
		"disk is on fire":   nil,
	} {
		e := Entry{Charge: aCharge("1"), Status: charge.Succeeded}
		entries := func(yield func(Entry, error) bool) { yield(Entry{}, errors.New(why)) }
		if change != nil {
			change(&e)
			entries = each([]Entry{e})
		}
		if err := Write(&bytes.Buffer{}, &settings.Settings{}, entries); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
	for _, name := range []string{"a  b", "a;b", "(a)", "[a]", " a", "a ", "* a", "a\tb", "a\nb", ":a", "a::b", "a:", "=a", "a\u00a0b"} {
		s := &settings.Settings{Journal: settings.Journal{Bank: name}}
		if err := Write(&bytes.Buffer{}, s, each(nil)); err == nil {
			t.Errorf("%q is an account", name)
		}
	}
}

// full takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

// TestFull tells that the disk is full, also where it is the last write that finds it.
func TestFull(t *testing.T) {
	entries, _ := everyOutcome()
	if err := Write(full{}, &settings.Settings{}, each(entries)); err == nil || !strings.Contains(err.Error(), "no space") {
		t.Error(err)
	}
}

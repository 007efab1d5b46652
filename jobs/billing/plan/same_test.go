package plan

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/settings"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

// aRow is a charge of a table: the names of the columns are those of brood.
var aRow = rapid.Custom(func(t *rapid.T) map[string]string {
	cur := rapid.SampledFrom([]money.Currency{"EUR", "JPY", "KWD"}).Draw(t, "currency")
	digits, _ := money.Digits(cur)
	text := rapid.StringOfN(rapid.RuneFrom([]rune("aÄ漢,;|\"'&<> .-")), 0, 12, -1)
	r := map[string]string{
		"customer_id": rapid.StringMatching(`[a-z]{1,3}[0-9]{1,3}`).Draw(t, "customer"), "currency": string(cur),
		"invoice_date": fmt.Sprintf("2026-11-%02d", rapid.IntRange(1, 30).Draw(t, "day")), "name": text.Draw(t, "name"), "metadata.note": text.Draw(t, "note"), "tax_rate": "", "net_amount": "", "amount": "",
	}
	amount := money.Format(rapid.Int64Range(1, 1e9).Draw(t, "minor"), digits)
	switch rapid.IntRange(0, 2).Draw(t, "how") {
	case 0:
		r["amount"] = amount
	case 1:
		r["amount"], r["tax_rate"] = amount, rapid.SampledFrom([]string{"0", "7", "19", "5.5"}).Draw(t, "rate")
	default:
		r["net_amount"], r["tax_rate"] = amount, rapid.SampledFrom([]string{"7", "19", "8.25"}).Draw(t, "rate")
	}
	return r
})

// writeTable writes rows with the columns in an order.
func writeTable(t interface{ Fatal(...any) }, path string, rows []map[string]string, columns []string, comma rune, dressed bool) {
	var b bytes.Buffer
	if dressed {
		b.WriteString("\xef\xbb\xbf")
	}
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = comma, dressed
	_ = w.Write(columns)
	for _, r := range rows {
		var fields []string
		for _, c := range columns {
			fields = append(fields, r[c])
		}
		_ = w.Write(fields)
	}
	w.Flush()
	if err := errors.Join(w.Error(), os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// writeObjects writes rows as JSON lines.
func writeObjects(t interface{ Fatal(...any) }, path string, rows []map[string]string) {
	var b bytes.Buffer
	for _, r := range rows {
		if err := json.NewEncoder(&b).Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestSame: the same rows make the same charges, whatever separates the fields, in whatever order the columns stand, with or
// without a mark and CRLF, as a table or as JSON lines; and the charges add up to what the header says, tax and all.
func TestSame(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(aRow, 1, 8).Draw(t, "rows")
		for i, r := range rows {
			r["invoice_id"] = fmt.Sprintf("R-%d", i)
		}
		columns := sorted(rows[0])
		first := dryLines(t, dir, rows, func(path string) { writeTable(t, path, rows, columns, ',', false) })
		columns = rapid.Permutation(columns).Draw(t, "columns")
		comma := rapid.SampledFrom([]rune(",;\t|")).Draw(t, "separator")
		for _, other := range []string{
			dryLines(t, dir, rows, func(path string) { writeTable(t, path, rows, columns, comma, true) }),
			dryLines(t, dir, rows, func(path string) { writeObjects(t, path, rows) }),
		} {
			if other != first {
				t.Fatalf("%s\n%s", first, other)
			}
		}
	})
}

// dryLines are the charges of a table, and checks their sums.
func dryLines(t *rapid.T, dir string, rows []map[string]string, writeTo func(path string)) string {
	path := filepath.Join(dir, "charges")
	writeTo(path)
	b := &builder{
		o: Options{Files: []string{path}, Provider: Files, Account: "a", Factor: 3}, settings: new(settings.Settings), report: &Report{}, invoices: make(map[[16]byte]place),
		months: make(map[string]bool), metadata: make(map[string]int), leftOut: make(map[string]int), problems: newProblems(nil),
	}
	b.settings.Seller.Name = "S"
	if err := b.rules(); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.writer, err = NewWriter(dir); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.writer.Close() }()
	if _, err := b.read(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	h := &Header{Settings: b.settings, Kind: b.kind}
	head, err := b.writer.finish(h)
	if err != nil || b.problems.refused > 0 || h.Count != len(rows) {
		t.Fatal(err, b.problems.first, h.Count)
	}
	lines := make([]byte, 1<<20)
	n, _ := b.writer.lines.ReadAt(lines, 0)
	lines = lines[:n]
	_, list, err := decoded(append(slices.Clone(head), lines...))
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		addsUp(t, &list[i])
	}
	return string(lines)
}

// addsUp: net and tax are the amount, and the rates are net and tax.
func addsUp(t *rapid.T, c *charge.Charge) {
	if c.NetAmount == "" {
		return
	}
	var net, tax, both money.Sums
	for _, r := range c.Taxes {
		base, err1 := money.Parse(r.Base, c.Currency)
		part, err2 := money.Parse(r.Tax, c.Currency)
		if err := errors.Join(err1, err2, net.Add(base), tax.Add(part), both.Add(base), both.Add(part)); err != nil {
			t.Fatal(err)
		}
	}
	n, _ := net.Of(c.Currency)
	x, _ := tax.Of(c.Currency)
	a, _ := both.Of(c.Currency)
	if n.String() != c.NetAmount || x.String() != c.TaxAmount || a.String() != c.Amount {
		t.Fatalf("%+v does not add up", c)
	}
}

// TestRounding: the cent by which lines and rate differ is there, and named.
func TestRounding(t *testing.T) {
	text := head + ",net_amount,tax_rate\n" + strings.Repeat("R1,c,,EUR,2026-11-30,,,0.33,19\n", 3)
	for rounding, want := range map[string]string{
		"rate": `"amount":"1.18","currency":"EUR","invoice_date":"2026-11-30","net_amount":"0.99","tax_amount":"0.19","taxes":[{"rate":"19","base":"0.99","tax":"0.19"}],"lines":[{"net":"0.33","tax_rate":"19"},`,
		"line": `"amount":"1.17","currency":"EUR","invoice_date":"2026-11-30","net_amount":"0.99","tax_amount":"0.18","taxes":[{"rate":"19","base":"0.99","tax":"0.18"}],"lines":[{"net":"0.33","tax_rate":"19","tax":"0.06","gross":"0.39"},`,
	} {
		o := options(t, text)
		o.Group, o.Rounding = true, rounding
		p, r, err := Build(t.Context(), o)
		if err != nil || !strings.Contains(lines(t, p), want) {
			t.Errorf("%s: %v %s", rounding, err, found2(r))
		}
	}
	o := options(t, head+",net_amount,tax_rate,total\n"+strings.Repeat("R1,c,,EUR,2026-11-30,,,0.33,19,1.17\n", 3))
	o.Group = true
	if _, r, err := Build(t.Context(), o); !errors.Is(err, ErrRefused) || !strings.Contains(found(r), "the rows of the invoice make 1.18, and it says 1.17; try --tax-rounding line") {
		t.Errorf("%v %s", err, found2(r))
	}
}

// TestMany plans many rows, 100,000 in the long form, and says what that costs.
func TestMany(t *testing.T) {
	n := 5_000
	if os.Getenv("BROOD_CHAOS") != "" {
		n = 100_000
	}
	path := filepath.Join(t.TempDir(), "charges.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(f, "invoice_id,customer_id,name,email,street,postcode,city,country,amount,currency,tax_rate,invoice_date,period_start,period_end,iban")
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		fmt.Fprintf(f, "R-%06d,C-%06d,Name %d,mail%d@example.org,Street %d,10115,Berlin,DE,%d.%02d,EUR,19,2026-11-30,2026-11-01,2026-11-30,DE02120300000000202051\n", i, i, i, i, i, 5+random.IntN(40), random.IntN(100))
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	o := options(t, "")
	o.Files, o.Caps.Run = []string{path}, map[money.Currency]string{"EUR": "100000000.00"}
	for _, previous := range []bool{false, true} {
		if previous {
			o.Previous, o.Several, o.Out = o.Out, true, filepath.Join(t.TempDir(), "b.plan")
		}
		var before, after syscall.Rusage
		var m1, m2 runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m1)
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
		p, r, err := Build(t.Context(), o)
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
		runtime.ReadMemStats(&m2)
		if err != nil || p.Header.Count != n || r.Customers != n {
			t.Fatal(err, found2(r))
		}
		cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
		t.Logf("%d rows, previous %v: %.2f s of processor time, %.0f kB allocated a row; in all %d MB of heap from the system", n, previous, float64(cpu)/1e9, float64(m2.TotalAlloc-m1.TotalAlloc)/float64(n)/1024, m2.HeapSys>>20)
	}
}

package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/invoice"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// ends notes what becomes of places.
type ends struct {
	jobs.Reporter

	took map[int]time.Duration
}

func (e *ends) End(at int, res *jobs.Result) {
	if res.ElapsedKnown {
		e.took[at] = res.Elapsed
	}
}

func (e *ends) Flush() {}

// TestGroupTook: documents that end together took as long as each was in hand, and not nothing.
func TestGroupTook(t *testing.T) {
	e := &ends{took: make(map[int]time.Duration)}
	p := &press{rep: e}
	now := time.Now()
	p.tell([]*written{{at: 0, begun: now.Add(-2 * time.Hour)}, {at: 1, begun: now.Add(-time.Hour)}})
	if e.took[0] < 2*time.Hour || e.took[1] < time.Hour || e.took[1] >= 2*time.Hour {
		t.Error(e.took)
	}
}

// TestNoStorage stops the run where a document cannot be stored, and does not say of the charge that nobody knows.
func TestNoStorage(t *testing.T) {
	dir := t.TempDir()
	c := &config{Provider: Files, Settings: settingsFor(t), PlanDir: filepath.Join(dir, "plan"), Invoices: filepath.Join(dir, "invoices")}
	ch := &charge.Charge{InvoiceID: "R-1", CustomerID: "c1", Name: "Ada", Attempt: 1, Kind: charge.KindCharge, Amount: "1.00", Currency: "EUR", InvoiceDate: "2026-11-30"}
	font, _, err := invoice.Font("")
	if err != nil {
		t.Fatal(err)
	}
	letters, err := invoice.NewAlphabet(font, c.Settings)
	if err != nil {
		t.Fatal(err)
	}
	letters.Add(ch)
	line, err := ch.Encode()
	if err != nil {
		t.Fatal(err)
	}
	sum, err := ch.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNumbering(c, dir)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(os.Mkdir(c.PlanDir, 0o700), os.Mkdir(c.Invoices, 0o700), letters.Write(c.PlanDir), n.add(sum, "2026-000001"), n.put(), n.discard(), barred{}.put(dir))
	if err != nil {
		t.Fatal(err)
	}
	p, err := openPress(c, &jobs.Setup{Dir: dir, Shape: &jobs.Shape{Kind: jobs.Fields}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(c.Invoices); err != nil {
		t.Fatal(err)
	}
	var res jobs.Result
	if err := p.Do(t.Context(), &jobs.Record{Raw: line, Attempt: 1, Shape: &jobs.Shape{Kind: jobs.Fields}}, &res); err != nil || res.Verdict != jobs.VerdictAbort || res.Class != "storage" {
		t.Errorf("%v %s %s, %v", res.Verdict, res.Class, res.Error, err)
	}
	_ = p.Close() // whose directory is gone
}

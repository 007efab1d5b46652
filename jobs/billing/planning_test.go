package billing

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/invoice"
	"brood/jobs/billing/mapping"
	"brood/jobs/billing/plan"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// planOne plans rows for documents, as brood plan billing does; nil: it is refused.
func planOne(t *testing.T, rows string) (*plan.Plan, *plan.Report) {
	t.Helper()
	dir := t.TempDir()
	file, seller := filepath.Join(dir, "rows.csv"), filepath.Join(dir, "seller.toml")
	err := errors.Join(os.WriteFile(file, []byte(rows), 0o600), os.WriteFile(seller, []byte("[seller]\nname = \"Shop\"\ncountry = \"DE\"\n"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	o := plan.Options{Files: []string{file}, Settings: seller, Provider: plan.Files, Account: "main", Scope: "x", Out: filepath.Join(dir, "a.plan"), State: filepath.Join(dir, "state"), Factor: 3}
	checkBy(&o, time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC))
	p, r, err := plan.Build(t.Context(), o)
	if err != nil && !errors.Is(err, plan.ErrRefused) {
		t.Fatal(err)
	}
	return p, r
}

// TestPlannedIsDrawn: whatever column has a character that cannot be drawn, either there is no plan or the run makes its
// invoice: plan and run agree.
func TestPlannedIsDrawn(t *testing.T) {
	refused := 0
	for _, f := range mapping.Fields() {
		for _, text := range []string{"漢", "é", "שלום"} {
			values := map[mapping.Field]string{"invoice_id": "R-1", "customer_id": "c", "amount": "1.00", "currency": "EUR", "invoice_date": "2026-11-30"}
			values[f] = text
			var head, row []string
			for k, v := range values {
				head, row = append(head, string(k)), append(row, v)
			}
			p, r := planOne(t, strings.Join(head, ",")+"\n"+strings.Join(row, ",")+"\n")
			if p == nil {
				for _, k := range r.Kinds {
					if k.Kind == plan.KindGlyph {
						refused++
					}
				}
				continue
			}
			if err := makeAll(t, p); err != nil {
				t.Errorf("%s: there is a plan with %s, and no invoice: %v", f, text, err)
			}
		}
	}
	if refused < 20 {
		t.Errorf("only %d were refused for their characters", refused)
	}
}

// makeAll makes the documents of a plan.
func makeAll(t *testing.T, p *plan.Plan) error {
	t.Helper()
	c := &config{PlanDir: t.TempDir(), Settings: p.Header.Settings}
	if err := prepareDocuments(c, p, ""); err != nil {
		return err
	}
	press, err := invoice.Open(c.PlanDir, c.Settings)
	if err != nil {
		return err
	}
	n := 0
	return p.Each(func(ch *charge.Charge) error {
		n++
		ch.Number = fmt.Sprintf("2026-%06d", n)
		_, err := press.Make(ch)
		return err
	})
}

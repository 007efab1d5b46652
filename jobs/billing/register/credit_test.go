package register

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func credit(id, of, customer, amount string) *charge.Charge {
	c := bill(id, customer, amount, 1)
	c.Kind, c.CreditOf = charge.KindCreditNote, of
	return c
}

// TestCredits: a credit note is one of an invoice that was made from here, to the same customer in the same currency, and all of
// an invoice together are at most the invoice.
func TestCredits(t *testing.T) {
	r, _ := openTest(t)
	take := func(hash string, list ...*charge.Charge) error {
		return r.Take(t.Context(), planOf(hash, hash), each(list...), now)
	}
	first := planOf("p1", "november")
	first.Number = func(*charge.Charge) (string, int) { return "s", 1 }
	first.Format = func(_ *charge.Charge, n int) (string, error) { return "2026-00" + string(rune('0'+n)), nil }
	if err := r.Take(t.Context(), first, each(bill("R-1", "c1", "10.00", 1), bill("R-2", "c2", "5.00", 1)), now); err != nil {
		t.Fatal(err)
	}
	refusedBecause(t, take("k0", credit("K-0", "R-1", "c1", "1.00")), "credit note K-0: invoice R-1 is planned in run november")
	settledAll(t, r, "p1", 2, charge.Succeeded)
	refusedBecause(t, take("k1", credit("K-1", "R-9", "c1", "1.00")), "no invoice R-9 was made from here", "credit_of_elsewhere")
	refusedBecause(t, take("k1", credit("K-1", "R-1", "c2", "1.00")), "is one to customer c1, and this goes to c2")
	dollars := credit("K-1", "R-1", "c1", "1.00")
	dollars.Currency = "USD"
	refusedBecause(t, take("k1", dollars), "invoice R-1 is in EUR, and this in USD")
	refusedBecause(t, take("k1", credit("K-1", "R-1", "c1", "10.01")), "EUR 10.01, and of invoice R-1 over EUR 10.00 there are EUR 10.00 left to credit")
	refusedBecause(t, take("k1", credit("K-1", "R-1", "c1", "6.00"), credit("K-2", "2026-001", "c1", "4.01")), "credit note K-2: EUR 4.01, and of invoice 2026-001 over EUR 10.00 there are EUR 4.00 left")
	if err := take("k1", credit("K-1", "R-1", "c1", "6.00"), credit("K-2", "2026-001", "c1", "4.00")); err != nil {
		t.Fatal(err)
	}
	refusedBecause(t, take("k2", credit("K-3", "R-1", "c1", "0.01")), "EUR 0.00 left")
	// One that came to nothing does not count, and does not come back where others have taken its room.
	settledAll(t, r, "k1", 1, charge.Failed)
	if err := take("k2", credit("K-3", "R-1", "c1", "0.01")); err != nil {
		t.Fatal(err)
	}
	var barred []uint64
	again := planOf("k1", "k1")
	again.Barred = func(seq uint64) { barred = append(barred, seq) }
	if err := r.Take(t.Context(), again, each[*charge.Charge](), now); err != nil || len(barred) != 1 || barred[0] != 0 {
		t.Error(barred, err)
	}
	elsewhere := credit("K-9", "", "c1", "100.00")
	elsewhere.CreditElsewhere = "OLD-1"
	if err := take("k3", elsewhere); err != nil {
		t.Error("of an invoice of another program:", err)
	}
	known := credit("K-8", "", "c1", "1.00")
	known.CreditElsewhere = "R-2"
	refusedBecause(t, take("k4", known), "invoice R-2 is known here, from run november")
	// An id that is another's number.
	odd := planOf("p2", "december")
	if err := r.Take(t.Context(), odd, each(bill("2026-002", "c1", "1.00", 1)), now); err != nil {
		t.Fatal(err)
	}
	refusedBecause(t, take("k5", credit("K-7", "2026-002", "c2", "1.00")), "is the id of one invoice, and the number of another, R-2")
}

// TestNeverMoreCredited takes any credit notes of an invoice in any runs, of which some come to nothing.
func TestNeverMoreCredited(t *testing.T) {
	r, _ := openTest(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		name := func(s string, i int) string { return s + strings.Repeat("i", n) + strings.Repeat("x", i) }
		invoice := name("R", 0)
		if err := r.Take(t.Context(), planOf(name("p", 0), name("p", 0)), each(bill(invoice, "c1", "10.00", 1)), now); err != nil {
			rt.Fatal(err)
		}
		settled(t, r, name("p", 0), charge.Succeeded)
		open := int64(0)
		for i := range rapid.IntRange(1, 6).Draw(rt, "runs") {
			minor := rapid.Int64Range(1, 1100).Draw(rt, "minor")
			plan := name("k", i)
			c := credit(plan, invoice, "c1", money.Format(minor, 2))
			err := r.Take(t.Context(), planOf(plan, plan), each(c), now)
			if (err == nil) != (open+minor <= 1000) {
				rt.Fatalf("%d of 1000 are credited, and %d more: %v", open, minor, err)
			}
			if err != nil {
				continue
			}
			status := rapid.SampledFrom([]charge.Status{charge.Succeeded, charge.Failed}).Draw(rt, "status")
			settled(t, r, plan, status)
			if status == charge.Succeeded {
				open += minor
			}
		}
	})
}

// TestOlder takes over a register of the version before, which knew no credit notes.
func TestOlder(t *testing.T) {
	r, state := openTest(t)
	if err := r.Take(t.Context(), planOf("p1", "november"), each(bill("R-1", "c1", "10.00", 1)), now); err != nil {
		t.Fatal(err)
	}
	settled(t, r, "p1", charge.Succeeded)
	db, err := sql.Open("sqlite", filepath.Join(state, "billing", "register.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `DROP TABLE credits; DROP INDEX charges_by_number; PRAGMA user_version = 2`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), state)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Take(t.Context(), planOf("k1", "k1"), each(credit("K-1", "R-1", "c1", "10.00")), now); err != nil {
		t.Error(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

package register

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	now   = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	owner = Owner{Account: "acct", Mode: "test"}
)

func openTest(t *testing.T) (*Register, string) {
	t.Helper()
	state := t.TempDir()
	r, err := Open(t.Context(), state)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r, state
}

func each[T any](list ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, c := range list {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func bill(invoice, customer, amount string, attempt int) *charge.Charge {
	return &charge.Charge{InvoiceID: invoice, CustomerID: customer, Amount: amount, Currency: "EUR", Attempt: attempt, Kind: charge.KindCharge}
}

func forPeriod(c *charge.Charge, start, end string) *charge.Charge { //nolint:unparam // a period has both
	c.PeriodStart, c.PeriodEnd = start, end
	return c
}

func planOf(hash, run string) *Plan {
	return &Plan{Owner: owner, Hash: hash, Run: run, Scope: "2026-11"}
}

func refusedBecause(t *testing.T, err error, words ...string) {
	t.Helper()
	refused := (*RefusedError)(nil)
	if !errors.As(err, &refused) {
		t.Fatalf("not refused: %v", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

// settled ends the first charge of a plan.
func settled(t *testing.T, r *Register, hash string, s charge.Status) {
	t.Helper()
	settledAll(t, r, hash, 1, s)
}

// settledAll ends all charges of a plan, which are so many, in one way.
func settledAll(t *testing.T, r *Register, hash string, n int, s charge.Status) {
	t.Helper()
	var list []*Ended
	for i := range n {
		list = append(list, &Ended{Seq: jobs.Seq(i), Status: s, ProviderID: fmt.Sprint("pi_", i)})
	}
	if err := r.Settle(t.Context(), owner, hash, "", false, each(list...), now); err != nil {
		t.Fatal(err)
	}
}

func TestTake(t *testing.T) {
	r, _ := openTest(t)
	take := func(p *Plan, list ...*charge.Charge) error { return r.Take(t.Context(), p, each(list...), now) }
	first := forPeriod(bill("R-1", "c1", "10.00", 1), "2026-11-01", "2026-11-30")
	if err := take(planOf("p1", "november"), first, bill("R-2", "c2", "5.00", 1)); err != nil {
		t.Fatal(err)
	}
	if err := take(planOf("p1", "november"), first); err != nil {
		t.Error("the run may not take its plan again:", err)
	}
	refusedBecause(t, take(planOf("p1", "other"), first), "a plan is run once", "brood resume november")
	refusedBecause(t, take(planOf("p2", "second"), bill("R-1", "c1", "11.00", 1)), "R-1 is planned in run november", "EUR 10.00")
	refusedBecause(t, take(planOf("p2", "second"), forPeriod(bill("R-9", "c1", "1.00", 1), "2026-11-01", "2026-11-30")), "customer c1", "R-1", "november")
	refusedBecause(t, take(planOf("p2", "second"), bill("R-5", "c5", "1.00", 1), bill("R-5", "c5", "1.00", 1)), "R-5")
	refusedBecause(t, take(planOf("p2", "second"), bill("R-6", "c6", "1.00", 2)), "there was none before it")
	// Nothing of what was refused is there.
	if got, err := r.Attempts(t.Context(), owner, "R-5"); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	other := planOf("p2", "second")
	other.Mode = "live"
	if err := take(other, first); err != nil {
		t.Error("the same invoice in live mode is another:", err)
	}
}

// TestAgain takes a further attempt only after the last one came to nothing, and only of a dunning run.
func TestAgain(t *testing.T) {
	for _, c := range []struct {
		status charge.Status
		may    bool
	}{
		{charge.Declined, true},
		{charge.Failed, true},
		{charge.Returned, true},
		{charge.Succeeded, false},
		{charge.Submitted, false},
		{charge.Processing, false},
		{charge.RequiresAction, false},
		{charge.Unknown, false},
		{charge.Disputed, false},
		{charge.Refunded, false},
	} {
		r, _ := openTest(t)
		if err := r.Take(t.Context(), planOf("p1", "november"), each(bill("R-1", "c1", "10.00", 1)), now); err != nil {
			t.Fatal(err)
		}
		settled(t, r, "p1", c.status)
		dunning := planOf("p2", "dunning")
		dunning.Dunning = true
		err := r.Take(t.Context(), dunning, each(bill("R-1", "c1", "10.00", 2)), now)
		if c.may && err != nil {
			t.Errorf("%s: %v", c.status, err)
		}
		if !c.may {
			refusedBecause(t, err, string(c.status), "november")
			continue
		}
		refusedBecause(t, r.Take(t.Context(), planOf("p3", "plain"), each(bill("R-1", "c1", "10.00", 3)), now), "planned in run dunning")
		settled(t, r, "p2", charge.Declined)
		refusedBecause(t, r.Take(t.Context(), planOf("p3", "plain"), each(bill("R-1", "c1", "10.00", 3)), now), "--dunning dunning")
		dunning = planOf("p4", "late")
		dunning.Dunning = true
		refusedBecause(t, r.Take(t.Context(), dunning, each(bill("R-1", "c1", "10.00", 2)), now), "the last one was 2")
	}
}

func TestSameFile(t *testing.T) {
	r, _ := openTest(t)
	p := planOf("p1", "november")
	p.Sources = []string{"aa"}
	if err := r.Take(t.Context(), p, each(bill("R-1", "c1", "1.00", 1)), now); err != nil {
		t.Fatal(err)
	}
	again := planOf("p2", "second")
	again.Sources = []string{"bb", "aa"}
	refusedBecause(t, r.Take(t.Context(), again, each(bill("R-2", "c2", "1.00", 1)), now), "the same file", "november")
	settled(t, r, "p1", charge.Failed)
	if err := r.Take(t.Context(), again, each(bill("R-2", "c2", "1.00", 1)), now); err != nil {
		t.Error("nothing of the file was charged, so it may be taken again:", err)
	}
}

// TestNumbers gives numbers without a gap over runs, and voids what is not used.
func TestNumbers(t *testing.T) {
	r, _ := openTest(t)
	numbered := func(hash, run string, got *[]string) *Plan {
		p := planOf(hash, run)
		p.Number = func(c *charge.Charge) (string, int) {
			if c.Kind != charge.KindCharge {
				return "", 0
			}
			return "2026", 41
		}
		p.Format = func(_ *charge.Charge, n int) (string, error) { return fmt.Sprintf("2026-%04d", n), nil }
		p.Numbered = func(_, n string) error { *got = append(*got, n); return nil }
		return p
	}
	payout := bill("P-1", "c9", "1.00", 1)
	payout.Kind = charge.KindPayout
	list := []*charge.Charge{bill("R-1", "c1", "1.00", 1), payout, bill("R-2", "c2", "1.00", 1)}
	var first, again, second []string
	if err := r.Take(t.Context(), numbered("p1", "a", &first), each(list...), now); err != nil {
		t.Fatal(err)
	}
	if err := r.Take(t.Context(), numbered("p1", "a", &again), each(list...), now); err != nil {
		t.Fatal(err)
	}
	if want := []string{"2026-0041", "", "2026-0042"}; !slices.Equal(first, want) || !slices.Equal(again, want) {
		t.Errorf("%q, and again %q", first, again)
	}
	// A plan that is refused uses up no number.
	_ = r.Take(t.Context(), numbered("p2", "b", new([]string)), each(bill("R-3", "c3", "1.00", 1), bill("R-1", "c1", "1.00", 1)), now)
	if err := r.Take(t.Context(), numbered("p3", "c", &second), each(bill("R-4", "c4", "1.00", 1)), now); err != nil || !slices.Equal(second, []string{"2026-0043"}) {
		t.Errorf("%q, %v", second, err)
	}
	ended := []*Ended{{Seq: 0, Status: charge.Succeeded}, {Seq: 1, Status: charge.Succeeded}, {Seq: 2, Status: charge.Failed, Reason: "no glyph"}}
	for range 2 {
		if err := r.Settle(t.Context(), owner, "p1", "link", true, each(ended...), now); err != nil {
			t.Fatal(err)
		}
		voids, err := r.Voids(t.Context(), owner, "p1")
		if err != nil || !slices.Equal(voids, []Void{{"2026-0042", "R-2", "no glyph"}}) {
			t.Errorf("%v, %v", voids, err)
		}
	}
	// It was tried again, and is an invoice now.
	ended[2].Status = charge.Succeeded
	if err := r.Settle(t.Context(), owner, "p1", "link2", true, each(ended...), now); err != nil {
		t.Fatal(err)
	}
	if voids, err := r.Voids(t.Context(), owner, "p1"); err != nil || len(voids) != 0 {
		t.Errorf("%v, %v", voids, err)
	}
	if link, run, err := r.Chain(t.Context(), owner, "p1"); err != nil || link != "link2" || run != "a" {
		t.Error(link, run, err)
	}
}

// TestTakeAtOnce has many runs take the same invoice at the same time: one gets it.
func TestTakeAtOnce(t *testing.T) {
	_, state := openTest(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for i := range 8 {
		wg.Go(func() {
			r, err := Open(context.Background(), state)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = r.Close() }()
			err = r.Take(context.Background(), planOf(fmt.Sprint("p", i), fmt.Sprint("run", i)), each(bill("R-1", "c1", "1.00", 1)), now)
			refused := (*RefusedError)(nil)
			if err != nil && !errors.As(err, &refused) {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d runs have the invoice", won)
	}
}

func TestRefunds(t *testing.T) {
	r, _ := openTest(t)
	if err := r.Take(t.Context(), planOf("p1", "november"), each(bill("R-1", "c1", "10.00", 1), bill("R-2", "c2", "3.00", 1)), now); err != nil {
		t.Fatal(err)
	}
	take := func(f ...*Refund) error {
		_, err := r.TakeRefunds(t.Context(), owner, each(f...), now)
		return err
	}
	refund := func(id, invoice string, minor int64) *Refund {
		return &Refund{ID: id, Invoice: invoice, Minor: minor, Currency: "EUR", Run: "back"}
	}
	refusedBecause(t, take(refund("f1", "R-1", 100)), "planned")
	settled(t, r, "p1", charge.Succeeded)
	refusedBecause(t, take(refund("f1", "R-1", 400), refund("f2", "R-1", 700)), "EUR 7.00", "EUR 6.00 left")
	if err := take(refund("f1", "R-1", 400), refund("f2", "R-1", 600)); err != nil {
		t.Fatal(err)
	}
	if err := take(refund("f1", "R-1", 400)); err != nil {
		t.Error("a resume may not take its refund again:", err)
	}
	refusedBecause(t, take(refund("f3", "R-1", 1)), "EUR 0.00 left")
	refusedBecause(t, take(refund("f4", "R-7", 1)), "no charge")
	other := refund("f1", "R-1", 400)
	other.Run = "again"
	refusedBecause(t, take(other), "made by run back")
	usd := refund("f5", "R-1", 1)
	usd.Currency = "USD"
	refusedBecause(t, take(usd), "in EUR")
	// One has failed, and counts no more.
	f1, f2 := refund("f1", "R-1", 400), refund("f2", "R-1", 600)
	f1.Status, f2.Status = charge.Refunded, charge.Failed
	if err := r.SettleRefunds(t.Context(), owner, each(f1, f2), now); err != nil {
		t.Fatal(err)
	}
	if err := take(refund("f6", "R-1", 600)); err != nil {
		t.Error(err)
	}
	back, err := r.Refunded(t.Context(), owner, "p1")
	if err != nil || back[0] != 1000 || back[1] != 0 {
		t.Error(back, err)
	}
	got, err := r.Attempts(t.Context(), owner, "R-1")
	if err != nil || got[0].Status != charge.Refunded {
		t.Error(got, err)
	}
	refusedBecause(t, r.Take(t.Context(), planOf("p2", "again"), each(bill("R-1", "c1", "10.00", 1)), now), "refunded")
}

// TestEvents hears of a return once, however often the statement is read, and lets a dunning run follow.
func TestEvents(t *testing.T) {
	r, _ := openTest(t)
	if err := r.Take(t.Context(), planOf("p1", "november"), each(bill("R-1", "c1", "10.00", 1)), now); err != nil {
		t.Fatal(err)
	}
	settled(t, r, "p1", charge.Submitted)
	list, err := r.Charges(t.Context(), owner, "p1")
	if err != nil || len(list) != 1 || list[0].Run != "november" || list[0].ProviderID != "pi_0" {
		t.Fatal(list, err)
	}
	back := []Event{{Charge: list[0].ID, Status: charge.Returned, Minor: 1000, Code: "AM04", Source: "camt.053 2026-12-02", At: now}}
	for want := 1; want >= 0; want-- {
		if n, err := r.Note(t.Context(), back, now); err != nil || n != want {
			t.Fatal(n, err)
		}
	}
	// A resume of the run says what it said: that is no news.
	settled(t, r, "p1", charge.Submitted)
	got, err := r.Attempts(t.Context(), owner, "R-1")
	if err != nil || got[0].Status != charge.Returned || got[0].Code != "AM04" {
		t.Error(got[0], err)
	}
}

// TestForeign refuses another database, a newer one, and one that is damaged; and never begins it anew.
func TestForeign(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, r *Register, path string){
		"newer": func(t *testing.T, r *Register, _ string) {
			if _, err := r.db.Exec(`PRAGMA user_version = 99`); err != nil {
				t.Fatal(err)
			}
		},
		"garbage": func(t *testing.T, r *Register, path string) {
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 400)), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"of another program": func(t *testing.T, r *Register, _ string) {
			if _, err := r.db.Exec(`PRAGMA user_version = 0; PRAGMA application_id = 7`); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, state := openTest(t)
			harm(t, r, Path(state))
			before, err := os.ReadFile(Path(state))
			if err != nil {
				t.Fatal(err)
			}
			if other, err := Open(t.Context(), state); err == nil {
				_ = other.Close()
				t.Error("it was opened")
			} else if !strings.Contains(err.Error(), Path(state)) {
				t.Errorf("%v does not name the file", err)
			}
			if after, err := os.ReadFile(Path(state)); err != nil || len(after) < len(before) {
				t.Error("it was begun anew", err)
			}
		})
	}
}

// TestHeardLaterStays keeps a rejection when the results, which are older, are read once more: or the charge would count as
// under way again, and nobody would charge it.
func TestHeardLaterStays(t *testing.T) {
	r, _ := openTest(t)
	if err := r.Take(t.Context(), planOf("p1", "november"), each(bill("R-1", "c1", "10.00", 1)), now); err != nil {
		t.Fatal(err)
	}
	settled(t, r, "p1", charge.Submitted)
	list, err := r.Charges(t.Context(), owner, "p1")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.Note(t.Context(), []Event{{Charge: list[0].ID, Status: charge.Failed, Minor: 1000, Code: "AC01", Source: "pain.002", At: now}}, now); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	settled(t, r, "p1", charge.Submitted)
	if list, err = r.Charges(t.Context(), owner, "p1"); err != nil || list[0].Status != charge.Failed || list[0].Code != "AC01" {
		t.Fatal(list[0], err)
	}
	again := planOf("p2", "again")
	again.Dunning = true
	if err := r.Take(t.Context(), again, each(bill("R-1", "c1", "10.00", 2)), now); err != nil {
		t.Error(err)
	}
	settled(t, r, "p1", charge.Submitted) // with the next attempt under way
}

// TestRemovedRun: a run that has the name of one that was removed is another.
func TestRemovedRun(t *testing.T) {
	r, _ := openTest(t)
	p := planOf("p1", "november")
	p.Identity = "first"
	if err := r.Take(t.Context(), p, each(bill("R-1", "c1", "10.00", 1)), now); err != nil {
		t.Fatal(err)
	}
	p.Identity = "second"
	refusedBecause(t, r.Take(t.Context(), p, each(bill("R-1", "c1", "10.00", 1)), now), "removed")
	if run, id, err := r.Holder(t.Context(), owner, "p1"); err != nil || run != "november" || id != "first" {
		t.Error(run, id, err)
	}
	settled(t, r, "p1", charge.Succeeded)
	back := Refund{ID: "F-1", Invoice: "R-1", Minor: 100, Currency: "EUR", Run: "back", Identity: "first"}
	for _, want := range []string{"first", "first", "second"} {
		back.Identity = want
		_, err := r.TakeRefunds(t.Context(), owner, each(&back), now)
		if want == "first" && err != nil {
			t.Fatal(err)
		}
		if want == "second" {
			refusedBecause(t, err, "removed")
		}
	}
}

// TestTriedOnceMore: while a run may try what had come to nothing once more, no other run has it, and the other way round.
func TestTriedOnceMore(t *testing.T) {
	r, _ := openTest(t)
	take := func(p *Plan, list ...*charge.Charge) (barred []uint64, err error) {
		p.Barred = func(seq uint64) { barred = append(barred, seq) }
		return barred, r.Take(t.Context(), p, each(list...), now)
	}
	first := []*charge.Charge{bill("R-1", "c1", "10.00", 1), forPeriod(bill("R-2", "c2", "10.00", 1), "2026-11-01", "2026-11-30")}
	if _, err := take(planOf("p1", "november"), first...); err != nil {
		t.Fatal(err)
	}
	settledAll(t, r, "p1", 2, charge.Declined)
	// The run goes on, for brood retry: a dunning run comes too late.
	if barred, err := take(planOf("p1", "november"), first...); err != nil || len(barred) > 0 {
		t.Fatal(barred, err)
	}
	again := planOf("p2", "again")
	again.Dunning = true
	_, err := take(again, bill("R-1", "c1", "10.00", 2))
	refusedBecause(t, err, "R-1", "declined", "brood resume november")
	settledAll(t, r, "p1", 2, charge.Declined)
	// Now it comes first.
	if _, err := take(again, bill("R-1", "c1", "10.00", 2), forPeriod(bill("R-3", "c2", "10.00", 1), "2026-11-01", "2026-11-30")); err != nil {
		t.Fatal(err)
	}
	barred, err := take(planOf("p1", "november"), first...)
	if err != nil || !slices.Equal(barred, []uint64{0, 1}) {
		t.Error(barred, err)
	}
	settledAll(t, r, "p1", 2, charge.Failed)
	list, err := r.Charges(t.Context(), owner, "p1")
	if err != nil || list[0].Status != charge.Declined {
		t.Error("what a later run goes by was altered:", list[0], err)
	}
}

// TestRefundOnceMore counts a refund that is tried once more, if there is room for it.
func TestRefundOnceMore(t *testing.T) {
	r, _ := openTest(t)
	if err := r.Take(t.Context(), planOf("p1", "november"), each(bill("R-1", "c1", "10.00", 1)), now); err != nil {
		t.Fatal(err)
	}
	settled(t, r, "p1", charge.Succeeded)
	take := func(id, run string, minor int64) error {
		_, err := r.TakeRefunds(t.Context(), owner, each(&Refund{ID: id, Invoice: "R-1", Minor: minor, Currency: "EUR", Run: run}), now)
		return err
	}
	if err := take("F-1", "back", 800); err != nil {
		t.Fatal(err)
	}
	if err := r.SettleRefunds(t.Context(), owner, each(&Refund{ID: "F-1", Status: charge.Failed}), now); err != nil {
		t.Fatal(err)
	}
	if err := take("F-1", "back", 800); err != nil {
		t.Fatal(err)
	}
	refusedBecause(t, take("F-2", "other", 300), "EUR 2.00 left")
}

// TestGone does not begin a register anew that was there.
func TestGone(t *testing.T) {
	r, state := openTest(t)
	if err := r.Take(t.Context(), planOf("p1", "november"), each(bill("R-1", "c1", "10.00", 1)), now); err != nil {
		t.Fatal(err)
	}
	copied := Path(state) + ".copy"
	if err := os.Rename(Path(state), copied); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), state); err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Error(err)
	}
	if _, err := os.Stat(Path(state)); !errors.Is(err, os.ErrNotExist) {
		t.Error("it was begun anew:", err)
	}
	if err := os.Rename(copied, Path(state)); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), state)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

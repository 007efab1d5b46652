package billing

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/reconcile"
	"brood/jobs/billing/statement"
	"testing"
)

// TestIsHeard: what a file of the other side may alter in the register.
func TestIsHeard(t *testing.T) {
	for _, c := range []struct {
		was, is charge.Status
		minor   int64
		want    bool
	}{
		{charge.Submitted, charge.Succeeded, 100, true},
		{charge.Processing, charge.Succeeded, 100, true},
		{charge.Submitted, charge.Succeeded, 0, true}, // a report of the bank says no amount
		{charge.Submitted, charge.Succeeded, 99, false},
		{charge.Submitted, charge.Returned, 100, true},
		{charge.Submitted, charge.Failed, 0, true},
		{charge.Succeeded, charge.Returned, 103, true}, // with the fee in it
		{charge.Succeeded, charge.Disputed, 100, true},
		{charge.Succeeded, charge.Failed, 0, false},
		{charge.Succeeded, charge.Succeeded, 100, false},
		{charge.Returned, charge.Succeeded, 100, false}, // an older statement
		{charge.Returned, charge.Returned, 100, false},
		{charge.Declined, charge.Returned, 100, false},
		{charge.Unknown, charge.Succeeded, 100, false}, // a look-up ends it
		{"planned", charge.Succeeded, 100, false},
		{charge.Submitted, charge.Submitted, 100, false},
	} {
		ours := &reconcile.Ours{Status: c.was, Amount: money.Amount{Minor: 100, Currency: "EUR"}}
		if got := isHeard(ours, &charge.Listed{Status: c.is, Minor: c.minor, Currency: "eur"}); got != c.want {
			t.Errorf("%s, and then %s of %d: %v", c.was, c.is, c.minor, got)
		}
	}
	ours := &reconcile.Ours{Status: charge.Submitted, Amount: money.Amount{Minor: 100, Currency: "EUR"}}
	if isHeard(ours, &charge.Listed{Status: charge.Succeeded, Minor: 100, Currency: "USD"}) {
		t.Error("another currency was taken")
	}
}

// TestMeaning: what is booked the other way has come back, if it is all of it.
func TestMeaning(t *testing.T) {
	ours := &reconcile.Ours{Amount: money.Amount{Minor: 100, Currency: "EUR"}}
	for _, c := range []struct {
		kind          charge.Kind
		booked, debit bool
		minor         int64
		is, want      charge.Status
	}{
		{charge.KindCharge, true, false, 100, charge.Succeeded, charge.Succeeded},
		{charge.KindCharge, true, true, 100, charge.Succeeded, charge.Returned},
		{charge.KindCharge, true, true, 103, charge.Succeeded, charge.Returned},
		{charge.KindCharge, true, true, 3, charge.Succeeded, charge.Succeeded}, // a fee: a difference, for people
		{charge.KindCharge, true, true, 100, charge.Processing, charge.Processing},
		{charge.KindPayout, true, true, 100, charge.Succeeded, charge.Succeeded},
		{charge.KindPayout, true, false, 100, charge.Succeeded, charge.Returned},
		{charge.KindPayout, false, false, 100, charge.Succeeded, charge.Succeeded}, // a pain.002 says no direction
		{charge.KindPayout, true, true, 100, charge.Returned, charge.Returned},
	} {
		got := meaning(&statement.Item{Booked: c.booked, Debit: c.debit}, &charge.Listed{Minor: c.minor, Status: c.is}, ours, c.kind)
		if got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// TestPaymentsOf: a sum stands for its charges if it is what they add up to.
func TestPaymentsOf(t *testing.T) {
	blocks := map[string]*block{"B": {minor: 300, charges: []charge.Listed{{Reference: "R-1", Minor: 100}, {Reference: "R-2", Minor: 200}}}}
	for _, c := range []struct {
		batch statement.Batch
		want  int
	}{
		{statement.Batch{Reference: "B", Minor: 300, Count: 2}, 2},
		{statement.Batch{Reference: "B", Minor: 300}, 2},
		{statement.Batch{Reference: "B", Count: 2}, 2}, // a report of the bank says no sum
		{statement.Batch{Reference: "B", Minor: 299, Count: 2}, 1},
		{statement.Batch{Reference: "B", Minor: 300, Count: 3}, 1},
		{statement.Batch{Reference: "C", Minor: 300, Count: 2}, 1},
	} {
		c.batch.Status = charge.Succeeded
		got := paymentsOf(&statement.Item{Batch: &c.batch}, blocks)
		if len(got) != c.want || got[0].Status != charge.Succeeded {
			t.Errorf("%+v: %+v", c.batch, got)
		}
	}
	if blocks["B"].charges[0].Status != "" {
		t.Error("what was asked for was altered")
	}
	if got := paymentsOf(&statement.Item{Change: &statement.Change{}}, blocks); got != nil {
		t.Error(got)
	}
}

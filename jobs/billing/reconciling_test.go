package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/register"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestDecide: what a look-up says, and that what it cannot say stays unknown.
func TestDecide(t *testing.T) {
	u := &unknown{seq: 3, charge: &charge.Charge{InvoiceID: "R-1"}}
	for _, c := range []struct {
		o     charge.Outcome
		found bool
		want  jobs.Status // pending: nothing is decided
		word  charge.Status
	}{
		{charge.Outcome{Status: charge.Succeeded, ProviderID: "pi_1"}, true, jobs.StatusOK, charge.Succeeded},
		{charge.Outcome{Status: charge.Processing, ProviderID: "pi_1"}, true, jobs.StatusOK, charge.Processing},
		{charge.Outcome{Status: charge.Declined, ProviderID: "pi_1"}, true, jobs.StatusFailed, charge.Declined},
		{charge.Outcome{}, false, jobs.StatusFailed, charge.Failed},
		// Two payments of one charge, or one in a state that nobody knows: were it failed, a dunning run would charge again.
		{charge.Outcome{Status: charge.Unknown, ProviderID: "pi_1", Reason: "2 payments"}, true, jobs.StatusPending, ""},
		{charge.Outcome{Status: charge.Succeeded, Trouble: &charge.Trouble{Verdict: jobs.VerdictUnknown}}, true, jobs.StatusPending, ""},
	} {
		d := u.decide(&c.o, c.found)
		if d == nil {
			if c.want != jobs.StatusPending {
				t.Errorf("%+v: nothing is decided", c.o)
			}
			continue
		}
		if d.Status != c.want || d.Seq != 3 || d.Values["billing_status"] != string(c.word) || statusOf(d.Values["billing_status"], d.Status, "") != c.word {
			t.Errorf("%+v: %+v", c.o, d)
		}
	}
}

// TestBankFileIsFree refuses to write over the bank's file of another run.
func TestBankFileIsFree(t *testing.T) {
	r, err := register.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	path := filepath.Join(t.TempDir(), "november")
	c := &config{Plan: "p1", Provider: SEPA, BankFile: path + ".xml"}
	if err := c.bankFileIsFree(t.Context(), r); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path+"-transfers.xml", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.bankFileIsFree(t.Context(), r); err == nil {
		t.Error("it would be written over")
	}
	ch := &charge.Charge{InvoiceID: "R-1", CustomerID: "c1", Amount: "1.00", Currency: "EUR", Attempt: 1, Kind: charge.KindCharge}
	mine := func(yield func(*charge.Charge, error) bool) { yield(ch, nil) }
	if err := r.Take(t.Context(), &register.Plan{Owner: c.owner(), Hash: "p1", Run: "november"}, mine, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := c.bankFileIsFree(t.Context(), r); err != nil {
		t.Error("the run may write its own again:", err)
	}
}

// TestIsNews: what a provider's list may alter in the register. That a charge has succeeded is never taken back by it.
func TestIsNews(t *testing.T) {
	for _, c := range []struct {
		was, is charge.Status
		want    bool
	}{
		{charge.Processing, charge.Succeeded, true},
		{charge.Processing, charge.Failed, true},
		{charge.Processing, charge.Declined, true},
		{charge.Processing, charge.Processing, false},
		{charge.Processing, charge.Unknown, false},
		{charge.RequiresAction, charge.Succeeded, true},
		{charge.Succeeded, charge.Disputed, true},
		{charge.Succeeded, charge.Refunded, true},
		{charge.Succeeded, charge.Failed, false},
		{charge.Succeeded, charge.Declined, false},
		{charge.Declined, charge.Succeeded, false},
		{charge.Unknown, charge.Failed, false},
		{"planned", charge.Succeeded, false},
	} {
		if got := isNews(c.was, c.is); got != c.want {
			t.Errorf("%s, and then %s: %v", c.was, c.is, got)
		}
	}
}

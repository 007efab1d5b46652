package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/register"
	"brood/jobs/files"
	"io"
	"os"
	"path/filepath"
	"strings"
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

// TestPlacesAreFree refuses to write over the bank's file or the journal of another run.
func TestPlacesAreFree(t *testing.T) {
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
	c := &config{Plan: "p1", Provider: SEPA, BankFile: path + ".xml", Journal: path + ".journal"}
	if err := c.placesAreFree(t.Context(), r); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(c.Journal, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.placesAreFree(t.Context(), r); err == nil || !strings.Contains(err.Error(), "--journal") {
		t.Error("the journal would be written over:", err)
	}
	if err := os.Remove(c.Journal); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+"-transfers.xml", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.placesAreFree(t.Context(), r); err == nil {
		t.Error("it would be written over")
	}
	ch := &charge.Charge{InvoiceID: "R-1", CustomerID: "c1", Amount: "1.00", Currency: "EUR", Attempt: 1, Kind: charge.KindCharge}
	mine := func(yield func(*charge.Charge, error) bool) { yield(ch, nil) }
	if err := r.Take(t.Context(), &register.Plan{Owner: c.owner(), Hash: "p1", Run: "november"}, mine, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := c.placesAreFree(t.Context(), r); err != nil {
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

// TestPutOwn: of two runs that were begun before either had written, the second leaves what the first has written; one that was
// killed between the note and the file goes on.
func TestPutOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "november.journal")
	one, two := t.TempDir(), t.TempDir()
	put := func(dir, text string) error {
		f, err := files.Create(path, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := fill(f, func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
		if err != nil {
			t.Fatal(err)
		}
		return putOwn(f, dir, path, sum)
	}
	if err := keepSum(one, path, "noted"); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"first", "first, and what came back"} {
		if err := put(one, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := put(two, "second"); err == nil {
		t.Error("the second was written over the first")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "first, and what came back" {
		t.Errorf("%q, %v", got, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := put(two, "second"); err != nil {
		t.Error(err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(left) != 1 {
		t.Error(left, err)
	}
}

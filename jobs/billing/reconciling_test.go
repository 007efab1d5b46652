package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"testing"
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

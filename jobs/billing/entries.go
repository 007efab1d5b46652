package billing

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/nacha"
	"brood/jobs/billing/sepa"
	"context"
	"strings"
)

// entries checks, in a worker, what will be an entry of a bank's file, which the parent writes when the run is done.
type entries struct{ c *config }

// Charge accepts an entry: it is submitted, and comes back for weeks.
func (e entries) Charge(_ context.Context, t *charge.Try) charge.Outcome {
	var problems []charge.Problem
	if e.c.Provider == SEPA {
		problems = sepa.Check(t.Charge, e.c.Settings, e.c.Begun)
	} else {
		problems = nacha.Check(t.Charge, e.c.Settings, e.c.Begun)
	}
	var wrong []string
	for _, p := range problems {
		if !p.Warning {
			wrong = append(wrong, p.Error())
		}
	}
	if len(wrong) > 0 {
		return charge.Outcome{Status: charge.Failed, ErrorType: "brood", ErrorCode: "refused", Reason: strings.Join(wrong, "; ")}
	}
	return charge.Outcome{Status: charge.Submitted, ProviderID: e.reference(t.Charge), CreatedAt: e.c.Begun}
}

// reference is by what the bank will speak of it.
func (e entries) reference(c *charge.Charge) string {
	if e.c.Provider == SEPA {
		id, _ := sepa.EndToEndID(c)
		return id
	}
	return ""
}

// Close has nothing to end.
func (entries) Close() error { return nil }

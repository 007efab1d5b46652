package stripe

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"context"
	"strconv"
	"strings"
)

// Refund gives money of an earlier payment back: all of it or a part, and again, up to what was paid. Of is that
// payment's id at Stripe (pi_, ch_, py_, in_), the amount that of the try's charge, whose key makes it one refund. A refund that was made
// has the status refunded.
func (s *Client) Refund(ctx context.Context, t *charge.Try, of string) charge.Outcome {
	return unsure(t, s.refund(ctx, t, of))
}

func (s *Client) refund(ctx context.Context, t *charge.Try, of string) charge.Outcome {
	amount, err := t.Charge.Money()
	if err != nil {
		return refused(err)
	}
	minor, err := Minor(amount)
	if err != nil {
		return refused(err)
	}
	paid, tr := s.retrieve(ctx, of)
	if tr == nil && paid.Object == "invoice" {
		id := paid.paidBy().ID
		if id == "" {
			return charge.Outcome{Status: charge.Failed, ErrorType: "brood", ErrorCode: "refused", Reason: "the invoice " + word(of) + " has no payment"}
		}
		paid, tr = s.retrieve(ctx, id)
	}
	if tr != nil {
		if tr.Verdict == jobs.VerdictRetry && !t.Again { // nothing was sent, now or before
			return charge.Outcome{Trouble: tr}
		}
		if !t.Again && (tr.Verdict == jobs.VerdictFailed || tr.Verdict == jobs.VerdictUnknown) {
			return charge.Outcome{Status: charge.Failed, ErrorType: "brood", ErrorCode: "refused", Reason: tr.Text}
		}
		return pending(tr)
	}
	if small(paid.Currency) != small(string(amount.Currency)) {
		return charge.Outcome{Status: charge.Failed, ErrorType: "brood", ErrorCode: "refused", Reason: "the payment " + word(paid.ID) + " is in " + strings.ToUpper(word(paid.Currency))}
	}
	name := "charge"
	if paid.Object == "payment_intent" {
		name = "payment_intent"
	}
	if s.forgotten(t) {
		if o := s.findRefund(ctx, t, name, paid.ID); t.Again || !absent(&o) {
			return o
		}
	}
	f := s.form(t)
	f.Del("description") // a refund has none
	f.Set(name, paid.ID)
	f.Set("amount", strconv.FormatInt(minor, 10))
	o, next, obj := s.ask(ctx, &request{at: atRefunds, path: "/v1/refunds", form: f, key: idempotencyKey(t.Key, stepRefund)})
	if next == NextLookUp {
		return s.findRefund(ctx, t, name, paid.ID)
	}
	if obj != nil {
		obj.Live = s.c.Live // it has no such member
		s.compare(&o, obj, minor, string(amount.Currency), t.Key)
	}
	if o.Trouble == nil {
		s.seen(t.Key)
	}
	return o
}

// findRefund looks for a refund that may have been made.
func (s *Client) findRefund(ctx context.Context, t *charge.Try, name, id string) charge.Outcome {
	var o charge.Outcome
	found := false
	q := formOf(member{"limit", "100"}, member{name, id})
	tr := s.pages(ctx, source{atRefunds, "/v1/refunds", ""}, q, func(_ context.Context, obj *object) (bool, *charge.Trouble) {
		if obj.Metadata[metaKey] != t.Key {
			return true, nil
		}
		ofObject(&o, obj)
		o.HTTPStatus, found = 200, true
		return false, nil
	})
	if tr != nil {
		return pending(tr)
	}
	return s.settled(t.Key, o, found)
}

// sourceOf is where an object of an id is.
func sourceOf(id string) (source, bool) {
	if word(id) == "" {
		return source{}, false
	}
	switch prefix, _, _ := strings.Cut(id, "_"); prefix {
	case "pi":
		return source{atIntents, "/v1/payment_intents", "latest_charge"}, true
	case "ch", "py":
		return source{atCharges, "/v1/charges", ""}, true
	case "in":
		return source{atInvoices, "/v1/invoices", "payments"}, true
	}
	return source{}, false
}

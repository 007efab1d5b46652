package stripe

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"context"
	"strconv"
	"time"
)

// Charge makes the charge, or finds that it was made: see charge.Provider.
func (s *Client) Charge(ctx context.Context, t *charge.Try) charge.Outcome {
	return unsure(t, s.charge(ctx, t))
}

// unsure makes a try that came to nothing unknown, where an earlier one may have moved money: the engine ends what is only to be
// tried again as failed when there are no tries left.
func unsure(t *charge.Try, o charge.Outcome) charge.Outcome {
	if o.Trouble != nil && o.Trouble.Verdict == jobs.VerdictRetry && t.Again {
		o.Status, o.Trouble.Verdict = charge.Unknown, jobs.VerdictUnknown
		o.Trouble.Text += "; an earlier try may have charged"
	}
	return o
}

func (s *Client) charge(ctx context.Context, t *charge.Try) charge.Outcome {
	if err := CheckCharge(t.Charge, s.c.API); err != nil {
		return refused(err)
	}
	if s.forgotten(t) {
		if o := s.lookUp(ctx, t); t.Again || !absent(&o) {
			return o
		}
	}
	if s.c.API == Invoices {
		return s.byInvoice(ctx, t)
	}
	r, minor := s.request1(t)
	o, next, obj := s.ask(ctx, r)
	if next == NextLookUp {
		return s.lookUp(ctx, t)
	}
	if obj != nil {
		s.compare(&o, obj, minor, string(t.Charge.Currency), t.Key)
	}
	if o.Trouble == nil {
		s.seen(t.Key)
	}
	return o
}

// refused is a charge of which nothing was sent.
func refused(err error) charge.Outcome {
	return charge.Outcome{Status: charge.Failed, ErrorType: "brood", ErrorCode: "refused", Reason: err.Error()}
}

// forgotten reports whether the key of a try may not be known at Stripe any more, if it was sent before. A first try may have been
// sent, too: one that was in hand when everything was killed is made again as the same try. So whatever its number, a try
// that comes so late is looked for first; a first one is made if it is not there at two looks.
func (s *Client) forgotten(t *charge.Try) bool {
	if t.Since.IsZero() {
		return t.Again
	}
	return s.now().Sub(t.Since) >= s.profile.Life-s.profile.Margin
}

// absent reports whether a look has ended with that there is nothing.
func absent(o *charge.Outcome) bool {
	return o.Trouble == nil && o.Status == charge.Failed && o.ErrorCode == codeNotMade && o.ProviderID == ""
}

// request1 is the one request of a charge that takes one.
func (s *Client) request1(t *charge.Try) (*request, int64) {
	c := t.Charge
	minor := minorOf(c)
	f := s.form(t)
	f.Set("amount", strconv.FormatInt(minor, 10))
	f.Set("currency", small(string(c.Currency)))
	f.Set("customer", c.PaymentCustomer)
	r := &request{at: atIntents, path: "/v1/payment_intents", form: f, key: IdempotencyKey(t.Key)}
	if s.c.API == Charges {
		r.at, r.path = atCharges, "/v1/charges"
		if c.PaymentMethod != "" {
			f.Set("source", c.PaymentMethod)
		}
		return r, minor
	}
	f.Set("payment_method", c.PaymentMethod)
	f.Set("confirm", "true")
	// Nobody is at the screen: where the issuer wants the customer to act the answer is 402 authentication_required, and
	// error_on_requires_action is not needed. Methods that lead the customer elsewhere are left out, as they want a
	// return_url.
	f.Set("off_session", "true")
	f.Set("automatic_payment_methods[enabled]", "true")
	f.Set("automatic_payment_methods[allow_redirects]", "never")
	return r, minor
}

// minorOf is the amount of a charge that was checked.
func minorOf(c *charge.Charge) int64 {
	a, err := c.Money()
	if err != nil {
		return 0
	}
	minor, err := Minor(a)
	if err != nil {
		return 0
	}
	return minor
}

// compare looks at whether what was made is what was asked for: an answer of another's, a key that somebody else has used.
func (s *Client) compare(o *charge.Outcome, obj *object, minor int64, currency, key string) {
	switch {
	case o.Trouble != nil:
	case obj.Amount != minor || small(obj.Currency) != small(currency):
		unknown(o, classOther, "stripe answers with %d %s in its smallest unit, and was asked for %d %s: look at %s", obj.Amount, word(obj.Currency), minor, currency, o.ProviderID)
	case obj.Metadata[metaKey] != key:
		unknown(o, classOther, "stripe answers with a payment that has another %s: look at %s", metaKey, o.ProviderID)
	case obj.Live != s.c.Live:
		unknown(o, classOther, "stripe answers with livemode %v: look at %s", obj.Live, o.ProviderID)
	}
}

// seen forgets when a charge was looked for.
func (s *Client) seen(key string) {
	s.mu.Lock()
	delete(s.looks, key)
	s.mu.Unlock()
}

// lookUp looks for a charge that may have been made, and sends nothing that makes one.
func (s *Client) lookUp(ctx context.Context, t *charge.Try) charge.Outcome {
	o, found, tr := s.look(ctx, t.Charge, t.Key, t.Since)
	if tr != nil {
		return pending(tr)
	}
	return s.settled(t.Key, o, found)
}

// pending is a look that did not come to an end: what is known of the charge is that it is not known.
func pending(t *charge.Trouble) charge.Outcome {
	o := charge.Outcome{Trouble: t}
	if t.Verdict == jobs.VerdictUnknown || t.Verdict == jobs.VerdictFailed || t.Verdict == jobs.VerdictRetry {
		t.Verdict = jobs.VerdictUnknown
		o.Status, o.Reason = charge.Unknown, t.Text
	}
	return o
}

// settled believes what was found, and believes that there is nothing after two looks that are a settle time apart.
func (s *Client) settled(key string, o charge.Outcome, found bool) charge.Outcome {
	if found && o.ErrorCode != codeNotMade {
		s.seen(key)
		return o
	}
	if left := s.unsettled(key); left > 0 {
		t := trouble(jobs.VerdictThrottle, classMissing, "stripe does not have the payment, or has not carried it out; it is looked for again, as a request may still be under way")
		t.RetryAfter, t.Delays = left, jobs.DelaysRecord
		return charge.Outcome{Trouble: t}
	}
	s.seen(key)
	if !found {
		notDone(&o, "stripe was asked twice and does not have the payment: it was not made")
	}
	return o
}

// unsettled is how long it takes until the second look counts; 0: this is it.
func (s *Client) unsettled(key string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	first, ok := s.looks[key]
	if !ok {
		s.looks[key] = s.now()
		return s.profile.Settle
	}
	return first.Add(s.profile.Settle).Sub(s.now())
}

// created is the query for what was made from a time on, by a clock that may be another.
func created(since time.Time) *form {
	f := formOf(member{"limit", "100"})
	if !since.IsZero() {
		f.Set("created[gte]", strconv.FormatInt(since.Add(-clocks).Unix(), 10))
	}
	return f
}

// clocks is how far Stripe's clock and this machine's may be apart.
const clocks = time.Hour

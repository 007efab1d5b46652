package stripe

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/web"
	"context"
	"errors"
	"net/url"
	"time"
)

// ErrUnsettled says that a charge was not found, and that this is no proof yet: ask again after Profile.Settle.
var ErrUnsettled = errors.New("stripe does not have the payment; as a request may still be under way it must be looked for again")

// Find looks a charge up: see charge.Finder. Not found, and found and not carried out, is believed at the
// second look, a settle time after the first; the first one errs with ErrUnsettled.
func (s *Client) Find(ctx context.Context, c *charge.Charge, key string, since time.Time) (charge.Outcome, bool, error) {
	o, found, t := s.look(ctx, c, key, since)
	if t != nil {
		return charge.Outcome{}, false, &TroubleError{*t}
	}
	if found && o.ErrorCode != codeNotMade {
		s.seen(key)
		return o, true, nil
	}
	if s.unsettled(key) > 0 {
		return charge.Outcome{}, false, ErrUnsettled
	}
	s.seen(key)
	return o, found, nil
}

// TroubleError is why something could not be looked up.
type TroubleError struct{ charge.Trouble }

func (e *TroubleError) Error() string { return e.Text }

// look looks once. Of several payments with one key, which a forgotten key makes, it is the one that counts most, and the
// reason says how many there are.
func (s *Client) look(ctx context.Context, c *charge.Charge, key string, since time.Time) (best charge.Outcome, found bool, _ *charge.Trouble) {
	q := created(since)
	if c.PaymentCustomer != "" {
		// The list of one customer is short, so no clock has to be right: one that was wrong when the run was begun
		// would hide the payment, and what is hidden is charged again.
		q.Del("created[gte]")
		q.Set("customer", c.PaymentCustomer)
	}
	n := 0
	t := s.pages(ctx, s.source(), q, func(ctx context.Context, obj *object) (bool, *charge.Trouble) {
		if obj.Metadata[metaKey] != key {
			return true, nil
		}
		var o charge.Outcome
		if t := s.read(ctx, &o, obj); t != nil {
			return false, t
		}
		if o.Status.Open() {
			n++
		}
		if !found || rank(&o) > rank(&best) {
			best, found = o, true
		}
		return true, nil
	})
	if n > 1 {
		unknown(&best, classOther, "stripe has %d open or paid payments of this one charge: look at %s, and refund what is too much", n, best.ProviderID)
	}
	return best, found, t
}

// rank orders outcomes by how much money they are about.
func rank(o *charge.Outcome) int {
	switch {
	case o.Status == charge.Succeeded, o.Status == charge.Disputed, o.Status == charge.Refunded:
		return 3
	case o.Status.Open():
		return 2
	case o.ErrorCode == codeNotMade:
		return 0
	}
	return 1
}

// source is the list in which charges of the run's API are.
func (s *Client) source() source {
	switch s.c.API {
	case Invoices:
		return source{atInvoices, "/v1/invoices", "data.payments"}
	case Charges:
		return source{atCharges, "/v1/charges", ""}
	default:
		return source{atIntents, "/v1/payment_intents", "data.latest_charge"}
	}
}

type source struct {
	at           endpoint
	path, expand string
}

// read is what an object of a list says; of an open invoice after its payment was asked for.
func (s *Client) read(ctx context.Context, o *charge.Outcome, obj *object) *charge.Trouble {
	if obj.Object == "invoice" {
		if t := s.readPayment(ctx, obj); t != nil {
			return t
		}
	}
	ofObject(o, obj)
	o.HTTPStatus = 200
	return nil
}

// readPayment puts the payment of an invoice into it, where that says more.
func (s *Client) readPayment(ctx context.Context, obj *object) *charge.Trouble {
	p := obj.paidBy()
	if p.ID == "" || p.All != nil || obj.Status != "open" && obj.Status != "paid" {
		return nil
	}
	all, t := s.retrieve(ctx, p.ID)
	if t != nil {
		return t
	}
	for i := range obj.Payments.Data {
		of := &obj.Payments.Data[i].Payment
		for _, r := range []*reference{&of.Intent, &of.Charge} {
			if r.ID == p.ID {
				r.All = all
			}
		}
	}
	return nil
}

// retrieve asks for a payment intent, a charge or an invoice by its id, with what belongs to it.
func (s *Client) retrieve(ctx context.Context, id string) (*object, *charge.Trouble) {
	src, ok := sourceOf(id)
	if !ok {
		return nil, trouble(jobs.VerdictFailed, web.ClassRequest, "%q is no id of a payment at Stripe: they begin with pi_, ch_, py_ or in_", id)
	}
	q := formOf()
	if src.expand != "" {
		q.Set("expand[]", src.expand)
	}
	body, t := s.get(ctx, &request{at: src.at, path: src.path + "/" + url.PathEscape(id), form: q})
	if t != nil {
		return nil, t
	}
	obj, err := readObject(body)
	if err != nil {
		return nil, trouble(jobs.VerdictRetry, web.ClassAnswer, "stripe's answer: %v", err)
	}
	return obj, nil
}

// pages goes through a list until f says that it is enough.
func (s *Client) pages(ctx context.Context, src source, q *form, f func(context.Context, *object) (more bool, t *charge.Trouble)) *charge.Trouble {
	if src.expand != "" {
		q.Set("expand[]", src.expand)
	}
	for {
		body, t := s.get(ctx, &request{at: src.at, path: src.path, form: q})
		if t != nil {
			return t
		}
		p, err := readPage(body)
		if err != nil {
			return trouble(jobs.VerdictRetry, web.ClassAnswer, "stripe's answer: %v", err)
		}
		for i := range p.Data {
			if more, t := f(ctx, &p.Data[i]); t != nil || !more {
				return t
			}
		}
		if !p.More || len(p.Data) == 0 {
			return nil
		}
		q.Set("starting_after", p.Data[len(p.Data)-1].ID)
	}
}

// triesOfList is how often a page of a long list is asked for, which changes nothing.
const triesOfList = 6

// List calls f for every payment of a plan: see charge.Finder. Without a plan it is every payment that has an invoice_id.
func (s *Client) List(ctx context.Context, plan string, since time.Time, f func(charge.Listed) error) error {
	q := created(since)
	var failed error
	for tries := 1; ; {
		t := s.pages(ctx, s.source(), q, func(ctx context.Context, obj *object) (bool, *charge.Trouble) {
			tries = 1
			if plan != "" && obj.Metadata[metaPlan] == plan || plan == "" && obj.Metadata[metaInvoice] != "" {
				var o charge.Outcome
				if t := s.read(ctx, &o, obj); t != nil {
					return false, t
				}
				failed = f(listed(&o, obj))
			}
			if failed == nil {
				q.Set("starting_after", obj.ID) // where it goes on after a page that did not come
			}
			return failed == nil, nil
		})
		switch {
		case failed != nil:
			return failed
		case t == nil:
			return nil
		case tries >= triesOfList || t.Verdict != jobs.VerdictRetry && t.Verdict != jobs.VerdictThrottle:
			return &TroubleError{*t}
		}
		pause := time.NewTimer(max(t.RetryAfter, time.Duration(tries)*s.pause))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return context.Cause(ctx)
		}
		tries++
	}
}

// listed is an object as reconciliation has it. An amount that cannot be one of the currency stays as Stripe has it, and
// so differs from any that was planned.
func listed(o *charge.Outcome, obj *object) charge.Listed {
	l := charge.Listed{Reference: obj.Metadata[metaInvoice], ProviderID: o.ProviderID, Status: o.Status, Reason: o.DeclineCode, At: o.CreatedAt, Place: "stripe"}
	if l.Reason == "" {
		l.Reason = o.ErrorCode
	}
	minor := obj.Amount
	if obj.Object == "invoice" {
		minor = obj.Total
	}
	a, err := Amount(minor, obj.Currency)
	if err != nil {
		a = money.Amount{Minor: minor, Currency: money.Currency(word(obj.Currency))}
	}
	l.Minor, l.Currency = a.Minor, string(a.Currency)
	return l
}

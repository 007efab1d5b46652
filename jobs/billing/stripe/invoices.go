package stripe

import (
	"brood/jobs/billing/charge"
	"brood/jobs/web"
	"context"
	"net/url"
	"strconv"
)

// An invoice at Stripe takes four requests: make it, put the one item on it, make it final, pay it. Each has a key of its
// own that follows from the key of the try, so whoever begins again at the first finds the same invoice, and
// goes on where it stopped. The invoice is made before its item, and the item put on this one: an item that is
// left alone for a moment would be taken up by any other invoice of the customer. auto_advance is off from the first to the last,
// or Stripe would collect by itself.
//
// An invoice that was declined is given up (void), with a fifth key: a later attempt has an invoice of its own, and this
// one could be paid besides, by the link that the customer has.

// byInvoice charges with an invoice.
func (s *Client) byInvoice(ctx context.Context, t *charge.Try) charge.Outcome {
	minor := minorOf(t.Charge)
	inv, stop := s.step(ctx, t, s.draftRequest(t))
	if stop != nil {
		return *stop
	}
	path := "/v1/invoices/" + url.PathEscape(inv.ID)
	if _, stop = s.step(ctx, t, s.itemRequest(t, inv.ID, minor)); stop != nil {
		return left(stop, inv.ID)
	}
	final, stop := s.step(ctx, t, finalRequest(t, path))
	if stop != nil {
		return left(stop, inv.ID)
	}
	if final.AmountDue != minor || small(final.Currency) != small(string(t.Charge.Currency)) {
		o := charge.Outcome{ProviderID: word(inv.ID), CreatedAt: inv.made()}
		notDone(&o, "stripe's invoice is of "+strconv.FormatInt(final.AmountDue, 10)+" "+word(final.Currency)+" in its smallest unit: taxes, discounts or a balance of the customer at Stripe change it; it was given up")
		o.ErrorCode = "amount_differs"
		return s.giveUp(ctx, t, path, o)
	}
	o, next, obj := s.ask(ctx, payRequest(t, path))
	return s.paid(ctx, t, path, final, &o, next, obj)
}

// paid ends an invoice by what was answered to its payment.
func (s *Client) paid(ctx context.Context, t *charge.Try, path string, final *object, o *charge.Outcome, next Next, obj *object) charge.Outcome {
	if next == NextLookUp {
		return s.lookUp(ctx, t)
	}
	if obj == nil && o.Status == charge.Failed && o.ErrorType == "invalid_request_error" {
		// It may be paid already: the key of another time was forgotten, or somebody paid by the link.
		now, tr := s.retrieve(ctx, final.ID)
		if tr == nil {
			tr = s.readPayment(ctx, now)
		}
		if tr != nil {
			return pending(tr)
		}
		if now.Status == "paid" {
			obj = now
			ofObject(o, now)
		}
	}
	if o.Trouble != nil {
		return *o
	}
	o.ProviderID = word(final.ID)
	if o.Status == charge.RequiresAction && o.Link == "" {
		o.Link = pageOf(final.Hosted)
	}
	if obj != nil && o.Status == charge.Succeeded && obj.AmountPaid != final.AmountDue {
		unknown(o, classOther, "stripe says that %d of %d in the smallest unit are paid: look at %s", obj.AmountPaid, final.AmountDue, o.ProviderID)
		return *o
	}
	if o.Status == charge.Declined || o.Status == charge.Failed {
		return s.giveUp(ctx, t, path, *o)
	}
	s.seen(t.Key)
	return *o
}

// step makes one of the requests; a stop is the outcome of the charge.
func (s *Client) step(ctx context.Context, t *charge.Try, r *request) (*object, *charge.Outcome) {
	o, next, obj := s.ask(ctx, r)
	if next == NextLookUp {
		o = s.lookUp(ctx, t)
		return nil, &o
	}
	if obj == nil {
		return nil, &o
	}
	if r.key == idempotencyKey(t.Key, stepInvoice) && (obj.Object != "invoice" || obj.Metadata[metaKey] != t.Key || obj.Live != s.c.Live) {
		unknown(&o, classOther, "stripe answers with an invoice of another charge: look at %s", word(obj.ID))
		return nil, &o
	}
	return obj, nil
}

// left says which invoice a charge that failed leaves behind.
func left(o *charge.Outcome, id string) charge.Outcome {
	if o.Trouble == nil && o.Status == charge.Failed {
		o.ProviderID = word(id)
		o.Reason += "; stripe's invoice " + o.ProviderID + " was not paid and is left"
	}
	return *o
}

// giveUp makes the invoice void, and then the outcome holds.
func (s *Client) giveUp(ctx context.Context, t *charge.Try, path string, o charge.Outcome) charge.Outcome {
	v, next, _ := s.ask(ctx, voidRequest(t, path))
	switch {
	case next == NextLookUp:
		// Whether it is void is not known: it was declined all the same, and somebody should look.
		o.Reason += "; whether the invoice is void is not known"
	case v.Trouble != nil && v.Trouble.Class != classKey:
		return charge.Outcome{Status: v.Status, Trouble: v.Trouble} // the next try gets the same answers, and comes here again
	case v.HTTPStatus >= 300:
		o.Reason += "; the invoice could not be made void: " + web.StatusText(v.HTTPStatus)
	}
	s.seen(t.Key)
	return o
}

func (s *Client) draftRequest(t *charge.Try) *request {
	f := s.form(t)
	f.Set("customer", t.Charge.PaymentCustomer)
	f.Set("currency", small(string(t.Charge.Currency)))
	f.Set("auto_advance", "false")
	f.Set("collection_method", "charge_automatically")
	f.Set("pending_invoice_items_behavior", "exclude")
	return &request{at: atInvoices, path: "/v1/invoices", form: f, key: idempotencyKey(t.Key, stepInvoice)}
}

func (s *Client) itemRequest(t *charge.Try, id string, minor int64) *request {
	f := s.form(t)
	f.Set("customer", t.Charge.PaymentCustomer)
	f.Set("invoice", id)
	f.Set("amount", strconv.FormatInt(minor, 10))
	f.Set("currency", small(string(t.Charge.Currency)))
	return &request{at: atItems, path: "/v1/invoiceitems", form: f, key: idempotencyKey(t.Key, stepItem)}
}

func finalRequest(t *charge.Try, path string) *request {
	return &request{at: atInvoices, path: path + "/finalize", form: formOf(member{"auto_advance", "false"}), key: idempotencyKey(t.Key, stepFinalize)}
}

func payRequest(t *charge.Try, path string) *request {
	f := formOf(member{"off_session", "true"}, member{"expand[]", "payments.data.payment.payment_intent"})
	if t.Charge.PaymentMethod != "" {
		f.Set("payment_method", t.Charge.PaymentMethod)
	}
	return &request{at: atInvoices, path: path + "/pay", form: f, key: idempotencyKey(t.Key, stepPay)}
}

func voidRequest(t *charge.Try, path string) *request {
	return &request{at: atInvoices, path: path + "/void", key: idempotencyKey(t.Key, stepVoid)}
}

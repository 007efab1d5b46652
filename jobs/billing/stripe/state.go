package stripe

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/web"
)

// ofObject is what Stripe's object says has become of a payment.
func ofObject(o *charge.Outcome, obj *object) {
	o.ProviderID, o.CreatedAt = word(obj.ID), obj.made()
	switch obj.Object {
	case "payment_intent":
		ofIntent(o, obj)
	case "charge":
		ofCharge(o, obj)
	case "invoice":
		ofInvoice(o, obj)
	case "refund":
		ofRefund(o, obj)
	default:
		unknown(o, classStranger, "stripe answers with an object of the kind %q", word(obj.Object))
	}
}

func unknown(o *charge.Outcome, class jobs.Class, format string, args ...any) {
	o.Status, o.Trouble = charge.Unknown, trouble(jobs.VerdictUnknown, class, format, args...)
	o.Reason = o.Trouble.Text
}

// notDone is a payment that was begun, and of which no money moved or will by itself.
func notDone(o *charge.Outcome, why string) {
	o.Status, o.ErrorCode, o.Reason = charge.Failed, codeNotMade, why
}

// codeNotMade is the error code of a charge that is known not to have been made: a new attempt may make it.
const codeNotMade = "not_made"

// ofIntent reads the states of a payment intent: docs.stripe.com/payments/paymentintents/lifecycle.
func ofIntent(o *charge.Outcome, obj *object) {
	switch obj.Status {
	case "succeeded":
		o.Status = charge.Succeeded
		if c := obj.LatestCharge.All; c != nil {
			afterwards(o, c)
		}
	case "processing":
		o.Status = charge.Processing
	case "requires_action":
		o.Status, o.Link = charge.RequiresAction, obj.NextAction.link()
	case "requires_capture":
		o.Status, o.Reason = charge.Processing, "the amount is held and not taken: capture it, or cancel it"
	case "requires_payment_method", "canceled", "requires_confirmation":
		if e := obj.LastError; e != nil {
			id, at := o.ProviderID, o.CreatedAt
			fromError(o, e)
			o.ProviderID, o.CreatedAt = id, at
			o.Status = ofDecline(e.Code, e.DeclineCode, e.Advice, e.Network)
			return
		}
		notDone(o, "stripe has a payment intent that was not carried out ("+word(obj.Status)+")")
	default:
		unknown(o, web.ClassAnswer, "stripe says that the payment intent is %q", word(obj.Status))
	}
}

// afterwards is what has become of money that had come in.
func afterwards(o *charge.Outcome, c *object) {
	switch {
	case c.Disputed:
		o.Status = charge.Disputed
	case c.Refunded:
		o.Status = charge.Refunded
	}
}

func ofCharge(o *charge.Outcome, obj *object) {
	switch obj.Status {
	case "succeeded":
		o.Status = charge.Succeeded
		if obj.Captured != nil && !*obj.Captured {
			o.Status, o.Reason = charge.Processing, "the amount is held and not taken: capture it, or refund it"
			return
		}
		afterwards(o, obj)
	case "pending":
		o.Status = charge.Processing
	case "failed":
		var n outcome
		if obj.Outcome != nil {
			n = *obj.Outcome
		}
		o.ErrorType, o.ErrorCode, o.DeclineCode = "card_error", word(obj.FailureCode), word(n.Reason)
		o.Advice, o.NetworkCode, o.Reason = word(adviceOf(n.Advice, n.Network)), word(n.NetworkCode), web.Excerpt([]byte(obj.FailureText))
		o.Status = ofDecline(obj.FailureCode, n.Reason, n.Advice, n.Network)
	default:
		unknown(o, web.ClassAnswer, "stripe says that the charge is %q", word(obj.Status))
	}
}

// ofInvoice reads an invoice alone; whether an open one is being paid is said by its payment.
func ofInvoice(o *charge.Outcome, obj *object) {
	p := obj.paidBy()
	switch obj.Status {
	case "paid":
		o.Status = charge.Succeeded
		if p.All != nil && p.All.LatestCharge.All != nil {
			afterwards(o, p.All.LatestCharge.All)
		}
	case "draft":
		notDone(o, "stripe has a draft of the invoice, which was not paid: delete it")
	case "void", "uncollectible":
		notDone(o, "stripe's invoice was given up ("+obj.Status+")")
	case "open":
		if p.All == nil && p.ID != "" {
			unknown(o, web.ClassAnswer, "stripe's invoice is open, and its payment is not told")
			return
		}
		if p.All == nil {
			notDone(o, "stripe's invoice is open and was not paid: void it")
			return
		}
		id := o.ProviderID
		ofObject(o, p.All)
		o.ProviderID = id
		if o.Status == charge.RequiresAction && o.Link == "" {
			o.Link = pageOf(obj.Hosted)
		}
	default:
		unknown(o, web.ClassAnswer, "stripe says that the invoice is %q", word(obj.Status))
	}
}

func ofRefund(o *charge.Outcome, obj *object) {
	switch obj.Status {
	case "succeeded":
		o.Status = charge.Refunded
	case "pending":
		o.Status = charge.Processing
	case "requires_action":
		o.Status, o.Link = charge.RequiresAction, obj.NextAction.link()
	case "failed", "canceled":
		o.Status, o.ErrorCode, o.Reason = charge.Failed, word(obj.FailureReason), "the refund came to nothing ("+obj.Status+")"
	default:
		unknown(o, web.ClassAnswer, "stripe says that the refund is %q", word(obj.Status))
	}
}

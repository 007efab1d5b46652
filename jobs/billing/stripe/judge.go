package stripe

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/web"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Answer is what came of one request: all that Judge looks at.
type Answer struct {
	Status int // 0: there was no whole answer
	Header http.Header
	Body   []byte
	// Phase is how far it came; Lost is why it came no further, with Phase other than web.PhaseAnswered.
	Phase web.Phase
	Lost  *web.Trouble
	// Jitter is from 0 to 1: by how much who waits waits longer, so that those who came together do not come together again.
	Jitter float64
	// Now is the time, for a Retry-After that is a date.
	Now time.Time
}

// Next is what is to be done about an answer, beside what its outcome says.
type Next uint8

// What may be next.
const (
	NextNothing Next = iota
	// NextLookUp says that another request with the key says nothing new, and that the answer does not
	// say whether it was done: it must be looked up.
	NextLookUp
)

// Classes of what has no outcome yet, or never will.
const (
	classKey      jobs.Class = "key_changed" // the record is another than the one that the key was used for
	classInUse    jobs.Class = "key_in_use"  // a request with the key is under way
	classLock     jobs.Class = "lock"        // the object is being worked on
	classStranger jobs.Class = "stranger"    // who answers is not Stripe
	classMissing  jobs.Class = "unsettled"   // it was not found, and may yet be
	classOther    jobs.Class = "other"       // what was made is not what was asked for
)

// Judge says what the answer to a request means that charges, or that refunds:
//
//	nothing was written           again (retry), with the same key
//	no whole answer               unknown, and again with the same key: the answer is kept, or it was not done
//	2xx                           what its object says; unknown, and again, where it is none
//	409                           that record waits: a request with the key is under way
//	429                           everybody waits; with lock_timeout, or a limit of one object, that record
//	5xx                           unknown, and again with the same key; a kept one must be looked up, and one that is not to be repeated
//	402                           declined, failed or requires_action: ofDecline
//	400 idempotency_error         unknown, loud: the record changed under its key
//	401, 403                      abort
//	other 4xx with Stripe's error failed: a corrected request needs a new key
//	what is not Stripe's answer   abort: another server, or a proxy, answers
//
// It knows nothing but the answer, and gives the same for the same.
func Judge(a *Answer) (charge.Outcome, Next) {
	o, next, _ := judge(a)
	return o, next
}

// judge is Judge, with the object of a 2xx; nil: there is none.
func judge(a *Answer) (charge.Outcome, Next, *object) {
	o := charge.Outcome{HTTPStatus: a.Status, RequestID: word(a.Header.Get("Request-Id")), Replayed: a.Header.Get("Idempotent-Replayed") == "true"}
	if a.Phase != web.PhaseAnswered {
		if o.Trouble = ofLoss(a); o.Trouble.Verdict == jobs.VerdictUnknown {
			o.Status = charge.Unknown
		}
		return o, NextNothing, nil
	}
	if a.Status >= 200 && a.Status < 300 {
		obj, err := readObject(a.Body)
		if err != nil {
			o.Status = charge.Unknown
			o.Trouble = trouble(jobs.VerdictUnknown, web.ClassAnswer, "%s, and the body is none of Stripe's; money may have moved, and the same key tells", web.StatusText(a.Status))
			return o, NextNothing, nil
		}
		ofObject(&o, obj)
		return o, NextNothing, obj
	}
	e := readError(a.Body)
	if e != nil {
		fromError(&o, e)
	}
	next := ofRefusal(&o, a, e)
	return o, next, nil
}

// ofLoss is what an exchange without a whole answer means. Where it was written money may have moved: it is unknown, and the
// key keeps it from having its effect twice when it is asked for again.
func ofLoss(a *Answer) *charge.Trouble {
	if a.Lost == nil {
		return trouble(jobs.VerdictUnknown, web.ClassCut, "the connection ended (%s)", a.Phase)
	}
	t := &charge.Trouble{Verdict: a.Lost.Verdict, Class: a.Lost.Class, RetryAfter: a.Lost.RetryAfter, Delays: a.Lost.Delays, Text: a.Lost.Text}
	sent := a.Phase == web.PhaseWritten || a.Phase == web.PhaseHalf
	switch {
	case t.Verdict == jobs.VerdictThrottle, t.Verdict == jobs.VerdictAbort:
	case sent: // an answer that is too large, too: the key gives it again
		t.Verdict = jobs.VerdictUnknown
	case t.Verdict == jobs.VerdictRetry:
	default:
		t.Verdict = jobs.VerdictAbort // a certificate, a private address: the same for all
	}
	return t
}

// ofRefusal is what an answer other than 2xx means.
func ofRefusal(o *charge.Outcome, a *Answer, e *apiError) Next {
	text := o.Reason
	if text == "" {
		text = web.StatusText(a.Status)
	}
	switch {
	case a.Status == http.StatusConflict:
		o.Trouble = wait(a, jobs.DelaysRecord, classInUse, "stripe is at work on a request with the same key: "+text)
	case a.Status == http.StatusTooManyRequests:
		ofTooMany(o, a, e, text)
	case a.Status >= 500:
		if o.Replayed || a.Header.Get("Stripe-Should-Retry") == "false" {
			o.Status = charge.Unknown
			o.Trouble = trouble(jobs.VerdictUnknown, web.ClassOf(a.Status), "stripe: %s, and keeps that as its answer: %s", web.StatusText(a.Status), text)
			return NextLookUp
		}
		o.Status = charge.Unknown
		o.Trouble = trouble(jobs.VerdictUnknown, web.ClassOf(a.Status), "stripe: %s: %s", web.StatusText(a.Status), text)
		o.Trouble.RetryAfter, _ = web.Wait(a.Header, a.Now)
	case a.Status == http.StatusRequestTimeout, a.Status == http.StatusTooEarly, a.Status == http.StatusMisdirectedRequest:
		o.Status = charge.Unknown
		o.Trouble = trouble(jobs.VerdictUnknown, web.ClassOf(a.Status), "stripe: %s", web.StatusText(a.Status))
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden:
		o.Trouble = trouble(jobs.VerdictAbort, web.ClassOf(a.Status), "stripe refuses the key: %s", text)
	case e == nil:
		o.Trouble = trouble(jobs.VerdictAbort, classStranger, "%s, and not in Stripe's words: does a proxy answer in its place, or is --base-url wrong?", web.StatusText(a.Status))
	case e.Type == "idempotency_error":
		o.Status = charge.Unknown
		o.Trouble = trouble(jobs.VerdictUnknown, classKey,
			"THE RECORD HAS CHANGED UNDER ITS KEY: stripe has seen the key of this charge with another request, which may have charged another amount; look it up before anything else: %s", text)
	case e.Code == "invoice_payment_intent_requires_action": // whichever type and status it has
		o.Status = charge.RequiresAction
	case a.Status == http.StatusPaymentRequired && e.Type == "card_error":
		o.Status = ofDecline(e.Code, e.DeclineCode, e.Advice, e.Network)
	default:
		o.Status = charge.Failed
	}
	return NextNothing
}

// ofTooMany tells the account's limits from that of one object.
func ofTooMany(o *charge.Outcome, a *Answer, e *apiError, text string) {
	reason := a.Header.Get("Stripe-Rate-Limited-Reason")
	switch {
	case e != nil && e.Code == "lock_timeout":
		o.Trouble = wait(a, jobs.DelaysRecord, classLock, "stripe is at work on the same object: "+text)
	case reason == "resource-specific":
		o.Trouble = wait(a, jobs.DelaysRecord, web.ClassOf(a.Status), "stripe: "+text)
	case strings.HasSuffix(reason, "-concurrency"):
		o.Trouble = wait(a, jobs.DelaysFewer, web.ClassOf(a.Status), "stripe takes fewer at a time: "+text)
	default:
		o.Trouble = wait(a, jobs.DelaysAll, web.ClassOf(a.Status), "stripe: "+text)
	}
}

// wait is a trouble that passes: it costs no try. It lasts as long as the answer says, or a
// second, and up to as long again.
func wait(a *Answer, who jobs.Delays, class jobs.Class, text string) *charge.Trouble {
	d := time.Second
	if said, ok := web.Wait(a.Header, a.Now); ok && said > 0 {
		d = said
	}
	t := trouble(jobs.VerdictThrottle, class, "%s", text)
	t.RetryAfter, t.Delays = min(d+time.Duration(a.Jitter*float64(d)), jobs.MaxRetryAfter), who
	return t
}

func trouble(v jobs.Verdict, class jobs.Class, format string, args ...any) *charge.Trouble {
	return &charge.Trouble{Verdict: v, Class: class, Text: fmt.Sprintf(format, args...)}
}

// fromError takes over what Stripe's error says of itself.
func fromError(o *charge.Outcome, e *apiError) {
	o.ErrorType, o.ErrorCode, o.DeclineCode = word(e.Type), word(e.Code), word(e.DeclineCode)
	o.Advice, o.NetworkCode = word(adviceOf(e.Advice, e.Network)), word(e.NetworkCode)
	o.Reason = web.Excerpt([]byte(e.Message))
	if o.ProviderID = word(e.Intent.ID); o.ProviderID == "" {
		o.ProviderID = word(e.Charge.ID)
	}
	if e.Intent.All != nil {
		o.CreatedAt, o.Link = e.Intent.All.made(), e.Intent.All.NextAction.link()
	}
}

// adviceOf is the network's code, or Stripe's word where the network gave none.
func adviceOf(stripes, network string) string {
	if network != "" {
		return network
	}
	return stripes
}

// word is a word of an answer, if it is as one looks: anything else could be an escape sequence, or a page.
func word(s string) string {
	const most = 255
	if len(s) > most {
		return ""
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return ""
		}
	}
	return s
}

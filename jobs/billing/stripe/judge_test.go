package stripe

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/web"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// said is an answer with a body, and headers as name: value.
func said(status int, body string, header ...string) *Answer {
	h := http.Header{"Request-Id": {"req_1"}}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		h.Set(name, value)
	}
	return &Answer{Status: status, Header: h, Body: []byte(body), Phase: web.PhaseAnswered}
}

func errorBody(kind, code, decline, more string) string {
	return fmt.Sprintf(`{"error":{"type":%q,"code":%q,"decline_code":%q,"message":"No."%s}}`, kind, code, decline, more)
}

func lostAt(phase web.Phase, v jobs.Verdict, class jobs.Class) *Answer {
	return &Answer{Phase: phase, Lost: &web.Trouble{Verdict: v, Class: class, Text: "gone", Phase: phase}}
}

func intentBody(status, more string) string {
	return `{"id":"pi_1","object":"payment_intent","amount":1234,"currency":"eur","created":1700000000,"status":"` + status + `"` + more + `}`
}

// TestJudge is the table of what an answer means, row by row.
func TestJudge(t *testing.T) {
	const ok, again, slower, stop, unknown = jobs.VerdictOK, jobs.VerdictRetry, jobs.VerdictThrottle, jobs.VerdictAbort, jobs.VerdictUnknown
	card := func(code, decline, more string) *Answer {
		return said(402, errorBody("card_error", code, decline, more))
	}
	for name, c := range map[string]struct {
		a       *Answer
		verdict jobs.Verdict // ok: there is an outcome
		class   jobs.Class
		status  charge.Status
		next    Next
	}{
		"not connected":             {lostAt(web.PhaseNotConnected, again, jobs.ClassConnect), again, jobs.ClassConnect, "", 0},
		"nothing written":           {lostAt(web.PhaseNotWritten, again, web.ClassCut), again, web.ClassCut, "", 0},
		"written, and cut":          {lostAt(web.PhaseWritten, again, web.ClassCut), unknown, web.ClassCut, charge.Unknown, 0},
		"written, and slow":         {lostAt(web.PhaseWritten, again, web.ClassSlow), unknown, web.ClassSlow, charge.Unknown, 0},
		"half an answer":            {lostAt(web.PhaseHalf, again, web.ClassCut), unknown, web.ClassCut, charge.Unknown, 0},
		"an answer too large":       {lostAt(web.PhaseHalf, jobs.VerdictFailed, jobs.ClassOutput), unknown, jobs.ClassOutput, charge.Unknown, 0},
		"a certificate":             {lostAt(web.PhaseNotConnected, jobs.VerdictFailed, web.ClassTLS), stop, web.ClassTLS, "", 0},
		"no permit":                 {lostAt(web.PhaseNotConnected, slower, classRate), slower, classRate, "", 0},
		"cut, without a reason":     {&Answer{Phase: web.PhaseWritten}, unknown, web.ClassCut, charge.Unknown, 0},
		"succeeded":                 {said(200, intentBody("succeeded", "")), ok, "", charge.Succeeded, 0},
		"processing":                {said(200, intentBody("processing", "")), ok, "", charge.Processing, 0},
		"requires_action":           {said(200, intentBody("requires_action", `,"next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://a.example/"}}`)), ok, "", charge.RequiresAction, 0},
		"requires_capture":          {said(200, intentBody("requires_capture", "")), ok, "", charge.Processing, 0},
		"not carried out":           {said(200, intentBody("requires_confirmation", "")), ok, "", charge.Failed, 0},
		"declined before":           {said(200, intentBody("requires_payment_method", `,"last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds"}`)), ok, "", charge.Declined, 0},
		"another state":             {said(200, intentBody("levitating", "")), unknown, web.ClassAnswer, charge.Unknown, 0},
		"disputed":                  {said(200, intentBody("succeeded", `,"latest_charge":{"id":"ch_1","object":"charge","disputed":true}`)), ok, "", charge.Disputed, 0},
		"refunded":                  {said(200, intentBody("succeeded", `,"latest_charge":{"id":"ch_1","object":"charge","refunded":true}`)), ok, "", charge.Refunded, 0},
		"a charge":                  {said(200, `{"id":"ch_1","object":"charge","status":"succeeded"}`), ok, "", charge.Succeeded, 0},
		"a charge, not captured":    {said(200, `{"id":"ch_1","object":"charge","status":"succeeded","captured":false}`), ok, "", charge.Processing, 0},
		"a charge, pending":         {said(200, `{"id":"ch_1","object":"charge","status":"pending"}`), ok, "", charge.Processing, 0},
		"a charge, failed":          {said(200, `{"id":"ch_1","object":"charge","status":"failed","failure_code":"card_declined","outcome":{"reason":"lost_card"}}`), ok, "", charge.Failed, 0},
		"a refund":                  {said(200, `{"id":"re_1","object":"refund","status":"succeeded"}`), ok, "", charge.Refunded, 0},
		"a refund, pending":         {said(200, `{"id":"re_1","object":"refund","status":"pending"}`), ok, "", charge.Processing, 0},
		"a refund, failed":          {said(200, `{"id":"re_1","object":"refund","status":"failed"}`), ok, "", charge.Failed, 0},
		"an invoice, paid":          {said(200, `{"id":"in_1","object":"invoice","status":"paid"}`), ok, "", charge.Succeeded, 0},
		"an invoice, draft":         {said(200, `{"id":"in_1","object":"invoice","status":"draft"}`), ok, "", charge.Failed, 0},
		"an invoice, being paid":    {said(200, `{"id":"in_1","object":"invoice","status":"open","payments":{"data":[{"payment":{"payment_intent":`+intentBody("processing", "")+`}}]}}`), ok, "", charge.Processing, 0},
		"an invoice, not told":      {said(200, `{"id":"in_1","object":"invoice","status":"open","payments":{"data":[{"payment":{"payment_intent":"pi_1"}}]}}`), unknown, web.ClassAnswer, charge.Unknown, 0},
		"another object":            {said(200, `{"id":"cus_1","object":"customer"}`), unknown, classStranger, charge.Unknown, 0},
		"2xx that is no JSON":       {said(200, `<html>`), unknown, web.ClassAnswer, charge.Unknown, 0},
		"2xx without an object":     {said(200, `{}`), unknown, web.ClassAnswer, charge.Unknown, 0},
		"409":                       {said(409, errorBody("idempotency_error", "idempotency_key_in_use", "", "")), slower, classInUse, "", 0},
		"429":                       {said(429, errorBody("invalid_request_error", "rate_limit", "", "")), slower, "http_429", "", 0},
		"429 lock_timeout":          {said(429, errorBody("invalid_request_error", "lock_timeout", "", "")), slower, classLock, "", 0},
		"429 of one object":         {said(429, errorBody("invalid_request_error", "rate_limit", "", ""), "Stripe-Rate-Limited-Reason: resource-specific"), slower, "http_429", "", 0},
		"429 too many at once":      {said(429, errorBody("invalid_request_error", "rate_limit", "", ""), "Stripe-Rate-Limited-Reason: global-concurrency"), slower, "http_429", "", 0},
		"429 without words":         {said(429, ``), slower, "http_429", "", 0},
		"500":                       {said(500, errorBody("api_error", "", "", "")), unknown, "http_500", charge.Unknown, 0},
		"502 of a proxy":            {said(502, `<html>`), unknown, "http_502", charge.Unknown, 0},
		"500 replayed":              {said(500, errorBody("api_error", "", "", ""), "Idempotent-Replayed: true"), unknown, "http_500", charge.Unknown, NextLookUp},
		"500 not to be repeated":    {said(500, errorBody("api_error", "", "", ""), "Stripe-Should-Retry: false"), unknown, "http_500", charge.Unknown, NextLookUp},
		"408":                       {said(408, ``), unknown, "http_408", charge.Unknown, 0},
		"insufficient_funds":        {card("card_declined", "insufficient_funds", ""), ok, "", charge.Declined, 0},
		"try_again_later":           {card("card_declined", "try_again_later", ""), ok, "", charge.Declined, 0},
		"processing_error":          {card("processing_error", "", ""), ok, "", charge.Declined, 0},
		"lost_card":                 {card("card_declined", "lost_card", ""), ok, "", charge.Failed, 0},
		"stolen_card":               {card("card_declined", "stolen_card", ""), ok, "", charge.Failed, 0},
		"do_not_honor":              {card("card_declined", "do_not_honor", ""), ok, "", charge.Failed, 0},
		"expired_card":              {card("expired_card", "expired_card", ""), ok, "", charge.Failed, 0},
		"a code that is new":        {card("card_declined", "bad_moon", ""), ok, "", charge.Failed, 0},
		"advice 24":                 {card("card_declined", "do_not_honor", `,"network_advice_code":"24"`), ok, "", charge.Declined, 0},
		"advice 03":                 {card("card_declined", "insufficient_funds", `,"network_advice_code":"03"`), ok, "", charge.Failed, 0},
		"do_not_try_again":          {card("card_declined", "insufficient_funds", `,"advice_code":"do_not_try_again"`), ok, "", charge.Failed, 0},
		"authentication_required":   {card("authentication_required", "authentication_required", ""), ok, "", charge.RequiresAction, 0},
		"the same of a charge":      {card("card_declined", "authentication_required", ""), ok, "", charge.RequiresAction, 0},
		"the same of an invoice":    {said(402, errorBody("invalid_request_error", "invoice_payment_intent_requires_action", "", "")), ok, "", charge.RequiresAction, 0},
		"402 of another type":       {said(402, errorBody("invalid_request_error", "", "", "")), ok, "", charge.Failed, 0},
		"400 idempotency_error":     {said(400, errorBody("idempotency_error", "", "", "")), unknown, classKey, charge.Unknown, 0},
		"400":                       {said(400, errorBody("invalid_request_error", "parameter_missing", "", "")), ok, "", charge.Failed, 0},
		"404":                       {said(404, errorBody("invalid_request_error", "resource_missing", "", "")), ok, "", charge.Failed, 0},
		"401":                       {said(401, errorBody("invalid_request_error", "", "", "")), stop, "http_401", "", 0},
		"403":                       {said(403, errorBody("invalid_request_error", "", "", "")), stop, "http_403", "", 0},
		"404 that is not Stripe's":  {said(404, `<html><title>nginx`), stop, classStranger, "", 0},
		"301":                       {said(301, ``), stop, classStranger, "", 0},
		"402 that is not Stripe's":  {said(402, `{"error":"pay us"}`), stop, classStranger, "", 0},
		"an error that is a string": {said(400, `{"error":{"type":""}}`), stop, classStranger, "", 0},
	} {
		o, next := Judge(c.a)
		verdict, class := jobs.VerdictOK, jobs.Class("")
		if o.Trouble != nil {
			verdict, class = o.Trouble.Verdict, o.Trouble.Class
		}
		if verdict != c.verdict || class != c.class || o.Status != c.status || next != c.next {
			t.Errorf("%s: %+v %+v, next %d", name, o, o.Trouble, next)
		}
		if again, _ := Judge(c.a); !reflect.DeepEqual(again, o) {
			t.Errorf("%s: the same answer means another thing the second time", name)
		}
	}
}

// TestWaits: who waits, how long, and how the jitter adds to it.
func TestWaits(t *testing.T) {
	limited := errorBody("invalid_request_error", "rate_limit", "", "")
	for _, c := range []struct {
		a      *Answer
		jitter float64
		want   time.Duration
		who    jobs.Delays
	}{
		{said(429, limited), 0, time.Second, jobs.DelaysAll},
		{said(429, limited), 0.5, 1500 * time.Millisecond, jobs.DelaysAll},
		{said(429, limited, "Retry-After: 4"), 0.25, 5 * time.Second, jobs.DelaysAll},
		{said(429, limited, "Stripe-Rate-Limited-Reason: endpoint-concurrency"), 0, time.Second, jobs.DelaysFewer},
		{said(429, limited, "Stripe-Rate-Limited-Reason: resource-specific"), 0, time.Second, jobs.DelaysRecord},
		{said(409, limited), 1, 2 * time.Second, jobs.DelaysRecord},
		{said(429, limited, "Retry-After: 99999999"), 1, jobs.MaxRetryAfter, jobs.DelaysAll},
	} {
		c.a.Jitter = c.jitter
		if o, _ := Judge(c.a); o.Trouble.RetryAfter != c.want || o.Trouble.Delays != c.who {
			t.Errorf("%d %v: %s, %d", c.a.Status, c.a.Header, o.Trouble.RetryAfter, o.Trouble.Delays)
		}
	}
	if o, _ := Judge(said(503, "", "Retry-After: 7")); o.Trouble.RetryAfter != 7*time.Second {
		t.Error(o.Trouble)
	}
}

// FuzzJudge: whatever comes, there is an outcome or a trouble, money is not said to have come in by anything but 2xx, and no
// secret of a browser or sign of a terminal gets into what is shown.
func FuzzJudge(f *testing.F) {
	for _, status := range []int{200, 400, 402, 409, 429, 500} {
		f.Add(status, intentBody("succeeded", `,"client_secret":"pi_1_secret_x"`), "true")
		f.Add(status, errorBody("card_error", "card_declined", "lost_card", `,"payment_intent":`+intentBody("requires_payment_method", "")), "")
	}
	f.Add(200, `{"id":"pi_1","object":"payment_intent","status":"succeeded","latest_charge":{"id":3}}`, "")
	f.Add(200, intentBody("requires_action", `,"next_action":{"redirect_to_url":{"url":"https://a.example/\u001b[2J"}}`), "")
	f.Add(200, `{"id":"in_1","object":"invoice","status":"open","payments":{"data":[{"payment":{"payment_intent":null}}]}}`, "")
	f.Fuzz(func(t *testing.T, status int, body, replayed string) {
		a := said(status, body, "Idempotent-Replayed: "+replayed, "Request-Id: "+body)
		o, next := Judge(a)
		switch {
		case o.Trouble == nil && o.Status == "", o.Trouble != nil && o.Trouble.Verdict == jobs.VerdictOK:
			t.Fatalf("nothing is said: %+v %+v", o, o.Trouble)
		case o.Status == charge.Unknown && (o.Trouble == nil || o.Trouble.Verdict != jobs.VerdictUnknown):
			t.Fatalf("unknown: %+v", o)
		case (o.Status == charge.Succeeded || o.Status == charge.Processing || o.Status == charge.Refunded) && (status < 200 || status > 299):
			t.Fatalf("%d is %s", status, o.Status)
		case next == NextLookUp && status < 500:
			t.Fatalf("%d is looked up", status)
		}
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{o.ProviderID, o.DeclineCode, o.Advice, o.NetworkCode, o.ErrorType, o.ErrorCode, o.RequestID, o.Reason, o.Link} {
			if strings.ContainsAny(s, "\x1b\n\r\x00\u009b") {
				t.Fatalf("%q", text)
			}
		}
	})
}

// FuzzPage: a page of a list is read or refused.
func FuzzPage(f *testing.F) {
	f.Add(`{"object":"list","has_more":true,"data":[` + intentBody("succeeded", "") + `]}`)
	f.Add(`{"object":"list","data":[{}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		p, err := readPage([]byte(body))
		if err != nil {
			return
		}
		for i := range p.Data {
			var o charge.Outcome
			ofObject(&o, &p.Data[i])
			if p.Data[i].ID == "" || o.Status == "" {
				t.Fatalf("%+v", o)
			}
			listed(&o, &p.Data[i])
		}
	})
}

package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The columns of the results, in their order.
const (
	colStatus = iota
	colProviderID
	colKey
	colReplayed
	colDecline
	colAdvice
	colNetworkCode
	colErrorType
	colErrorCode
	colHTTPStatus
	colRequestID
	colCreatedAt
	colActionURL
	colNumber
	colPDF
	colHTML
	columnCount
)

var columnNames = [columnCount]string{
	"billing_status", "provider_id", "idempotency_key", "replayed", "decline_code", "advice_code", "network_code", "error_type", "error_code",
	"http_status", "request_id", "created_at", "action_url", "invoice_number", "pdf", "html",
}

func columns() []jobs.Column {
	out := make([]jobs.Column, 0, columnCount)
	for _, name := range columnNames {
		out = append(out, jobs.Column{Name: name, Replaces: true})
	}
	return out
}

// ended are what the columns say of records that end without the job.
func ended() []jobs.Ended {
	return []jobs.Ended{
		{Status: "skipped", Class: jobs.ClassDuplicate, Values: []string{string(charge.SkippedDuplicate)}},
		{Status: "unknown", Values: []string{string(charge.Unknown)}},
		{Status: "failed", Values: []string{string(charge.Failed)}},
	}
}

// values are the columns of an outcome.
func values(o *charge.Outcome, key string) [][]byte {
	v := make([][]byte, columnCount)
	for i, text := range [columnCount]string{
		colStatus: string(o.Status), colProviderID: o.ProviderID, colKey: key, colDecline: o.DeclineCode, colAdvice: o.Advice, colNetworkCode: o.NetworkCode,
		colErrorType: o.ErrorType, colErrorCode: o.ErrorCode, colRequestID: o.RequestID, colActionURL: o.Link, colNumber: o.Number, colPDF: o.PDF, colHTML: o.HTML,
	} {
		if text != "" {
			v[i] = []byte(text)
		}
	}
	if o.Replayed {
		v[colReplayed] = []byte("true")
	}
	if o.HTTPStatus != 0 {
		v[colHTTPStatus] = strconv.AppendInt(nil, int64(o.HTTPStatus), 10)
	}
	if !o.CreatedAt.IsZero() {
		v[colCreatedAt] = o.CreatedAt.UTC().AppendFormat(nil, time.RFC3339)
	}
	return v
}

// classNotMade is of a charge of which it is known that it was not made, though nothing speaks against it: the provider
// has kept an error under its key. A dunning run makes it, under another.
const classNotMade jobs.Class = "not_made"

func classOf(o *charge.Outcome) jobs.Class {
	if o.ErrorCode == string(classNotMade) {
		return classNotMade
	}
	return jobs.Class(o.Status)
}

// why is the reason with the provider's own codes, by which its documentation is searched and its support understands what is meant.
func why(o *charge.Outcome) string {
	var codes []string
	for _, code := range []string{o.ErrorCode, o.DeclineCode} {
		if code != "" && o.ErrorType != ours && !slices.Contains(codes, code) && !strings.Contains(o.Reason, code) {
			codes = append(codes, code)
		}
	}
	switch {
	case len(codes) == 0:
		return o.Reason
	case o.Reason == "":
		return strings.Join(codes, ", ")
	default:
		return o.Reason + " (" + strings.Join(codes, ", ") + ")"
	}
}

// ours is the type of errors that are none of the provider's.
const ours = "brood"

// into makes a result of an outcome.
//
//	status                               verdict   class
//	succeeded, submitted, processing     ok
//	requires_action, declined, failed    failed    the status, or not_made
//	unknown                              unknown
//	none yet: the trouble                its own; where money may have moved unknown, which the engine
//	                                     tries again under the same key, and never ends as failed
func into(o *charge.Outcome, key string, res *jobs.Result) {
	res.Values = append(res.Values[:0], values(o, key)...)
	if t := o.Trouble; t != nil {
		verdict := t.Verdict
		if verdict == jobs.VerdictUnknown {
			res.Values[colStatus] = []byte(charge.Unknown)
		}
		res.Fail(verdict, t.Class, "%s", t.Text)
		res.RetryAfter, res.Delays = t.RetryAfter, t.Delays
		return
	}
	switch o.Status {
	case charge.Succeeded, charge.Submitted, charge.Processing, charge.Refunded:
		res.Verdict = jobs.VerdictOK
	case charge.Unknown:
		res.Fail(jobs.VerdictUnknown, jobs.Class(charge.Unknown), "%s", why(o))
	case charge.SkippedDuplicate:
		res.Fail(jobs.VerdictSkipped, jobs.ClassDuplicate, "%s", o.Reason)
	case charge.Declined, charge.Failed, charge.RequiresAction, charge.Returned, charge.Disputed:
		res.Fail(jobs.VerdictFailed, classOf(o), "%s", why(o))
	}
}

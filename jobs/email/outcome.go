package email

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"errors"
)

// classCopy is a refusal of one of those who get a copy: a message goes to all, or to nobody.
const classCopy jobs.Class = "copy"

// ofCopy makes of a final refusal of a copy what it is: nothing is wrong with whom the record is
// about, and nothing was sent.
func ofCopy(o *reply.Outcome, l *letter, err error) {
	var one *rcptError
	if !errors.As(err, &one) || one.to == l.recipients[0] || o.Verdict != jobs.VerdictFailed {
		return
	}
	o.Status, o.Class = statusDeferred, classCopy
}

// judge says what an error in a phase means. Attempt is which try of the record this was,
// from 1.
func judge(at reply.Phase, err error, attempt int) reply.Outcome {
	o := reply.Outcome{Phase: at, Verdict: jobs.VerdictRetry, Status: statusDeferred, Class: jobs.ClassConnect}
	var some *partialError
	if errors.As(err, &some) {
		// Another try would write to those again who have it.
		o = judge(at, some.err, attempt)
		o.Verdict, o.Status, o.Class, o.After, o.Holds = jobs.VerdictUnknown, statusUnknown, reply.ClassPartial, 0, jobs.DelaysDefault
		return o
	}
	var said *reply.Reply
	if errors.As(err, &said) {
		return reply.Judge(at, said, attempt)
	}
	o.Text = err.Error()
	var unsafe *tlsError
	switch {
	case errors.As(err, &unsafe):
		// Trying again would not make it safe.
		o.Verdict, o.Class = jobs.VerdictAbort, reply.ClassTLS
	case at == reply.Dot:
		// The server may have taken it, and the answer was lost.
		o.Verdict, o.Status = jobs.VerdictUnknown, statusUnknown
	case at == reply.Connect || at == reply.Auth:
		o.After, o.Holds = reply.LeftAlone(attempt), jobs.DelaysAll
	}
	return o
}

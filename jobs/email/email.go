// Package email is the job that makes a message of every record and delivers it:
// to a Maildir, which any mail program opens, so that nothing leaves the machine
// unless that is asked for, or to a mail server.
//
// What a server says is judged by package reply; see doubts for what stops a run. If the connection is lost
// between the final dot and the reply, nobody knows whether the message was taken:
// that record is unknown, and no other.
package email

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// runner works on one record at a time. A worker may have several: see Fork.
type runner struct {
	*shared
	transport transport
	address   []byte // of the record in hand, as it was given
}

func open(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
	var c config
	if err := json.Unmarshal(s.Config, &c); err != nil {
		return nil, fmt.Errorf("email: read configuration: %w", err)
	}
	composer, err := newComposer(c, s.Shape)
	if err != nil {
		return nil, err
	}
	return openRunner(composer, s)
}

func (r *runner) Do(ctx context.Context, rec *jobs.Record, res *jobs.Result) error {
	r.address = r.addressOf(rec)
	if m, why := r.leftOut(rec); m != nil {
		res.Fail(jobs.VerdictSkipped, m.Class, "%s", why)
		r.fill(res, reply.Outcome{Status: statusSuppressed}, "", "")
		return nil
	}
	if until, err := r.sendAt(rec); err != nil {
		r.refuse(res, classHeader, err)
		return nil
	} else if wait := until.Sub(r.now()); wait > 0 {
		res.Fail(jobs.VerdictThrottle, "early", "column %s: not before %s", sendAtColumn, until.Format(time.RFC3339))
		res.RetryAfter, res.Delays = wait, jobs.DelaysRecord
		return nil
	}
	l, err := r.compose(rec, r.setup.Key.Of(rec), r.setup.Run, "")
	var bad *badRecord
	if errors.As(err, &bad) {
		r.refuse(res, bad.class, bad.err)
		return nil
	}
	if err != nil {
		return err
	}
	if !r.checkRecipient(ctx, l, res) {
		return nil
	}
	if rec.Attempt == 1 {
		r.cleaned.tell(r.address)
	}
	if r.handIn(ctx, l, rec, res) {
		r.seed(ctx, rec)
	}
	return nil
}

// refuse ends a record of which no message can be made.
func (r *runner) refuse(res *jobs.Result, class jobs.Class, err error) {
	res.Fail(jobs.VerdictFailed, class, "%v", err)
	r.fill(res, reply.Outcome{Status: statusInvalid}, "", "")
}

// checkRecipient reports whether a message is to be sent to its recipient at all.
func (r *runner) checkRecipient(ctx context.Context, l *letter, res *jobs.Result) bool {
	to := l.recipients[0]
	if !r.allowed(to) {
		res.Fail(jobs.VerdictSkipped, "suppressed", "%s is on a list of --suppress", to)
		r.fill(res, reply.Outcome{Status: statusSuppressed}, "", "")
		return false
	}
	if r.exchanges == nil {
		return true
	}
	_, domain, _ := cutAddress(to)
	err := r.exchanges.check(ctx, domain)
	var no *noMail
	switch {
	case errors.As(err, &no):
		r.refuse(res, classAddress, err)
	case err != nil:
		res.Fail(jobs.VerdictRetry, "dns", "look up the mail server of %s: %v", domain, err)
		r.fill(res, reply.Outcome{Status: statusDeferred}, l.id, "")
	}
	return err == nil
}

// seed sends a copy of every so many records to an address of the sender's own.
// It is no record: what comes of it is only told.
func (r *runner) seed(ctx context.Context, rec *jobs.Record) {
	at := int(uint64(rec.Seq) % uint64(r.SeedEvery))
	if at >= len(r.Seeds) {
		return
	}
	l, err := r.compose(rec, r.setup.Key.Of(rec), r.setup.Run, r.Seeds[at])
	if err == nil {
		_, _, err = r.transport.send(ctx, l)
	}
	if err != nil {
		complain(fmt.Errorf("--seed %s: %w", r.Seeds[at], err))
	}
}

// handIn sends a message, and reports whether it was taken.
func (r *runner) handIn(ctx context.Context, l *letter, rec *jobs.Record, res *jobs.Result) bool {
	text, at, err := r.transport.send(ctx, l)
	var box *maildirError
	switch {
	case err == nil:
		o := reply.Outcome{Status: statusSent, Text: text, Phase: at}
		if r.Server != nil {
			o.Code = 250
		}
		r.doubts.sent()
		r.fill(res, o, l.id, queueID(text))
		return true
	case errors.As(err, &box):
		res.Fail(jobs.VerdictRetry, "maildir", "%v", err)
		r.fill(res, reply.Outcome{Status: statusDeferred}, l.id, "")
		return false
	}
	o := judge(at, err, rec.Attempt)
	r.doubts.weigh(rec.Seq, rec.Attempt, &o)
	r.fitGrey(&o, rec.Attempt)
	if gone := l.bounced(err); o.Class == reply.ClassBounce && r.bounced.path != "" && gone != "" {
		if err := r.bounced.note(gone); err != nil {
			// The address stays to be tried, and the list to be mended.
			o = reply.Outcome{Verdict: jobs.VerdictAbort, Status: statusDeferred, Class: "bounced-file", Phase: at}
			res.Fail(o.Verdict, o.Class, "--bounced: %v", err)
			r.fill(res, o, l.id, "")
			return false
		}
	}
	ofCopy(&o, l, err)
	res.Fail(o.Verdict, o.Class, "%s: %s%s", o.Phase, err, advice(&o))
	res.RetryAfter, res.Delays = o.After, o.Holds
	r.fill(res, o, l.id, "")
	return false
}

// advice is what can be done about a refusal that stops the run, to stand behind it.
func advice(o *reply.Outcome) string {
	if o.Verdict != jobs.VerdictAbort || o.Hint == "" {
		return ""
	}
	return " (" + o.Hint + ")"
}

// sendAtColumn says when a message may be sent.
const sendAtColumn = "send_at"

// sendAt is when a record may be sent at the earliest.
func (c *composer) sendAt(rec *jobs.Record) (time.Time, error) {
	if !c.uses(sendAtColumn) {
		return time.Time{}, nil
	}
	s := c.lookup(rec, sendAtColumn)
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("column %s: %q is not a time such as 2026-12-24T18:00:00+01:00 or 2026-12-24 18:00", sendAtColumn, s)
}

var queued = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)queued as ([^\s,;)]+)`)
})

// queueID is what a server calls a message, if it says so.
func queueID(text string) string {
	if m := queued().FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// fill puts the columns into the result.
func (r *runner) fill(res *jobs.Result, o reply.Outcome, id, queue string) {
	code, host := "", ""
	if o.Code > 0 {
		code = strconv.Itoa(o.Code)
	}
	if r.Server != nil && o.Phase != "" {
		host = r.Server.Host
	}
	values := []string{o.Status, code, o.Enhanced, o.Text, string(o.Phase), id, queue, host}
	if !r.setup.Text {
		for _, v := range values {
			res.Values = append(res.Values, []byte(v))
		}
		return
	}
	res.Text = jobs.AppendJSONString(append(res.Text, `{"email":`...), r.address)
	for i, v := range values {
		res.Text = append(res.Text, ',')
		res.Text = jobs.AppendJSONString(res.Text, []byte(resultColumns[i].Name))
		res.Text = append(res.Text, ':')
		res.Text = jobs.AppendJSONString(res.Text, []byte(v))
	}
	res.Text = append(res.Text, '}', '\n')
}

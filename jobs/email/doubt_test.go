package email

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"fmt"
	"testing"
)

// doubtStep is a message that was taken, or refused in a phase at a try of its record.
type doubtStep struct {
	seq     jobs.Seq
	attempt int
	at      reply.Phase
	said    *reply.Reply // nil: sent
	want    string
}

// TestDoubts: a refusal of the sender stops the run when a second record meets it; one that
// comes to the same record again, while others are sent, is about that record.
func TestDoubts(t *testing.T) {
	relay := &reply.Reply{Code: 550, Text: "relay not permitted"}
	quota := &reply.Reply{Code: 451, Text: "Domain has exceeded the max emails per hour (25/25 (100%)) allowed"}
	sent := doubtStep{at: reply.Dot}
	for name, steps := range map[string][]doubtStep{
		"all are refused": {{0, 1, reply.Rcpt, relay, "retry deferred"}, {1, 1, reply.Rcpt, relay, "abort deferred"}},
		"at the dot":      {{0, 1, reply.Dot, relay, "retry deferred"}, {1, 1, reply.Dot, relay, "abort deferred"}},
		"there is one":    {{0, 1, reply.Rcpt, relay, "retry deferred"}, {0, 2, reply.Rcpt, relay, "abort deferred"}},
		"one of them":     {{0, 1, reply.Rcpt, relay, "retry deferred"}, sent, {0, 2, reply.Rcpt, relay, "failed bounced"}, sent},
		"two of them":     {{0, 1, reply.Mail, relay, "retry deferred"}, sent, {2, 1, reply.Mail, relay, "retry deferred"}, sent, {2, 2, reply.Mail, relay, "failed bounced"}},
		"the last two": {
			sent,
			{1, 2, reply.Rcpt, relay, "retry deferred"},
			{2, 1, reply.Rcpt, relay, "retry deferred"},
			{1, 3, reply.Rcpt, relay, "retry deferred"},
			{2, 2, reply.Rcpt, relay, "retry deferred"},
		},
		"in a later session": {{1, 3, reply.Rcpt, relay, "retry deferred"}, {2, 2, reply.Rcpt, relay, "retry deferred"}, {1, 4, reply.Rcpt, relay, "retry deferred"}},
		"all were greylisted": {
			{0, 2, reply.Rcpt, relay, "retry deferred"},
			{1, 2, reply.Rcpt, relay, "retry deferred"},
			{2, 2, reply.Rcpt, relay, "retry deferred"},
			{3, 2, reply.Rcpt, relay, "retry deferred"},
			{4, 2, reply.Rcpt, relay, "abort deferred"},
		},
		"in the middle":   {sent, {1, 1, reply.Dot, quota, "retry deferred"}, {2, 1, reply.Dot, quota, "abort deferred"}},
		"a limit of one":  {{0, 1, reply.Dot, quota, "retry deferred"}, sent, {0, 2, reply.Dot, quota, "failed deferred"}},
		"before a record": {{0, 1, reply.Connect, relay, "abort deferred"}},
		"the login":       {{0, 1, reply.Mail, &reply.Reply{Code: 530, Enhanced: "5.7.0", Text: "Authentication required"}, "abort deferred"}},
		"no such mailbox": {{0, 1, reply.Rcpt, &reply.Reply{Code: 550, Enhanced: "5.1.1", Text: "no such user"}, "failed bounced"}},
	} {
		var d doubts
		for i, s := range steps {
			if s.said == nil {
				d.sent()
				continue
			}
			o := judge(s.at, s.said, s.attempt)
			d.weigh(s.seq, s.attempt, &o)
			if got := fmt.Sprint(o.Verdict, " ", o.Status); got != s.want {
				t.Errorf("%s: after %d: %s, want %s", name, i, got, s.want)
			}
			if (o.Verdict == jobs.VerdictAbort) != (advice(&o) != "") {
				t.Errorf("%s: %s, and this to do: %q", name, o.Verdict, advice(&o))
			}
		}
	}
	var d doubts
	for seq := range jobs.Seq(3 * doubtMost) {
		o := judge(reply.Rcpt, relay, 1)
		d.weigh(seq, 1, &o)
		d.sent()
	}
	if len(d.seen) > doubtMost {
		t.Errorf("%d records are remembered", len(d.seen))
	}
}

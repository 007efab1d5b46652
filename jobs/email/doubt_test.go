package email

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"fmt"
	"testing"
)

// TestDoubts: a refusal of the sender stops the run when a second record meets it; one that
// comes to the same record again, while others are sent, is about that record.
func TestDoubts(t *testing.T) {
	relay := &reply.Reply{Code: 550, Text: "relay not permitted"}
	quota := &reply.Reply{Code: 451, Text: "Domain has exceeded the max emails per hour (25/25 (100%)) allowed"}
	for name, steps := range map[string][]struct {
		seq  jobs.Seq
		at   reply.Phase
		said *reply.Reply // nil: sent
		want string
	}{
		"all are refused":       {{0, reply.Rcpt, relay, "throttle deferred"}, {1, reply.Rcpt, relay, "abort deferred"}},
		"there is one":          {{0, reply.Rcpt, relay, "throttle deferred"}, {0, reply.Rcpt, relay, "abort deferred"}},
		"one of them":           {{0, reply.Rcpt, relay, "throttle deferred"}, {1, reply.Dot, nil, ""}, {0, reply.Rcpt, relay, "failed bounced"}, {2, reply.Dot, nil, ""}},
		"two that are far from": {{0, reply.Mail, relay, "throttle deferred"}, {1, reply.Dot, nil, ""}, {2, reply.Mail, relay, "throttle deferred"}, {3, reply.Dot, nil, ""}, {2, reply.Mail, relay, "failed bounced"}},
		"the last of them":      {{0, reply.Dot, nil, ""}, {1, reply.Rcpt, relay, "throttle deferred"}, {1, reply.Rcpt, relay, "throttle deferred"}, {1, reply.Rcpt, relay, "failed bounced"}},
		"suspended":             {{0, reply.Dot, nil, ""}, {1, reply.Rcpt, relay, "throttle deferred"}, {1, reply.Rcpt, relay, "throttle deferred"}, {2, reply.Rcpt, relay, "abort deferred"}},
		"in the middle":         {{0, reply.Dot, nil, ""}, {1, reply.Dot, quota, "throttle deferred"}, {2, reply.Dot, quota, "abort deferred"}},
		"a limit of one":        {{0, reply.Dot, quota, "throttle deferred"}, {1, reply.Dot, nil, ""}, {0, reply.Dot, quota, "failed deferred"}},
		"before a record":       {{0, reply.Connect, relay, "abort deferred"}},
		"the login":             {{0, reply.Mail, &reply.Reply{Code: 530, Enhanced: "5.7.0", Text: "Authentication required"}, "abort deferred"}},
		"no such mailbox":       {{0, reply.Rcpt, &reply.Reply{Code: 550, Enhanced: "5.1.1", Text: "no such user"}, "failed bounced"}},
	} {
		var d doubts
		for i, s := range steps {
			if s.said == nil {
				d.sent()
				continue
			}
			o := judge(s.at, s.said, 1)
			d.weigh(s.seq, &o)
			if got := fmt.Sprint(o.Verdict, " ", o.Status); got != s.want {
				t.Errorf("%s: after %d: %s, want %s", name, i, got, s.want)
			}
			if o.Verdict == jobs.VerdictAbort && advice(&o) == "" {
				t.Errorf("%s: nothing is said of what to do", name)
			}
			if o.Verdict == jobs.VerdictThrottle && (o.After < doubtTime || o.After > 2*doubtTime || o.Holds != jobs.DelaysRecord) {
				t.Errorf("%s: %s for %d", name, o.After, o.Holds)
			}
		}
	}
	var d doubts
	for seq := range jobs.Seq(3 * doubtMost) {
		o := judge(reply.Rcpt, relay, 1)
		d.weigh(seq, &o)
		d.sent()
	}
	if len(d.seen) > doubtMost {
		t.Errorf("%d records are remembered", len(d.seen))
	}
}

package reply

import (
	"brood/jobs"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	say := func(code int, enhanced, text string) *Reply { return &Reply{code, enhanced, text} }
	for _, c := range []struct {
		at      Phase
		said    *Reply
		verdict jobs.Verdict
		status  string
		class   jobs.Class
		after   time.Duration
		holds   jobs.Delays
	}{
		{Connect, say(421, "4.3.2", "busy"), jobs.VerdictRetry, "deferred", ClassBusy, HostTime, jobs.DelaysFewer},
		{Mail, say(432, "4.3.2", "Concurrent connections limit exceeded"), jobs.VerdictRetry, "deferred", ClassBusy, HostTime, jobs.DelaysFewer},
		{Connect, say(450, "", "busy"), jobs.VerdictRetry, "deferred", ClassBusy, HostTime, jobs.DelaysAll},
		{Dot, say(421, "", "closing"), jobs.VerdictRetry, "deferred", ClassBusy, HostTime, jobs.DelaysAll},
		{Rcpt, say(450, "4.2.0", "greylisted"), jobs.VerdictRetry, "deferred", ClassGrey, GreyTime, jobs.DelaysKey},
		{Rcpt, say(451, "4.7.1", "try later"), jobs.VerdictRetry, "deferred", ClassGrey, GreyTime, jobs.DelaysKey},
		{Rcpt, say(452, "4.5.3", "too many recipients"), jobs.VerdictRetry, "deferred", ClassBusy, 0, 0},
		{Rcpt, say(452, "4.2.2", "full"), jobs.VerdictRetry, "deferred", ClassFull, FullTime, 0},
		{Rcpt, say(552, "5.2.2", "full"), jobs.VerdictRetry, "deferred", ClassFull, FullTime, 0},
		{Dot, say(454, "", "Throttling failure: Maximum sending rate exceeded."), jobs.VerdictThrottle, "deferred", ClassBusy, time.Second, jobs.DelaysAll},
		{Mail, say(454, "", "Throttling failure: Daily message quota exceeded."), jobs.VerdictAbort, "deferred", ClassBusy, 0, 0},
		{Mail, say(530, "5.7.0", "must authenticate"), jobs.VerdictAbort, "deferred", ClassAuth, 0, 0},
		{Auth, say(535, "5.7.8", "bad credentials"), jobs.VerdictAbort, "deferred", ClassAuth, 0, 0},
		{Auth, say(454, "4.7.0", "temporary authentication failure"), jobs.VerdictRetry, "deferred", ClassAuth, HostTime, jobs.DelaysAll},
		{Rcpt, say(550, "5.1.1", "no such user"), jobs.VerdictFailed, "bounced", ClassBounce, 0, 0},
		{Rcpt, say(550, "5.1.10", "null MX"), jobs.VerdictFailed, "bounced", ClassBounce, 0, 0},
		{Rcpt, say(550, "5.2.1", "disabled"), jobs.VerdictFailed, "bounced", ClassBounce, 0, 0},
		{Rcpt, say(550, "", "no such user"), jobs.VerdictFailed, "bounced", ClassBounce, 0, 0},
		{Dot, say(550, "5.7.1", "policy"), jobs.VerdictFailed, "bounced", ClassPolicy, 0, 0},
		{Dot, say(554, "5.7.26", "unauthenticated"), jobs.VerdictFailed, "bounced", ClassPolicy, 0, 0},
		{Mail, say(552, "5.3.4", "too large"), jobs.VerdictFailed, "bounced", ClassContent, 0, 0},
		{Dot, say(554, "", "transaction failed"), jobs.VerdictFailed, "bounced", ClassReply, 0, 0},
		{Connect, say(554, "5.7.1", "blocked"), jobs.VerdictAbort, "deferred", ClassSender, 0, 0},
		{Mail, say(534, "5.7.9", "too weak"), jobs.VerdictAbort, "deferred", ClassAuth, 0, 0},
		{Rcpt, say(550, "5.1.2", "no such domain"), jobs.VerdictFailed, "bounced", ClassBounce, 0, 0},
		{Rcpt, say(550, "5.4.4", "no route"), jobs.VerdictFailed, "bounced", ClassBounce, 0, 0},
		{Dot, say(552, "", "too large"), jobs.VerdictFailed, "bounced", ClassContent, 0, 0},
	} {
		o := Judge(c.at, c.said, 1)
		if o.Verdict != c.verdict || o.Status != c.status || o.Class != c.class || o.After != c.after || o.Holds != c.holds {
			t.Errorf("%s, %v: %s, %s, %s, after %s for %d; want %s, %s, %s, after %s for %d", c.at, c.said, o.Verdict, o.Status, o.Class, o.After, o.Holds, c.verdict, c.status, c.class, c.after, c.holds)
		}
	}
	if o := Judge(Connect, say(421, "", "busy"), 3); o.After != 4*HostTime {
		t.Errorf("the third time a server is left alone for %s", o.After)
	}
	if o := Judge(Connect, say(421, "", "busy"), 1000); o.After != HostMost {
		t.Errorf("in the end a server is left alone for %s", o.After)
	}
}

package email

import (
	"brood/jobs"
	"errors"
	"io"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	say := func(code int, enhanced, text string) error { return &reply{code, enhanced, text} }
	for _, c := range []struct {
		at      phase
		err     error
		verdict jobs.Verdict
		status  string
		class   jobs.Class
		after   time.Duration
		holds   jobs.Delays
	}{
		{phaseConnect, errors.New("connection refused"), jobs.VerdictRetry, "deferred", jobs.ClassConnect, hostTime, jobs.DelaysAll},
		{phaseConnect, say(421, "4.3.2", "busy"), jobs.VerdictRetry, "deferred", classBusy, hostTime, jobs.DelaysAll},
		{phaseDot, say(421, "", "closing"), jobs.VerdictRetry, "deferred", classBusy, hostTime, jobs.DelaysAll},
		{phaseRcpt, say(450, "4.2.0", "greylisted"), jobs.VerdictRetry, "deferred", classGrey, greyTime, jobs.DelaysKey},
		{phaseRcpt, say(451, "4.7.1", "try later"), jobs.VerdictRetry, "deferred", classGrey, greyTime, jobs.DelaysKey},
		{phaseRcpt, say(452, "4.5.3", "too many recipients"), jobs.VerdictRetry, "deferred", classBusy, 0, 0},
		{phaseRcpt, say(452, "4.2.2", "full"), jobs.VerdictRetry, "deferred", classFull, fullTime, 0},
		{phaseRcpt, say(552, "5.2.2", "full"), jobs.VerdictRetry, "deferred", classFull, fullTime, 0},
		{phaseDot, say(454, "", "Throttling failure: Maximum sending rate exceeded."), jobs.VerdictThrottle, "deferred", classBusy, time.Second, jobs.DelaysAll},
		{phaseMail, say(454, "", "Throttling failure: Daily message quota exceeded."), jobs.VerdictAbort, "deferred", classBusy, 0, 0},
		{phaseMail, say(530, "5.7.0", "must authenticate"), jobs.VerdictAbort, "deferred", classAuth, 0, 0},
		{phaseAuth, say(535, "5.7.8", "bad credentials"), jobs.VerdictAbort, "deferred", classAuth, 0, 0},
		{phaseAuth, say(454, "4.7.0", "temporary authentication failure"), jobs.VerdictRetry, "deferred", classAuth, hostTime, jobs.DelaysAll},
		{phaseRcpt, say(550, "5.1.1", "no such user"), jobs.VerdictFailed, "bounced", classBounce, 0, 0},
		{phaseRcpt, say(550, "5.1.10", "null MX"), jobs.VerdictFailed, "bounced", classBounce, 0, 0},
		{phaseRcpt, say(550, "5.2.1", "disabled"), jobs.VerdictFailed, "bounced", classBounce, 0, 0},
		{phaseRcpt, say(550, "", "no such user"), jobs.VerdictFailed, "bounced", classBounce, 0, 0},
		{phaseDot, say(550, "5.7.1", "policy"), jobs.VerdictFailed, "bounced", classPolicy, 0, 0},
		{phaseDot, say(554, "5.7.26", "unauthenticated"), jobs.VerdictFailed, "bounced", classPolicy, 0, 0},
		{phaseMail, say(552, "5.3.4", "too large"), jobs.VerdictFailed, "bounced", classContent, 0, 0},
		{phaseDot, say(554, "", "transaction failed"), jobs.VerdictFailed, "bounced", classReply, 0, 0},
		{phaseMail, io.EOF, jobs.VerdictRetry, "deferred", jobs.ClassConnect, 0, 0},
		{phaseData, io.EOF, jobs.VerdictRetry, "deferred", jobs.ClassConnect, 0, 0},
		{phaseDot, io.EOF, jobs.VerdictUnknown, "unknown", jobs.ClassConnect, 0, 0},
		{phaseConnect, say(554, "5.7.1", "blocked"), jobs.VerdictAbort, "deferred", classPolicy, 0, 0},
		{phaseMail, say(534, "5.7.9", "too weak"), jobs.VerdictAbort, "deferred", classAuth, 0, 0},
		{phaseRcpt, say(550, "5.1.2", "no such domain"), jobs.VerdictFailed, "bounced", classBounce, 0, 0},
		{phaseRcpt, say(550, "5.4.4", "no route"), jobs.VerdictFailed, "bounced", classBounce, 0, 0},
		{phaseDot, say(552, "", "too large"), jobs.VerdictFailed, "bounced", classContent, 0, 0},
		{phaseDot, &partialError{[]string{"a"}, []string{"b"}, say(450, "", "no")}, jobs.VerdictUnknown, "unknown", classPartial, 0, 0},
		{phaseConnect, &tlsError{errors.New("not offered")}, jobs.VerdictAbort, "deferred", classTLS, 0, 0},
	} {
		o := judge(c.at, c.err, 1)
		if o.verdict != c.verdict || o.status != c.status || o.class != c.class || o.after != c.after || o.holds != c.holds {
			t.Errorf("%s, %v: %s, %s, %s, after %s for %d; want %s, %s, %s, after %s for %d", c.at, c.err, o.verdict, o.status, o.class, o.after, o.holds, c.verdict, c.status, c.class, c.after, c.holds)
		}
	}
	if o := judge(phaseConnect, io.EOF, 3); o.after != 4*hostTime {
		t.Errorf("the third time a server is left alone for %s", o.after)
	}
	if o := judge(phaseConnect, io.EOF, 1000); o.after != hostMost {
		t.Errorf("in the end a server is left alone for %s", o.after)
	}
}

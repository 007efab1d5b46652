package email

import (
	"brood/jobs"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func TestJudge(t *testing.T) {
	reply := func(code int, enhanced smtp.EnhancedCode, text string) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
	}
	none := smtp.EnhancedCodeNotSet
	for _, c := range []struct {
		at      phase
		err     error
		verdict jobs.Verdict
		status  string
		class   jobs.Class
		after   time.Duration
	}{
		{phaseConnect, errors.New("connection refused"), jobs.VerdictRetry, "deferred", jobs.ClassConnect, 0},
		{phaseConnect, reply(421, smtp.EnhancedCode{4, 3, 2}, "busy"), jobs.VerdictThrottle, "deferred", classBusy, busyTime},
		{phaseDot, reply(421, none, "closing"), jobs.VerdictThrottle, "deferred", classBusy, busyTime},
		{phaseRcpt, reply(450, smtp.EnhancedCode{4, 2, 0}, "greylisted"), jobs.VerdictRetry, "deferred", classGrey, greyTime},
		{phaseRcpt, reply(451, smtp.EnhancedCode{4, 7, 1}, "try later"), jobs.VerdictRetry, "deferred", classGrey, greyTime},
		{phaseRcpt, reply(452, smtp.EnhancedCode{4, 5, 3}, "too many recipients"), jobs.VerdictRetry, "deferred", classReply, 0},
		{phaseRcpt, reply(452, smtp.EnhancedCode{4, 2, 2}, "full"), jobs.VerdictRetry, "deferred", classFull, fullTime},
		{phaseRcpt, reply(552, smtp.EnhancedCode{5, 2, 2}, "full"), jobs.VerdictRetry, "deferred", classFull, fullTime},
		{phaseDot, reply(454, none, "Throttling failure: Maximum sending rate exceeded."), jobs.VerdictThrottle, "deferred", classBusy, 0},
		{phaseMail, reply(454, none, "Throttling failure: Daily message quota exceeded."), jobs.VerdictAbort, "deferred", classBusy, 0},
		{phaseMail, reply(530, smtp.EnhancedCode{5, 7, 0}, "must authenticate"), jobs.VerdictAbort, "deferred", classAuth, 0},
		{phaseAuth, reply(535, smtp.EnhancedCode{5, 7, 8}, "bad credentials"), jobs.VerdictAbort, "deferred", classAuth, 0},
		{phaseAuth, reply(454, smtp.EnhancedCode{4, 7, 0}, "temporary authentication failure"), jobs.VerdictRetry, "deferred", classGrey, greyTime},
		{phaseRcpt, reply(550, smtp.EnhancedCode{5, 1, 1}, "no such user"), jobs.VerdictFailed, "bounced", classBounce, 0},
		{phaseRcpt, reply(550, smtp.EnhancedCode{5, 1, 10}, "null MX"), jobs.VerdictFailed, "bounced", classBounce, 0},
		{phaseRcpt, reply(550, smtp.EnhancedCode{5, 2, 1}, "disabled"), jobs.VerdictFailed, "bounced", classBounce, 0},
		{phaseRcpt, reply(550, none, "no such user"), jobs.VerdictFailed, "bounced", classBounce, 0},
		{phaseDot, reply(550, smtp.EnhancedCode{5, 7, 1}, "policy"), jobs.VerdictFailed, "bounced", classPolicy, 0},
		{phaseDot, reply(554, smtp.EnhancedCode{5, 7, 26}, "unauthenticated"), jobs.VerdictFailed, "bounced", classPolicy, 0},
		{phaseMail, reply(552, smtp.EnhancedCode{5, 3, 4}, "too large"), jobs.VerdictFailed, "bounced", classContent, 0},
		{phaseDot, reply(554, none, "transaction failed"), jobs.VerdictFailed, "bounced", classReply, 0},
		{phaseMail, io.EOF, jobs.VerdictRetry, "deferred", jobs.ClassConnect, 0},
		{phaseData, io.EOF, jobs.VerdictRetry, "deferred", jobs.ClassConnect, 0},
		{phaseDot, io.EOF, jobs.VerdictUnknown, "unknown", jobs.ClassConnect, 0},
		{phaseConnect, &tlsError{errors.New("not offered")}, jobs.VerdictAbort, "deferred", classTLS, 0},
	} {
		o := judge(c.at, c.err)
		if o.verdict != c.verdict || o.status != c.status || o.class != c.class || o.after != c.after {
			t.Errorf("%s, %v: %s, %s, %s, after %s; want %s, %s, %s, after %s", c.at, c.err, o.verdict, o.status, o.class, o.after, c.verdict, c.status, c.class, c.after)
		}
	}
}

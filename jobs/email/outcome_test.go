package email

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"errors"
	"io"
	"testing"
	"time"
)

// TestJudge: what it means that a conversation broke off.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		at      reply.Phase
		err     error
		verdict jobs.Verdict
		status  string
		class   jobs.Class
		after   time.Duration
		holds   jobs.Delays
	}{
		{reply.Connect, errors.New("connection refused"), jobs.VerdictRetry, "deferred", jobs.ClassConnect, reply.HostTime, jobs.DelaysAll},
		{reply.Mail, io.EOF, jobs.VerdictRetry, "deferred", jobs.ClassConnect, 0, 0},
		{reply.Data, io.EOF, jobs.VerdictRetry, "deferred", jobs.ClassConnect, 0, 0},
		{reply.Dot, io.EOF, jobs.VerdictUnknown, "unknown", jobs.ClassConnect, 0, 0},
		{reply.Dot, &partialError{[]string{"a"}, []string{"b"}, &reply.Reply{Code: 450, Text: "no"}}, jobs.VerdictUnknown, "unknown", reply.ClassPartial, 0, 0},
		{reply.Connect, &tlsError{errors.New("not offered")}, jobs.VerdictAbort, "deferred", reply.ClassTLS, 0, 0},
	} {
		o := judge(c.at, c.err, 1)
		if o.Verdict != c.verdict || o.Status != c.status || o.Class != c.class || o.After != c.after || o.Holds != c.holds {
			t.Errorf("%s, %v: %s, %s, %s, after %s for %d; want %s, %s, %s, after %s for %d", c.at, c.err, o.Verdict, o.Status, o.Class, o.After, o.Holds, c.verdict, c.status, c.class, c.after, c.holds)
		}
	}
}

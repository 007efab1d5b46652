package email

import (
	"brood/jobs"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// phase is how far a message had come on its way.
type phase string

// The phases of RFC 5321: dot is from the final dot on.
const (
	phaseConnect phase = "connect"
	phaseAuth    phase = "auth"
	phaseMail    phase = "mail"
	phaseRcpt    phase = "rcpt"
	phaseData    phase = "data"
	phaseDot     phase = "dot"
)

// outcome is what became of a message, or will.
type outcome struct {
	verdict  jobs.Verdict
	status   string // the column email_status
	class    jobs.Class
	after    time.Duration // before another try; 0 leaves it to the engine
	phase    phase
	code     int
	enhanced string
	text     string
}

// The classes of replies.
const (
	classBounce  jobs.Class = "bounce"  // there is no such mailbox
	classPolicy  jobs.Class = "policy"  // the sender, or the message, is not wanted
	classContent jobs.Class = "content" // too large
	classFull    jobs.Class = "full"    // the mailbox is full
	classGrey    jobs.Class = "greylisted"
	classBusy    jobs.Class = "busy" // the server wants less
	classAuth    jobs.Class = "auth"
	classTLS     jobs.Class = "tls"
	classReply   jobs.Class = "reply" // any other
)

const (
	greyTime = 5 * time.Minute
	fullTime = 30 * time.Minute
	busyTime = 30 * time.Second
)

// judge says what an error in a phase means: RFC 5321, RFC 3463, and what the
// large providers document of their own.
func judge(at phase, err error) outcome {
	o := outcome{phase: at, verdict: jobs.VerdictRetry, status: "deferred", class: jobs.ClassConnect}
	var reply *smtp.SMTPError
	if !errors.As(err, &reply) {
		o.text = err.Error()
		var tls *tlsError
		switch {
		case errors.As(err, &tls):
			// Trying again would not make it safe.
			o.verdict, o.class = jobs.VerdictAbort, classTLS
		case at == phaseDot:
			// The server may have taken it, and the answer was lost.
			o.verdict, o.status = jobs.VerdictUnknown, "unknown"
		}
		return o
	}
	o.code, o.text = reply.Code, strings.ReplaceAll(reply.Message, "\n", " ")
	enhanced := reply.EnhancedCode
	if enhanced != smtp.EnhancedCodeNotSet && enhanced != smtp.NoEnhancedCode {
		o.enhanced = fmt.Sprintf("%d.%d.%d", enhanced[0], enhanced[1], enhanced[2])
	}
	o.rule()
	return o
}

// rule applies the table of replies.
func (o *outcome) rule() {
	said := strings.ToLower(o.text)
	is := func(list ...string) bool {
		for _, e := range list {
			if o.enhanced == e {
				return true
			}
		}
		return false
	}
	set := func(v jobs.Verdict, status string, class jobs.Class, after time.Duration) {
		o.verdict, o.status, o.class, o.after = v, status, class, after
	}
	switch {
	case strings.Contains(said, "daily message quota"):
		set(jobs.VerdictAbort, "deferred", classBusy, 0)
	case o.code == 454 && (strings.Contains(said, "throttling") || strings.Contains(said, "sending rate")):
		set(jobs.VerdictThrottle, "deferred", classBusy, 0)
	case o.code == 421:
		set(jobs.VerdictThrottle, "deferred", classBusy, busyTime)
	case o.code == 530 || o.code == 534 || o.code == 535 || o.code == 538:
		set(jobs.VerdictAbort, "deferred", classAuth, 0)
	case o.phase == phaseAuth && o.code >= 500:
		set(jobs.VerdictAbort, "deferred", classAuth, 0)
	case is("4.2.2", "5.2.2"):
		set(jobs.VerdictRetry, "deferred", classFull, fullTime)
	case o.code == 450 || o.code == 451 || is("4.2.1") || strings.HasPrefix(o.enhanced, "4.7."):
		set(jobs.VerdictRetry, "deferred", classGrey, greyTime)
	case o.code >= 400 && o.code < 500:
		set(jobs.VerdictRetry, "deferred", classReply, 0)
	case is("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4", "5.2.1"):
		set(jobs.VerdictFailed, "bounced", classBounce, 0)
	case is("5.3.4", "5.2.3") || o.code == 552:
		set(jobs.VerdictFailed, "bounced", classContent, 0)
	case strings.HasPrefix(o.enhanced, "5.7."):
		set(jobs.VerdictFailed, "bounced", classPolicy, 0)
	case (o.code == 550 || o.code == 551 || o.code == 553) && o.phase == phaseRcpt && o.enhanced == "":
		set(jobs.VerdictFailed, "bounced", classBounce, 0)
	default:
		set(jobs.VerdictFailed, "bounced", classReply, 0)
	}
}

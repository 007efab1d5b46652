package email

import (
	"brood/jobs"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
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
	holds    jobs.Delays   // who waits so long
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
	classPartial jobs.Class = "partial" // some of the recipients have it
	classReply   jobs.Class = "reply"   // any other
)

const (
	greyTime = 5 * time.Minute
	fullTime = 30 * time.Minute
	// hostTime is how long nobody calls a server again that has sent us away, the
	// first time; then twice as long, up to hostMost.
	hostTime = 10 * time.Second
	hostMost = 5 * time.Minute
)

// judge says what an error in a phase means: RFC 5321, RFC 3463, and what the
// large providers document of their own. Attempt is which try of the record this
// was, from 1.
func judge(at phase, err error, attempt int) outcome {
	o := outcome{phase: at, verdict: jobs.VerdictRetry, status: "deferred", class: jobs.ClassConnect}
	var some *partialError
	if errors.As(err, &some) {
		// Another try would write to those again who have it.
		o = judge(at, some.err, attempt)
		o.verdict, o.status, o.class, o.after, o.holds = jobs.VerdictUnknown, "unknown", classPartial, 0, jobs.DelaysDefault
		return o
	}
	host := min(hostTime<<min(attempt-1, 10), hostMost)
	var said *reply
	if errors.As(err, &said) {
		o.code, o.enhanced, o.text = said.code, said.enhanced, said.text
		o.rule(host)
		return o
	}
	o.text = err.Error()
	var unsafe *tlsError
	switch {
	case errors.As(err, &unsafe):
		// Trying again would not make it safe.
		o.verdict, o.class = jobs.VerdictAbort, classTLS
	case at == phaseDot:
		// The server may have taken it, and the answer was lost.
		o.verdict, o.status = jobs.VerdictUnknown, "unknown"
	case at == phaseConnect || at == phaseAuth:
		o.after, o.holds = host, jobs.DelaysAll
	}
	return o
}

// policyWords are in replies about who sends, or what, where no enhanced code says so.
var policyWords = regexp.MustCompile(`\b(spam|spamhaus|blocked|block ?list|black ?list|dnsbl|rbl|listed|reputation|policy|dmarc|dkim|spf)`)

// rule applies the table of replies; host is how long a server is left alone.
func (o *outcome) rule(host time.Duration) {
	said := strings.ToLower(o.text)
	is := func(list ...string) bool { return slices.Contains(list, o.enhanced) }
	set := func(v jobs.Verdict, status string, class jobs.Class, after time.Duration, holds jobs.Delays) {
		o.verdict, o.status, o.class, o.after, o.holds = v, status, class, after, holds
	}
	switch {
	case strings.Contains(said, "daily") && (strings.Contains(said, "quota") || strings.Contains(said, "limit")):
		set(jobs.VerdictAbort, "deferred", classBusy, 0, 0)
	case o.code == 454 && (strings.Contains(said, "throttling") || strings.Contains(said, "sending rate")):
		set(jobs.VerdictThrottle, "deferred", classBusy, time.Second, jobs.DelaysAll)
	case o.code == 421:
		set(jobs.VerdictRetry, "deferred", classBusy, host, jobs.DelaysAll)
	case o.code == 530 || o.code == 534 || o.code == 535 || o.code == 538 || is("5.7.8"):
		set(jobs.VerdictAbort, "deferred", classAuth, 0, 0)
	case o.phase == phaseAuth && o.code >= 500:
		set(jobs.VerdictAbort, "deferred", classAuth, 0, 0)
	case o.phase == phaseAuth:
		set(jobs.VerdictRetry, "deferred", classAuth, host, jobs.DelaysAll)
	case o.phase == phaseConnect && o.code >= 500:
		// It speaks with nobody from here, whatever the record.
		set(jobs.VerdictAbort, "deferred", classPolicy, 0, 0)
	case o.phase == phaseConnect:
		set(jobs.VerdictRetry, "deferred", classBusy, host, jobs.DelaysAll)
	case is("4.2.2", "5.2.2"):
		set(jobs.VerdictRetry, "deferred", classFull, fullTime, 0)
	case is("4.5.3"):
		set(jobs.VerdictRetry, "deferred", classBusy, 0, 0)
	case o.code == 450 || o.code == 451 || is("4.2.1") || strings.HasPrefix(o.enhanced, "4.7."):
		set(jobs.VerdictRetry, "deferred", classGrey, greyTime, jobs.DelaysKey)
	case o.code >= 400 && o.code < 500:
		set(jobs.VerdictRetry, "deferred", classReply, 0, 0)
	case o.phase == phaseMail && o.code != 552 && !is("5.3.4", "5.6.7"):
		// It is the sender who is refused, whoever the recipient.
		set(jobs.VerdictFailed, "bounced", classPolicy, 0, 0)
	case is("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4", "5.2.1"):
		set(jobs.VerdictFailed, "bounced", classBounce, 0, 0)
	case is("5.3.4", "5.2.3") || o.code == 552:
		set(jobs.VerdictFailed, "bounced", classContent, 0, 0)
	case strings.HasPrefix(o.enhanced, "5.7.") || (o.enhanced == "" && policyWords.MatchString(said)):
		set(jobs.VerdictFailed, "bounced", classPolicy, 0, 0)
	case (o.code == 550 || o.code == 551 || o.code == 553) && o.phase == phaseRcpt && o.enhanced == "":
		set(jobs.VerdictFailed, "bounced", classBounce, 0, 0)
	default:
		set(jobs.VerdictFailed, "bounced", classReply, 0, 0)
	}
}

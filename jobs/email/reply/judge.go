package reply

import (
	"brood/jobs"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Phase is how far a message had come on its way.
type Phase string

// The phases of RFC 5321: dot is from the final dot on.
const (
	Connect Phase = "connect"
	Auth    Phase = "auth"
	Mail    Phase = "mail"
	Rcpt    Phase = "rcpt"
	Data    Phase = "data"
	Dot     Phase = "dot"
)

// Outcome is what became of a message, or will.
type Outcome struct {
	Verdict  jobs.Verdict
	Status   string // the column email_status: sent, deferred, bounced or unknown
	Class    jobs.Class
	After    time.Duration // before another try; 0 leaves it to the engine
	Holds    jobs.Delays   // who waits so long
	Phase    Phase
	Code     int    // 0: nothing was said
	Enhanced string // empty: there was none
	Text     string
}

// The classes of replies.
const (
	ClassBounce  jobs.Class = "bounce"  // there is no such mailbox
	ClassPolicy  jobs.Class = "policy"  // the sender, or the message, is not wanted
	ClassContent jobs.Class = "content" // too large
	ClassFull    jobs.Class = "full"    // the mailbox is full
	ClassGrey    jobs.Class = "greylisted"
	ClassBusy    jobs.Class = "busy" // the server wants less
	ClassAuth    jobs.Class = "auth"
	ClassTLS     jobs.Class = "tls"
	ClassPartial jobs.Class = "partial" // some of the recipients have it
	ClassReply   jobs.Class = "reply"   // any other
)

// How long is waited.
const (
	GreyTime = 5 * time.Minute
	FullTime = 30 * time.Minute
	// HostTime is how long nobody calls a server again that has sent us away, the
	// first time; then twice as long, up to HostMost.
	HostTime = 10 * time.Second
	HostMost = 5 * time.Minute
)

// Judge says what a reply means that came in a phase: RFC 5321, RFC 3463, and what the
// large providers document of their own. Attempt is which try of the record this was,
// from 1.
func Judge(at Phase, said *Reply, attempt int) Outcome {
	o := Outcome{Phase: at, Verdict: jobs.VerdictRetry, Status: "deferred", Class: jobs.ClassConnect, Code: said.Code, Enhanced: said.Enhanced, Text: said.Text}
	o.Rule(LeftAlone(attempt))
	return o
}

// LeftAlone is how long nobody calls a server again that has sent a record away.
func LeftAlone(attempt int) time.Duration { return min(HostTime<<min(attempt-1, 10), HostMost) }

// policyWords are in replies about who sends, or what, where no enhanced code says so.
var policyWords = regexp.MustCompile(`\b(spam|spamhaus|blocked|block ?list|black ?list|dnsbl|rbl|listed|reputation|policy|dmarc|dkim|spf)`)

// Rule applies the table of replies; host is how long a server is left alone.
func (o *Outcome) Rule(host time.Duration) {
	said := strings.ToLower(o.Text)
	is := func(list ...string) bool { return slices.Contains(list, o.Enhanced) }
	set := func(v jobs.Verdict, status string, class jobs.Class, after time.Duration, holds jobs.Delays) {
		o.Verdict, o.Status, o.Class, o.After, o.Holds = v, status, class, after, holds
	}
	switch {
	case strings.Contains(said, "daily") && (strings.Contains(said, "quota") || strings.Contains(said, "limit")):
		set(jobs.VerdictAbort, "deferred", ClassBusy, 0, 0)
	case o.Code == 454 && (strings.Contains(said, "throttling") || strings.Contains(said, "sending rate")):
		set(jobs.VerdictThrottle, "deferred", ClassBusy, time.Second, jobs.DelaysAll)
	case o.Code == 421:
		set(jobs.VerdictRetry, "deferred", ClassBusy, host, jobs.DelaysAll)
	case o.Code == 530 || o.Code == 534 || o.Code == 535 || o.Code == 538 || is("5.7.8"):
		set(jobs.VerdictAbort, "deferred", ClassAuth, 0, 0)
	case o.Phase == Auth && o.Code >= 500:
		set(jobs.VerdictAbort, "deferred", ClassAuth, 0, 0)
	case o.Phase == Auth:
		set(jobs.VerdictRetry, "deferred", ClassAuth, host, jobs.DelaysAll)
	case o.Phase == Connect && o.Code >= 500:
		// It speaks with nobody from here, whatever the record.
		set(jobs.VerdictAbort, "deferred", ClassPolicy, 0, 0)
	case o.Phase == Connect:
		set(jobs.VerdictRetry, "deferred", ClassBusy, host, jobs.DelaysAll)
	case is("4.2.2", "5.2.2"):
		set(jobs.VerdictRetry, "deferred", ClassFull, FullTime, 0)
	case is("4.5.3"):
		set(jobs.VerdictRetry, "deferred", ClassBusy, 0, 0)
	case o.Code == 450 || o.Code == 451 || is("4.2.1") || strings.HasPrefix(o.Enhanced, "4.7."):
		set(jobs.VerdictRetry, "deferred", ClassGrey, GreyTime, jobs.DelaysKey)
	case o.Code >= 400 && o.Code < 500:
		set(jobs.VerdictRetry, "deferred", ClassReply, 0, 0)
	case o.Phase == Mail && o.Code != 552 && !is("5.3.4", "5.6.7"):
		// It is the sender who is refused, whoever the recipient.
		set(jobs.VerdictFailed, "bounced", ClassPolicy, 0, 0)
	case is("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4", "5.2.1"):
		set(jobs.VerdictFailed, "bounced", ClassBounce, 0, 0)
	case is("5.3.4", "5.2.3") || o.Code == 552:
		set(jobs.VerdictFailed, "bounced", ClassContent, 0, 0)
	case strings.HasPrefix(o.Enhanced, "5.7.") || (o.Enhanced == "" && policyWords.MatchString(said)):
		set(jobs.VerdictFailed, "bounced", ClassPolicy, 0, 0)
	case (o.Code == 550 || o.Code == 551 || o.Code == 553) && o.Phase == Rcpt && o.Enhanced == "":
		set(jobs.VerdictFailed, "bounced", ClassBounce, 0, 0)
	default:
		set(jobs.VerdictFailed, "bounced", ClassReply, 0, 0)
	}
}

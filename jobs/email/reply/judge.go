package reply

import (
	"brood/jobs"
	"slices"
	"strings"
	"time"
)

// Judge says what a reply means that came in a phase: RFC 5321, RFC 3463, and what the
// large providers document of their own. Attempt is which try of the record this was,
// from 1.
func Judge(at Phase, said *Reply, attempt int) Outcome {
	o := Outcome{Phase: at, Code: said.Code, Enhanced: said.Enhanced, Text: said.Text}
	o.Rule(LeftAlone(attempt))
	return o
}

// Rule applies the table of replies; host is how long a server is left alone. What the
// words say counts before the codes, as providers choose words with more care; and a
// mailbox is dead only if something says so, see subjectOf.
func (o *Outcome) Rule(host time.Duration) {
	about := subjectOf(o)
	o.Hint = about.hint()
	if o.Code < 500 || crowded(o.Phase, o.Code, o.Text) {
		o.later(about, host)
		return
	}
	set := func(v jobs.Verdict, status string, class jobs.Class, after time.Duration) {
		o.Verdict, o.Status, o.Class, o.After, o.Holds = v, status, class, after, 0
	}
	switch {
	case o.credentials():
		set(jobs.VerdictAbort, "deferred", ClassAuth, 0)
		o.Hint = ofLogin.hint()
	case about == ofLogin:
		set(jobs.VerdictAbort, "deferred", ClassAuth, 0)
	case about == ofQuota, about == ofSender, about == ofRelay, o.Phase == Auth, o.Phase == Connect:
		set(jobs.VerdictAbort, "deferred", ClassSender, 0)
	case o.Phase == Mail && about != ofSize && o.Enhanced != "5.6.7":
		// It is the sender who is refused, whoever the recipient.
		set(jobs.VerdictAbort, "deferred", ClassSender, 0)
	case about == ofFull, about == ofStorage:
		set(jobs.VerdictRetry, "deferred", ClassFull, FullTime)
	case about == ofNobody:
		set(jobs.VerdictFailed, "bounced", ClassBounce, 0)
	case about == ofSize:
		set(jobs.VerdictFailed, "bounced", ClassContent, 0)
	case about == ofPolicy, about == ofTempo:
		set(jobs.VerdictFailed, "bounced", ClassPolicy, 0)
	default:
		set(jobs.VerdictFailed, "bounced", ClassReply, 0)
	}
	if o.Class == ClassSender && o.Hint == "" {
		o.Hint = ofSender.hint()
	}
}

// credentials reports whether a permanent refusal is about who logs in: RFC 4954.
func (o *Outcome) credentials() bool {
	return slices.Contains([]int{530, 534, 535, 538}, o.Code) || o.Enhanced == "5.7.8"
}

// later applies the table to replies that ask to come back.
func (o *Outcome) later(about subject, host time.Duration) {
	set := func(v jobs.Verdict, class jobs.Class, after time.Duration, holds jobs.Delays) {
		o.Verdict, o.Status, o.Class, o.After, o.Holds = v, "deferred", class, after, holds
	}
	is := func(list ...string) bool { return slices.Contains(list, o.Enhanced) }
	switch {
	case crowded(o.Phase, o.Code, o.Text):
		set(jobs.VerdictRetry, ClassBusy, host, jobs.DelaysFewer)
	case about == ofQuota:
		set(jobs.VerdictAbort, ClassBusy, 0, 0)
	case about == ofTempo && o.Code == 454:
		set(jobs.VerdictThrottle, ClassBusy, time.Second, jobs.DelaysAll)
	case o.Code == 421 && o.Phase == Connect: // it may be why
		set(jobs.VerdictRetry, ClassBusy, host, jobs.DelaysFewer)
	case o.Code == 421:
		set(jobs.VerdictRetry, ClassBusy, host, jobs.DelaysAll)
	case o.Phase == Auth:
		set(jobs.VerdictRetry, ClassAuth, host, jobs.DelaysAll)
	case o.Phase == Connect:
		set(jobs.VerdictRetry, ClassBusy, host, jobs.DelaysAll)
	case about == ofLogin:
		set(jobs.VerdictAbort, ClassAuth, 0, 0)
	case about == ofRelay: // Postfix says so with 454 4.7.1
		set(jobs.VerdictAbort, ClassSender, 0, 0)
	case about == ofStorage:
		set(jobs.VerdictRetry, ClassBusy, host, jobs.DelaysAll)
	case about == ofFull:
		set(jobs.VerdictRetry, ClassFull, FullTime, 0)
	case is("4.5.3"):
		set(jobs.VerdictRetry, ClassBusy, 0, 0)
	case o.Code == 450 || o.Code == 451 || is("4.2.1") || strings.HasPrefix(o.Enhanced, "4.7."):
		set(jobs.VerdictRetry, ClassGrey, GreyTime, jobs.DelaysKey)
	default:
		set(jobs.VerdictRetry, ClassReply, 0, 0)
	}
}

// hint says what can be done about a refusal that is about us.
func (s subject) hint() string {
	switch s {
	case ofQuota:
		return "the sender's limit is used up: go on when it is renewed"
	case ofLogin:
		return "the server wants to know who sends: give the user in --transport, and the password with --password-file"
	case ofRelay:
		return "the server does not relay for this sender: log in (a user in --transport, --password-file), or use the server that takes your mail"
	case ofSender:
		return "it is the sender who is refused, not the recipient: look at --from, at --return-path, and at what the account may send"
	default:
		return ""
	}
}

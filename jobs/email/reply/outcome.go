package reply

import (
	"brood/jobs"
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
	// Hint says what can be done about a refusal of the sender; empty: nobody knows.
	Hint string
}

// The classes of replies.
const (
	ClassBounce  jobs.Class = "bounce"  // there is no such mailbox
	ClassSender  jobs.Class = "sender"  // the sender is refused, whoever the recipient
	ClassPolicy  jobs.Class = "policy"  // the sender's name, or the message, is not wanted there
	ClassContent jobs.Class = "content" // too large
	ClassFull    jobs.Class = "full"    // the mailbox is full, or takes no more for now
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

// LeftAlone is how long nobody calls a server again that has sent a record away.
func LeftAlone(attempt int) time.Duration { return min(HostTime<<min(attempt-1, 10), HostMost) }

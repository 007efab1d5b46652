package email

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"slices"
	"time"
)

// doubtTime is how long a record waits whose refusal another one is to confirm; twice as long
// the second time. It is long enough for the next message, and short enough for a list of one.
const doubtTime = 300 * time.Millisecond

// doubtMost bounds how many records are remembered.
const doubtMost = 1000

// doubts are about refusals of the sender that come in the middle of a transaction. They stop
// the run; but what a server says of a recipient may be worded so, when it is another server
// that says it, and one row may have a sender of its own: a run must not stop at the same record
// for ever. So the first is a reason to try another record, and only if that is refused as
// well, with nothing taken in between, it is the sender. It costs no try, and uses no
// record up.
type doubts struct {
	taken int  // messages, by this worker
	open  bool // there was a refusal, and nothing was taken since
	last  jobs.Seq
	seen  map[jobs.Seq]doubt // the records that were refused so
}

// doubt is about one record.
type doubt struct {
	taken int // messages, when it was refused first
	times int // it was
}

// sent notes that a message was taken.
func (d *doubts) sent() { d.taken, d.open = d.taken+1, false }

// weigh makes of a refusal of the sender what it is worth.
func (d *doubts) weigh(seq jobs.Seq, o *reply.Outcome) {
	if o.Verdict != jobs.VerdictAbort || !doubtful(o) {
		return
	}
	if d.open && d.last != seq {
		return // another one is refused as well
	}
	was := d.seen[seq]
	switch {
	case was.times > 0 && d.taken == 0:
		return // there is no other, and never was
	case was.times > 0 && d.taken > was.taken, was.times > 1:
		// Others are sent, or were, and this one is not: it is about the record.
		o.Verdict, o.Hint = jobs.VerdictFailed, ""
		if o.Code >= 500 {
			o.Status = statusBounced
		}
		return
	case was.times == 0:
		was.taken = d.taken
		if len(d.seen) >= doubtMost || d.seen == nil {
			d.seen = make(map[jobs.Seq]doubt)
		}
	}
	was.times++
	d.open, d.last, d.seen[seq] = true, seq, was
	o.Verdict, o.After, o.Holds = jobs.VerdictThrottle, time.Duration(was.times)*doubtTime, jobs.DelaysRecord
}

// doubtful reports whether a refusal may be about the record after all: not if it came
// before there was one, and not if its code says that the login is missing.
func doubtful(o *reply.Outcome) bool {
	return slices.Contains([]reply.Phase{reply.Mail, reply.Rcpt, reply.Data, reply.Dot}, o.Phase) &&
		slices.Contains([]jobs.Class{reply.ClassSender, reply.ClassBusy, reply.ClassAuth}, o.Class) &&
		!slices.Contains([]int{530, 534, 535, 538}, o.Code)
}

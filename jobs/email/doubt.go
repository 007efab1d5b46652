package email

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"slices"
	"sync"
	"time"
)

const (
	// doubtTime is how long a record waits at least whose refusal another one is to confirm.
	doubtTime = 300 * time.Millisecond
	// doubtEnough is how many records must be refused in a row that have not been tried before,
	// and doubtEnoughAgain if they have been.
	doubtEnough, doubtEnoughAgain = 2, 5
	// doubtMost bounds how many records are remembered.
	doubtMost = 1000
)

// doubts are about refusals of the sender that come in the middle of a transaction. They stop
// the run; but what a server says of a recipient may be worded so, when it is another server
// that says it, and one row may have a sender of its own: a run must not stop at the same record
// for ever. So the first is a reason to try another record, and only if that is refused as
// well, with nothing taken in between, it is the sender. It costs the first record a try, so
// that one that is refused whenever it comes ends, in this session or in a later one.
type doubts struct {
	mu    sync.Mutex
	taken int // messages, by this worker
	row   int // refusals since then, of different records
	fresh int // of them of records that had not been tried before
	seen  map[jobs.Seq]int
}

// sent notes that a message was taken.
func (d *doubts) sent() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken, d.row, d.fresh = d.taken+1, 0, 0
}

// weigh makes of a refusal of the sender what it is worth, for a record that is tried for the
// so manieth time, from 1.
func (d *doubts) weigh(seq jobs.Seq, attempt int, o *reply.Outcome) {
	if o.Verdict != jobs.VerdictAbort || !doubtful(o) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	by, before := d.seen[seq]
	if before && by < d.taken {
		// Others were sent since, and this one is not: it is about the record.
		o.Verdict = jobs.VerdictFailed
		if o.Code >= 500 {
			o.Status = statusBounced
		}
		return
	}
	if !before {
		d.row++
		if attempt == 1 {
			d.fresh++
		}
		if d.seen == nil || len(d.seen) >= doubtMost {
			d.seen = make(map[jobs.Seq]int)
		}
		d.seen[seq] = d.taken
	}
	alone := before && d.taken == 0 && d.row == 1 // there is no other
	if alone || d.fresh >= doubtEnough || d.row >= doubtEnoughAgain {
		return
	}
	o.Verdict, o.After = jobs.VerdictRetry, doubtTime
}

// doubtful reports whether a refusal may be about the record after all: not if it came
// before there was one, and not if its code says that the login is missing.
func doubtful(o *reply.Outcome) bool {
	return slices.Contains([]reply.Phase{reply.Mail, reply.Rcpt, reply.Data, reply.Dot}, o.Phase) &&
		slices.Contains([]jobs.Class{reply.ClassSender, reply.ClassBusy, reply.ClassAuth}, o.Class) &&
		!slices.Contains([]int{530, 534, 535, 538}, o.Code)
}

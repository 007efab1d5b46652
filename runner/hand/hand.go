// Package hand is the seam between a slot and who answers for its batches: a worker
// process of this machine, or whoever stands for one elsewhere. A slot gives batches to
// a hand and takes answers in; when the hand has gone, it says what it left behind, and
// the slot decides about that. Package handtest has the suite of tests that any
// implementation must pass.
//
// Its timeout and limits a hand keeps itself, and says so by Stopped: for a process of
// this machine that is done by the session's watch.
//
// What a hand must keep: where it has one record in hand at a time, records are worked on in the
// order in which they were given, and answered in it; where it can have several, in any. Where repeating a record costs something, an answer that the hand
// has made is never lost: it comes by Next, or it is among what remains, or, if this
// process dies as well, the next session finds it. The records that the hand had in hand
// when it ended are said to be so; one that it had not begun is not.
package hand

import (
	"brood/jobs"
	"brood/worker/wire"
	"math"
	"time"
)

// Hand answers for batches. Give, Worn, Allowance, Leave and what comes after it are
// called by the slot, Next and Taken by who listens for it: two goroutines, the second of
// which ends before Leave returns.
type Hand interface {
	// Begin says that from here on this hand works for the slot, and no other does.
	Begin()
	// Give passes on a batch of so many records, a Batch frame of package wire. It may
	// wait until the hand takes it. That the hand has gone is no error: Next ends.
	Give(frame []byte, records int) error
	// Next returns the payload of the next Answers frame, valid until the next call, and
	// io.EOF when there will be no more. Any other error means that what the hand says
	// makes no sense: it ends.
	Next() ([]byte, error)
	// Taken notes that the answers to so many more records were taken in. Ack, if there is
	// one, is to be told upTo when the ledger has all that they came to: the hand need not
	// keep them any more.
	Taken(records int) (ack Ack, upTo uint64)
	// Stopped says at which limit a record was stopped; nil: it was not.
	Stopped(seq jobs.Seq, try int) *Limit
	// Worn is how worn out the hand is: from 1 on it should be replaced, and somewhat
	// before that the next one be made ready.
	Worn() float64
	// Allowance is how many more records it should be given before it is replaced.
	Allowance() uint64
	// Leave lets the hand go, which finishes what it has, and waits until it has gone.
	// Somebody must call Next until that ends.
	Leave() (Exit, error)
	// Kill ends it at once; Next ends. It may be called at any time, and again. What it had in hand is lost as by a death: for this
	// is how a hand ends whose words make no sense. Where the run itself is ended at once
	// its hands are told so by the context that they were made with, and what remains says
	// so: the loss is of ClassKilled, ordered, and no record is blamed.
	Kill()
	// Remains says what the hand has left behind when it has gone; broken is why what it
	// said could not be understood, if that was so: then all answers that it made are left,
	// those that were taken in as well. It is called once, after Leave.
	Remains(broken error) (Remains, error)
	// NoteLoss keeps what is about to be decided of the record in hand where the death of
	// this process cannot touch it, before Clear forgets that it was in hand. Crashes is how
	// many workers have died with it, with this one. It returns what Taken does.
	NoteLoss(in InHand, l *Loss, crashes int) (ack Ack, upTo uint64, err error)
	// Clear forgets what was in hand, so that the next hand of the slot can begin.
	Clear()
}

// Ack is told up to which of its notes the ledger has what they say. Slot is whose notes
// they are, from 1.
type Ack interface {
	Ack(upTo uint64)
	Slot() int
}

// Unlimited is the allowance of a hand that is not worn out by records.
const Unlimited = math.MaxUint64

// Limit is the limit at which a record was stopped.
type Limit struct {
	Class jobs.Class // one of jobs.LossClasses
	Text  string     // for people: what was too much, and how much there may be
}

// Exit is how a hand has gone.
type Exit struct {
	// Clean says that it left as it was told to.
	Clean bool
	// Text says how, for people.
	Text string
	// Name says who it was, for people: "worker 4711".
	Name   string
	PID    int           // 0: it is no process of this machine
	CPU    time.Duration // that it used
	MaxRSS int64         // bytes; 0: not known
}

// Remains is what a hand has left behind.
type Remains struct {
	// Dropped are the records that it had in hand, each with why nobody knows what became of it.
	Dropped []Dropped
	// Loss is why it ended, as one of them; its Blamed and Took are of the first, if there is one.
	Loss Loss
	// Left are the answers that it made and that have not come by Next, by record.
	Left map[jobs.Seq]*wire.Note
	// Lost says that nobody can tell what it had in hand, as what it left behind is damaged:
	// whatever it was given, and has not answered, may have been begun. Loss says why.
	Lost bool
	// How says how it ended, for people, and Said the last that it said. Ordered says that it
	// was told to end at once, so that nobody need be told.
	How, Said string
	Ordered   bool
}

// Dropped is a record that was in hand when its hand ended.
type Dropped struct {
	InHand
	Loss Loss
}

// Find is the record among those that were dropped, or nil.
func (r *Remains) Find(in InHand) *Dropped {
	for i := range r.Dropped {
		if r.Dropped[i].InHand == in {
			return &r.Dropped[i]
		}
	}
	return nil
}

// InHand is one try of one record.
type InHand struct {
	Seq jobs.Seq
	Try int
}

// Loss is why nobody knows what became of a record.
type Loss struct {
	Class jobs.Class // one of jobs.LossClasses
	Text  string     // for people
	// Blamed says that the record may be the cause, as it was in hand when its
	// worker died: that counts against --max-crashes.
	Blamed bool
	// Suspect says that it may be the cause, or another that was in hand as well: it is tried
	// again alone, so that it is known which.
	Suspect bool
	Took    time.Duration
}

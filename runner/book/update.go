package book

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/sink"
	"sync"
	"time"
)

// Update is what a slot or the source tells the book at a time: results that
// are final, formatted, and what else the ledger should know.
type Update struct {
	Buf   []byte
	spans []span
	// passed are records of other shards, in order: see Pass.
	passed []stretch
	// Joblog is the lines of these records for the joblog, if there is one.
	Joblog []byte
	// Printed is what commands have printed for them, if that is wanted.
	Printed []sink.Printed

	Outcomes     []ledger.Outcome // of the final records those that are not ok
	Attempts     []ledger.Attempt
	Retries      []ledger.Retry
	LeftRetries  []jobs.Seq // final records that had been waiting for a retry
	Deaths       []ledger.Death
	SettledNotes []jobs.Seq // of an earlier session
	Freed        []string   // keys that other runs may have
	Slots        int        // there may be so many from now on; 0: no news
	Intents      []ledger.Intent
	Bygone       *ledger.Bygone // how many records are let go of
	Owed         []ledger.Owed  // what a queue is to be answered for final records
	// Config is what a resume needs to know from now on; nil: no news.
	Config []byte
	// Throttled is how many tries ended as the far side had asked to go slower; they are in Retries as well.
	Throttled int
	Durable   chan struct{} // closed when all of this is in the ledger; nil if nobody waits
	took      []uint8       // how long tries took, each as its size
	busy      time.Duration
	// Ack is told, when all of this is in the ledger, how far that settles its notes;
	// nil: it has none.
	Ack     Ack
	AckUpTo uint64
}

// Ack is told up to which of its notes the ledger has what they say. Slot is whose notes
// they are, from 1.
type Ack interface {
	Ack(upTo uint64)
	Slot() int
}

// span is records that follow one another, and where their bytes end in buf.
type span struct {
	first jobs.Seq
	count int
	end   int
	// amends says that the record has a row in the output already, from when
	// it was unknown. Such a span is of that record alone.
	amends bool
}

// stretch is records that are not worked on here. Known says that the ledger knows that already.
type stretch struct {
	first jobs.Seq
	count int
	known bool
}

var updates = sync.Pool{New: func() any { return &Update{} }}

// NewUpdate returns an empty update, which the book frees, or Free.
func NewUpdate() *Update { return updates.Get().(*Update) }

// Free gives an update back that is not needed any more.
func (u *Update) Free() {
	if cap(u.Buf) > 4*updateBytes {
		u.Buf = nil
	}
	u.Buf, u.spans, u.passed, u.Joblog = u.Buf[:0], u.spans[:0], u.passed[:0], u.Joblog[:0]
	u.Outcomes, u.Attempts, u.Retries = u.Outcomes[:0], u.Attempts[:0], u.Retries[:0]
	u.LeftRetries, u.Deaths, u.SettledNotes, u.Freed = u.LeftRetries[:0], u.Deaths[:0], u.SettledNotes[:0], u.Freed[:0]
	u.took, u.busy, u.Throttled = u.took[:0], 0, 0
	u.Owed, u.Bygone = u.Owed[:0], nil
	u.Printed = nil
	u.Intents, u.Durable, u.Ack, u.Slots, u.Config = nil, nil, nil, 0, nil
	updates.Put(u)
}

// updateBytes is how much an update may hold before it should be sent. There may be one in
// hand for every slot, and one for each on the way.
const updateBytes = 64 << 10

// Large reports whether an update should be sent before more is added.
func (u *Update) Large() bool {
	return u != nil && (len(u.Outcomes) >= 4096 || len(u.passed) >= 4096 || len(u.Buf)+len(u.Joblog) >= updateBytes || len(u.Printed) >= 256)
}

// Empty reports whether there is nothing for the book to know.
func (u *Update) Empty() bool {
	return len(u.spans) == 0 && len(u.passed) == 0 && len(u.Attempts) == 0 && len(u.Retries) == 0 && len(u.Deaths) == 0 &&
		len(u.Intents) == 0 && u.Bygone == nil && len(u.SettledNotes) == 0 && u.Ack == nil
}

// Took notes how long a try took.
func (u *Update) Took(d time.Duration) {
	u.took = append(u.took, ledger.TookBucket(d))
	u.busy += max(d, 0)
}

// Count is how many records are final by it.
func (u *Update) Count() int {
	n := 0
	for _, s := range u.spans {
		n += s.count
	}
	return n
}

// Pass adds a record that another shard works on: it has no results here, and the chunk that it is in need not wait for
// it. Known says that the chunk is closed. The source, which alone calls it, comes by in order, in each session anew.
func (u *Update) Pass(seq jobs.Seq, known bool) {
	if n := len(u.passed); n > 0 {
		if s := &u.passed[n-1]; s.first+jobs.Seq(s.count) == seq && s.known == known {
			s.count++
			return
		}
	}
	u.passed = append(u.passed, stretch{first: seq, count: 1, known: known})
}

// Final adds a record whose bytes have just been appended to buf. It amends if the
// record has a row in the output already, from when it was unknown.
func (u *Update) Final(seq jobs.Seq, amends bool) {
	if amends {
		u.spans = append(u.spans, span{first: seq, count: 1, end: len(u.Buf), amends: true})
		return
	}
	if n := len(u.spans); n > 0 {
		if s := &u.spans[n-1]; s.first+jobs.Seq(s.count) == seq && !s.amends {
			s.count++
			s.end = len(u.Buf)
			return
		}
	}
	u.spans = append(u.spans, span{first: seq, count: 1, end: len(u.Buf)})
}

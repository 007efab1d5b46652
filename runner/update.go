package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/worker/wire"
	"sync"
)

// update is what a slot or the source tells the book at a time: results that
// are final, formatted, and what else the ledger should know.
type update struct {
	buf   []byte
	spans []span

	outcomes     []ledger.Outcome // of the final records those that are not ok
	attempts     []ledger.Attempt
	retries      []ledger.Retry
	leftRetries  []jobs.Seq // final records that had been waiting for a retry
	deaths       []ledger.Death
	settledNotes []jobs.Seq // of an earlier session
	freed        []string   // keys that other runs may have
	slots        int        // there may be so many from now on; 0: no news
	intents      []ledger.Intent
	durable      chan struct{} // closed when all of this is in the ledger; nil if nobody waits
	// When all of this is in the ledger, so are the notes of a slot up to a
	// number; nil if there are none.
	page  *wire.Page
	noted uint64
	// again are records that go back to the feed, after the book has been told
	// why: what becomes of their next try must not reach it before.
	again []*feed.Retry
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

var updates = sync.Pool{New: func() any { return &update{} }}

func newUpdate() *update { return updates.Get().(*update) }

func (u *update) free() {
	if cap(u.buf) > 4<<20 {
		u.buf = nil
	}
	u.buf, u.spans = u.buf[:0], u.spans[:0]
	u.outcomes, u.attempts, u.retries = u.outcomes[:0], u.attempts[:0], u.retries[:0]
	u.leftRetries, u.deaths, u.settledNotes, u.freed = u.leftRetries[:0], u.deaths[:0], u.settledNotes[:0], u.freed[:0]
	u.intents, u.durable, u.page, u.slots = nil, nil, nil, 0
	updates.Put(u)
}

// updateBytes is how much an update may hold before it should be sent.
const updateBytes = 256 << 10

// large reports whether an update should be sent before more is added.
func (u *update) large() bool {
	return u != nil && (len(u.outcomes) >= 4096 || len(u.buf) >= updateBytes)
}

func (u *update) empty() bool {
	return len(u.spans) == 0 && len(u.attempts) == 0 && len(u.retries) == 0 && len(u.deaths) == 0 &&
		len(u.intents) == 0 && len(u.settledNotes) == 0 && u.page == nil
}

// final adds a record whose bytes have just been appended to buf.
func (u *update) final(r *session, seq jobs.Seq) {
	if r.redone[seq] {
		u.spans = append(u.spans, span{first: seq, count: 1, end: len(u.buf), amends: true})
		return
	}
	if n := len(u.spans); n > 0 {
		if s := &u.spans[n-1]; s.first+jobs.Seq(s.count) == seq && !s.amends {
			s.count++
			s.end = len(u.buf)
			return
		}
	}
	u.spans = append(u.spans, span{first: seq, count: 1, end: len(u.buf)})
}

// fail adds a record that ended otherwise than ok. What o says counts, out
// brings what the job has made of it, if anything.
func (u *update) fail(r *session, rec *jobs.Record, o ledger.Outcome, out *sink.Outcome) {
	out.Status, out.Class, out.Error, out.Attempts = o.Status, o.Class, o.Error, o.Attempts
	if out.Values == nil {
		out.Values = r.endedValues(o.Status, o.Class)
	}
	u.buf = r.encoder.AppendRow(u.buf, rec, out)
	u.final(r, rec.Seq)
	u.outcomes = append(u.outcomes, o)
	if o.Status != jobs.StatusSkipped {
		r.countHalt(0, 1)
	}
}

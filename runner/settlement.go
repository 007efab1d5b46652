package runner

import (
	"brood/jobs"
	"brood/runner/book"
	"brood/runner/feed"
	"brood/runner/ledger"
	"brood/runner/sink"
)

// settlement is what has been decided about some records: what the book must know, and
// which records go back to the feed. These go there after the book has been told why:
// what becomes of their next try must not reach it before.
type settlement struct {
	*book.Update
	again []*feed.Retry
}

func newSettlement() *settlement { return &settlement{Update: book.NewUpdate()} }

// send hands a settlement to the book, and then the records that are to be tried
// again to the feed.
func (r *session) send(u *settlement) error {
	n := u.Count()
	if u.Empty() {
		u.Free()
	} else {
		r.updates <- u.Update
	}
	r.feed.CloseRecords(n)
	for _, x := range u.again {
		if err := r.feed.Again(x); err != nil {
			return err
		}
	}
	return nil
}

// row adds the row of a record that ended otherwise than ok. What o says counts, out
// brings what the job has made of it, if anything.
func (r *session) row(u *settlement, rec *jobs.Record, o ledger.Outcome, out *sink.Outcome) {
	out.Status, out.Class, out.Error, out.Attempts = o.Status, o.Class, o.Error, o.Attempts
	if out.Values == nil {
		out.Values = r.endedValues(o.Status, o.Class)
	}
	u.Buf = r.encoder.AppendRow(u.Buf, rec, out)
	u.Final(rec.Seq, r.redone[rec.Seq])
	u.Outcomes = append(u.Outcomes, o)
	if o.Status != jobs.StatusSkipped {
		r.countHalt(0, 1)
	}
}

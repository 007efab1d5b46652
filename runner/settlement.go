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
func (s *settler) send(u *settlement) error {
	n := u.Count()
	if u.Empty() {
		u.Free()
	} else {
		s.updates <- u.Update
	}
	s.feed.CloseRecords(n)
	for _, x := range u.again {
		if err := s.feed.Again(x); err != nil {
			return err
		}
	}
	return nil
}

// row adds the row of a record that ended otherwise than ok. What o says counts, out
// brings what the job has made of it, if anything.
func (s *settler) row(u *settlement, rec *jobs.Record, o ledger.Outcome, out *sink.Outcome) {
	out.Status, out.Class, out.Error, out.Attempts = o.Status, o.Class, o.Error, o.Attempts
	if out.Values == nil {
		out.Values = s.endedValues(o.Status, o.Class)
	}
	u.Buf = s.encoder.AppendRow(u.Buf, rec, out)
	u.Final(rec.Seq, s.redone[rec.Seq])
	u.Outcomes = append(u.Outcomes, o)
	if o.Status != jobs.StatusSkipped {
		s.countHalt(0, 1)
	}
}

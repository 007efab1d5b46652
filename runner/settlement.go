package runner

import (
	"brood/runner/book"
	"brood/runner/feed"
	"time"
)

// settlement is what has been decided about some records: what the book must know, and
// which records go back to the feed. These go there after the book has been told why:
// what becomes of their next try must not reach it before.
type settlement struct {
	*book.Update
	again []*feed.Retry
	ended []feed.Ending // if others may wait for that
	after time.Duration // of the record that is about to be given back
	tries int           // that it has had by then
}

func newSettlement() *settlement { return &settlement{Update: book.NewUpdate()} }

// sendPart hands on what a settlement has so far, and leaves it empty: rows may be many times
// as long as the answers they are made of.
func (s *settler) sendPart(u *settlement) error {
	part := *u
	*u = *newSettlement()
	return s.send(&part)
}

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
	s.feed.EndLeads(u.ended)
	for _, x := range u.again {
		if err := s.feed.Again(x); err != nil {
			return err
		}
	}
	return nil
}

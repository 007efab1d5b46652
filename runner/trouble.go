package runner

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"brood/runner/reasons"
	"sync"
)

// trouble is why records of a session failed or are unknown. Slots and the source add to
// it at the same time.
type trouble struct {
	mu    sync.Mutex
	tally *reasons.Tally
}

// failureOf is a record that has ended so. It borrows that.
func (s *settler) failureOf(rec *jobs.Record, o *ledger.Outcome) *reasons.Failure {
	return failure(rec, o, s.placeAt(dataset.Position{File: o.Place.File, Line: o.Place.Line}))
}

func failure(rec *jobs.Record, o *ledger.Outcome, place string) *reasons.Failure {
	return &reasons.Failure{Seq: rec.Seq, Place: place, Status: o.Status, Class: o.Class, Error: o.Error, Values: reasons.ValuesOf(rec)}
}

// add notes a record that has ended so. It is borrowed.
func (t *trouble) add(f *reasons.Failure) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tally.Add(f)
}

// Groups are the reasons, see reasons.Tally.
func (t *trouble) Groups() (groups []reasons.Group, rest uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tally.Groups()
}

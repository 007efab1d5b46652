package runner

import (
	"brood/jobs"
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

// add notes a record that has ended so. It is borrowed.
func (t *trouble) add(rec *jobs.Record, o *ledger.Outcome, place string) {
	f := &reasons.Failure{Seq: rec.Seq, Place: place, Status: o.Status, Class: o.Class, Error: o.Error, Values: reasons.ValuesOf(rec)}
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

package runner

import (
	"brood/jobs"
	"brood/runner/spec"
	"brood/worker/wire"
	"encoding/json"
	"time"
)

// loss is why nobody knows what became of a record.
type loss struct {
	class jobs.Class // one of jobs.LossClasses
	text  string
	// blamed says that the record may be the cause, as it was in hand when its
	// worker died: that counts against --max-crashes.
	blamed bool
	took   time.Duration
}

// noteLoss keeps a loss where the death of this process cannot touch it, before
// the page that says so is used again.
func (s *slot) noteLoss(t *try, l loss) error {
	if !s.r.feed.NeedsIntents() {
		return nil
	}
	w := wire.Loss{Class: l.class, Error: l.text, TookMS: l.took.Milliseconds(), Blamed: l.blamed}
	if l.blamed {
		w.Crashes = s.r.feed.CrashesOf(t.Seq) + 1
	}
	p, err := json.Marshal(w)
	if err != nil {
		return err
	}
	note := wire.Note{Time: wire.Now(), Seq: t.Seq, Try: t.rec.Attempt, Kind: wire.NoteLoss, Payload: p}
	if err := s.notes.Append(&note); err != nil {
		return &spec.WriteError{Err: err}
	}
	s.notes.Unmap()
	s.noted = note.Number
	return nil
}

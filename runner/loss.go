package runner

import (
	"brood/jobs"
	"brood/runner/ledger"
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

// lose decides about a record that was in hand when its worker ended, by what
// it would cost to do it again.
//
//	effect  default   what it comes to
//	none    retry     again; failed after --max-crashes deaths
//	keyed   retry     again under the same key, while that is alive; unknown
//	                  after --max-crashes deaths
//	once    hold      unknown
func (r *session) lose(u *settlement, t *try, l loss) {
	crashes := 0
	if l.blamed {
		crashes = r.feed.Crash(t.Seq)
	}
	u.Attempts = append(u.Attempts, ledger.Attempt{
		Seq: t.Seq, Attempt: t.rec.Attempt, At: time.Now(), Verdict: ledger.Lost(l.class), Class: l.class, Error: l.text, Elapsed: l.took, Slot: t.slot,
	})
	switch {
	case r.cfg.OnUnknown == spec.OnUnknownSkip:
		r.giveUp(u, t, jobs.StatusSkipped, &l, mayBeDone+l.text)
	case r.cfg.OnUnknown == spec.OnUnknownHold:
		r.giveUp(u, t, jobs.StatusUnknown, &l, l.text)
	case !l.blamed:
		// It was interrupted through no fault of its own: the same try again.
		r.sendAgain(u, t, t.rec.Attempt, time.Now(), false)
	case crashes < r.cfg.MaxCrashes:
		r.sendAgain(u, t, t.rec.Attempt+1, time.Now(), true)
	case r.cfg.Effect == jobs.EffectNone:
		r.giveKeyBack(u, t)
		r.giveUp(u, t, jobs.StatusFailed, &l, l.text)
	default:
		r.giveUp(u, t, jobs.StatusUnknown, &l, l.text)
	}
}

// mayBeDone is said of records that are skipped though they may have been done.
const mayBeDone = "it may or may not have been done: "

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

package feed

import (
	"brood/jobs"
	"fmt"
	"time"
)

// Observes reports whether anybody looks whether things go well.
func (f *Feed) Observes() bool { return f.adapting != nil || f.breaker != nil }

// Observe notes how a try has ended, for those who look whether things go well. For a
// worker that was stopped, or died, res is nil; class is then why, and otherwise that of
// the result or of the limit at which it was stopped. What is returned is news of the
// breaker for the user, or empty.
func (f *Feed) Observe(seq jobs.Seq, res *jobs.Result, class jobs.Class, took time.Duration) (news string) {
	if !f.Observes() {
		return ""
	}
	begun := time.Now().Add(-took - time.Millisecond) // it is given in whole ones
	verdict := jobs.VerdictUnknown
	if res != nil {
		verdict = res.Verdict
	}
	if f.adapting != nil && verdict != jobs.VerdictAbort {
		slow := (verdict == jobs.VerdictThrottle && res.Delays != jobs.DelaysRecord) || class == jobs.ClassTimeout || class == jobs.ClassConnect
		if slow || res != nil {
			f.adapting.note(slow, begun)
		}
	}
	switch verdict {
	case jobs.VerdictThrottle, jobs.VerdictAbort:
		f.Undecided(seq)
	case jobs.VerdictOK, jobs.VerdictSkipped:
		return f.noteBreaker(seq, begun, false)
	case jobs.VerdictRetry, jobs.VerdictFailed, jobs.VerdictUnknown:
		return f.noteBreaker(seq, begun, f.breakerSpec.Counts(string(class)))
	}
	return ""
}

func (f *Feed) noteBreaker(seq jobs.Seq, begun time.Time, failed bool) (news string) {
	if f.breaker == nil {
		return ""
	}
	f.mu.Lock()
	changed, text := f.breaker.Note(time.Now(), uint64(seq), begun, failed)
	f.mu.Unlock()
	if !changed {
		return ""
	}
	f.poke()
	return fmt.Sprintf("--breaker %s: %s", f.breakerSpec, text)
}

// Undecided notes that a record has come back without having been tried.
func (f *Feed) Undecided(seq jobs.Seq) {
	if f.breaker == nil {
		return
	}
	f.mu.Lock()
	f.breaker.Back(uint64(seq))
	f.mu.Unlock()
	f.poke()
}

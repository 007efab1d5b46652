package runner

import (
	"brood/jobs"
	"brood/runner/intake"
	"fmt"
)

// readsAll reports whether also what is final must be read: the keys of all records are needed,
// or it must be known how many were chosen.
func (s *source) readsAll() bool { return (s.admission != nil && s.r.inbox == nil) || s.countsChosen() }

// countsChosen reports whether records that are left out do not count for the limit.
func (s *source) countsChosen() bool { return s.chooser != nil && s.r.cfg.RecordLimit > 0 }

// choose reports whether the record at hand is to be worked on, and settles it otherwise. One
// that has been in hand was chosen.
func (s *source) choose(final bool) bool {
	if _, begun := s.past.Notes[s.seq]; begun {
		return true
	}
	yes, err := s.chooser.Chooses(s.record())
	switch {
	case yes || final:
		return yes
	case err != nil:
		s.refuse(jobs.StatusFailed, jobs.ClassInput, fmt.Sprintf("%s: %v", s.r.placeAt(s.rec.Pos), err))
	default:
		s.rows.Differs()
		s.refuse(jobs.StatusSkipped, jobs.ClassWhere, intake.NotChosen)
	}
	s.leaveRetry()
	return false
}

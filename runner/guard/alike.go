package guard

import (
	"brood/jobs"
	"brood/runner/reasons"
	"slices"
)

// Enough is how many first records must end alike.
const Enough = 20

// Alike says whether the first records of a session have all come to the same bad end:
// with the same status and class, for the same reason.
type Alike struct {
	tally *reasons.Tally
	n     uint64
	over  bool
}

// NewAlike returns a guard that has seen nothing.
func NewAlike() *Alike { return &Alike{tally: reasons.NewTally(1)} }

// Over reports whether it is decided.
func (a *Alike) Over() bool { return a.over }

// Differs takes in that a record has ended well, or in a way that shows that the job works.
func (a *Alike) Differs() { a.over = true }

// Bad takes in how a record has ended otherwise. It returns the reason that they have in
// common when they are Enough; that is said once.
func (a *Alike) Bad(f *reasons.Failure) *reasons.Group {
	if a.over {
		return nil
	}
	a.tally.Add(f)
	a.n++
	groups, _ := a.tally.Groups()
	switch {
	case len(groups) != 1 || groups[0].Records != a.n:
		a.over = true
	case a.n == Enough:
		a.over = true
		return &groups[0]
	}
	return nil
}

// Word is what the end of a record says about the job.
type Word uint8

// The words.
const (
	Nothing Word = iota // it was ended without the job
	Well                // the job works
	Ill                 // it may be the job
)

// WordOf is what it says that a record has ended so. Uncertain says that it may have been
// done though it is skipped.
func WordOf(status jobs.Status, class jobs.Class, uncertain bool) Word {
	switch {
	case slices.Contains([]jobs.Class{jobs.ClassDuplicate, jobs.ClassExpired, jobs.ClassKilled, jobs.ClassInterrupted}, class):
		return Nothing
	case status == jobs.StatusOK, status == jobs.StatusSkipped && !uncertain:
		return Well
	}
	return Ill
}

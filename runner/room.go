package runner

import (
	"brood/runner/proc"
	"brood/runner/spec"
	"context"
	"fmt"
	"syscall"
)

// MakeRoom is called before a run begins: it fails if this process could not work for want
// of threads or memory, and returns what is to be Setting.Scarce.
func MakeRoom() (scarce bool, err error) {
	if scarce, err = proc.MakeRoom(); err != nil {
		return scarce, &spec.WriteError{Err: err}
	}
	return scarce, nil
}

// threadsAhead is how many threads a worker makes before it is ready.
func (r *session) threadsAhead() int {
	const ofWorker = 8 // as many as it was seen to have
	if r.Scarce {
		return ofWorker
	}
	return 0
}

// programs is how many processes the workers there are may need for theirs.
const programs = 2

// tryChild starts a worker once and shakes hands. Where threads are scarce it is looked
// first whether there is room for it, and one is started after the other: a worker that
// gets no thread can only die of it. So it is where starts at the same time have taken
// descriptors from one another.
func (s *slot) tryChild(ctx context.Context) (*child, error) {
	if s.r.Scarce || s.r.crowded.Load() {
		s.r.starting.Lock()
		defer s.r.starting.Unlock()
	}
	if s.r.Scarce {
		need := proc.ThreadsOfWorker + programs*s.r.family.Live()
		if left, limited := proc.ThreadRoom(); limited && left < need {
			return nil, fmt.Errorf("another worker needs %d processes and threads, and %d are left: %w", need, left, syscall.EAGAIN)
		}
	}
	c, err := s.launch()
	if err != nil {
		return nil, err
	}
	if err := c.handshake(ctx); err != nil {
		return nil, c.failedStart(err)
	}
	return c, nil
}

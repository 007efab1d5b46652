package runner

import (
	"brood/runner/spec"
	"fmt"
	"sync/atomic"
)

// halting counts what this session has made final, for --halt.
type halting struct {
	ok, failed atomic.Uint64
	stopped    atomic.Bool
}

// countHalt counts records that are final, and stops the run if they are enough.
// That happens before the worker is given anything else.
func (s *settler) countHalt(ok, failed uint64) {
	h := s.cfg.Halt
	if h.On == "" {
		return
	}
	success, fail := s.halting.ok.Add(ok), s.halting.failed.Add(failed)
	if !h.Reached(success, fail) || !s.halting.stopped.CompareAndSwap(false, true) {
		return
	}
	s.drain(&spec.HaltError{Reason: fmt.Sprintf("--halt %s: ok %d, failed or unknown %d", h, success, fail)})
	if h.Now {
		s.kill()
	}
}

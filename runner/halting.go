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
func (r *session) countHalt(ok, failed uint64) {
	h := r.cfg.Halt
	if h.On == "" {
		return
	}
	success, fail := r.halting.ok.Add(ok), r.halting.failed.Add(failed)
	if !h.Reached(success, fail) || !r.halting.stopped.CompareAndSwap(false, true) {
		return
	}
	r.drain(&spec.HaltError{Reason: fmt.Sprintf("--halt %s: ok %d, failed or unknown %d", h, success, fail)})
	if h.Now {
		r.kill()
	}
}

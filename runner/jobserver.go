package runner

import (
	"brood/runner/jobserver"
	"errors"
)

// openJobserver connects to the jobserver of make, if it offers one.
func (r *session) openJobserver(makeflags string) {
	c, err := jobserver.New(makeflags)
	if errors.Is(err, jobserver.ErrNone) {
		return
	}
	if err != nil {
		r.Term.Logf("%v; going on with -j %d", err, r.cfg.Slots)
		return
	}
	r.jobserver = c
}

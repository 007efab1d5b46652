package runner

import (
	"brood/jobs"
	"brood/runner/jobserver"
	"errors"
	"time"
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

// over reports whether all is final, and nothing more will come.
func (r *session) over() bool {
	select {
	case <-r.feed.Over():
		return true
	default:
		return false
	}
}

// observe notes how a try has ended, for those who look whether things go well, see
// feed.
func (r *session) observe(t *try, res *jobs.Result, class jobs.Class, took time.Duration) {
	if news := r.feed.Observe(t.Seq, res, class, took); news != "" {
		r.Term.Logf("%s", news)
	}
}

// tellPause says that the run waits, and why.
func (r *session) tellPause(why string, until time.Time) {
	r.Term.Logf("paused until %s: %s", until.Format(time.DateTime), why)
}

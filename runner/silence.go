package runner

import (
	"brood/runner/reasons"
	"brood/worker/wire"
	"context"
	"time"
)

const (
	// silenceTime is how long a program may be silent with its first record before it is
	// said: who waits for an answer that stands in a buffer waits for ever.
	silenceTime = 30 * time.Second
	silenceLook = time.Second
)

const flushHint = "Does the program flush its output after every line? (python3 -u; flush=True; stdbuf -oL; fflush)"

// silentFor is how long the record in hand has been waiting for its answer, at a time;
// that the run was suspended until another does not count.
func silentFor(now time.Duration, h inHand, resumed time.Duration) time.Duration {
	if !h.busy || h.since == 0 {
		return 0
	}
	return now - max(h.since, resumed)
}

// noteSilence says once if a program of the user's has not answered anything for long.
func (r *session) noteSilence(ctx context.Context) {
	if !r.cfg.Plan.OwnProgram {
		return
	}
	for sleep(ctx, silenceLook) && !r.guarding.works.Load() {
		for _, s := range r.crew.all() {
			c := s.live.Load()
			if c == nil {
				continue
			}
			h := c.inHand()
			if silentFor(wire.Now(), h, time.Duration(r.resumed.Load())) < silenceTime {
				continue
			}
			r.Term.Logf("%s: the program has not answered for %s, nor anything before. %s", reasons.Where(h.seq, r.guarding.placeOf(h.seq)), silenceTime, flushHint)
			return
		}
	}
}

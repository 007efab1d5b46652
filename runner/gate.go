package runner

import (
	"brood/jobs"
	"brood/runner/jobserver"
	"brood/runner/pace"
	"context"
	"errors"
	"math"
	"time"
)

// gate says how many slots may work. It is guarded by the feed's lock.
type gate struct {
	allowed int // slots
	working int // slots that have a permit
	barred  int // slots that wait for one
	// held says why nothing new is begun at all, or is empty.
	shut string
	// shed says that workers which have nothing to do are to leave, as memory
	// is short.
	shed    bool
	changed chan struct{} // closed, and replaced, when it changes
}

func newGate() gate { return gate{allowed: math.MaxInt, changed: make(chan struct{})} }

// admits gives a slot a permit, or lets it keep the one it has; or takes it away,
// if there are too many.
func (g *gate) admits(s *slot) bool {
	if g.shut != "" || (s.permit && g.working > g.allowed) || (!s.permit && g.working >= g.allowed) {
		g.leave(s)
		return false
	}
	if !s.permit {
		s.permit = true
		g.working++
	}
	return true
}

// leave gives a slot's permit back, for another.
func (g *gate) leave(s *slot) {
	if !s.permit {
		return
	}
	s.permit = false
	if g.working--; g.barred > 0 && g.working < g.allowed {
		g.change()
	}
}

// change tells those who wait that the gate has changed. The caller holds the
// feed's lock.
func (g *gate) change() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// leave gives the permit of a slot back that has ended.
func (f *feed) leave(s *slot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gate.leave(s)
}

// allow lets so many slots work at a time.
func (g *gate) allow(n int) {
	if g.allowed != n {
		g.allowed = n
		g.change()
	}
}

// hold stops new work for a reason, or with none lets it go on.
func (f *feed) Shut(why string, shed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	// That the reason reads differently is no news for those who wait.
	news := (f.gate.shut == "") != (why == "") || f.gate.shed != shed
	if f.gate.shut, f.gate.shed = why, shed; news {
		f.gate.change()
	}
}

// adapting fits the number of records that are worked on to what the far side
// can do, see pace.Adaptive. It is nil where that was not asked for.
type adapting struct {
	feed           *feed
	*pace.Adaptive // guarded by the feed's lock
}

func newAdapting(f *feed, most int) *adapting {
	a := &adapting{feed: f, Adaptive: pace.NewAdaptive(most)}
	f.gate.allowed = a.Allowed() // nobody waits yet
	return a
}

// setMost follows a change of the number of slots.
func (a *adapting) setMost(n int) {
	if a == nil {
		return
	}
	a.feed.mu.Lock()
	a.SetMost(n)
	a.feed.gate.allow(a.Allowed())
	a.feed.mu.Unlock()
}

// note notes how a try has ended.
func (a *adapting) note(slow bool, begun time.Time) {
	now := time.Now()
	a.feed.mu.Lock()
	if slow {
		a.Slow(now, begun)
	} else {
		a.OK(now, a.feed.gate.working)
	}
	a.feed.gate.allow(a.Allowed())
	a.feed.mu.Unlock()
}

// atFloor reports whether nothing less can be done at a time.
func (a *adapting) atFloor() bool {
	a.feed.mu.Lock()
	defer a.feed.mu.Unlock()
	return a.Allowed() <= 1
}

// observe notes how a try has ended, for those who look whether things go well.
// For a worker that was stopped, or died, res is nil.
func (r *session) observe(t *try, res *jobs.Result, class jobs.Class, took time.Duration) {
	if r.adapting == nil && r.feed.breaker == nil {
		return
	}
	begun := time.Now().Add(-took - time.Millisecond) // it is given in whole ones
	verdict := jobs.VerdictUnknown
	if res != nil {
		verdict = res.Verdict
	}
	if r.adapting != nil && verdict != jobs.VerdictAbort {
		slow := (verdict == jobs.VerdictThrottle && res.Delays != jobs.DelaysRecord) || class == jobs.ClassTimeout || class == jobs.ClassConnect
		if slow || res != nil {
			r.adapting.note(slow, begun)
		}
	}
	switch verdict {
	case jobs.VerdictThrottle, jobs.VerdictAbort:
		r.feed.undecided(t.seq)
	case jobs.VerdictOK, jobs.VerdictSkipped:
		r.noteBreaker(t.seq, begun, false)
	case jobs.VerdictRetry, jobs.VerdictFailed, jobs.VerdictUnknown:
		r.noteBreaker(t.seq, begun, r.cfg.Breaker.Counts(string(class)))
	}
}

func (r *session) noteBreaker(seq jobs.Seq, begun time.Time, failed bool) {
	f := r.feed
	if f.breaker == nil {
		return
	}
	f.mu.Lock()
	changed, text := f.breaker.Note(time.Now(), uint64(seq), begun, failed)
	f.mu.Unlock()
	if changed {
		r.Term.Logf("--breaker %s: %s", r.cfg.Breaker, text)
		f.poke()
	}
}

// undecided notes that a record has come back without having been tried.
func (f *feed) undecided(seq jobs.Seq) {
	if f.breaker == nil {
		return
	}
	f.mu.Lock()
	f.breaker.Back(uint64(seq))
	f.mu.Unlock()
	f.poke()
}

// tokens is what a slot needs where make's jobserver gives out how much may be
// done at a time. A nil server gives everything.
type tokens struct {
	server *jobserver.Client
	has    bool
	token  jobserver.Token
	since  time.Time
}

// tokenTime is how long a token is kept while there is work: others may wait for
// it.
const tokenTime = 100 * time.Millisecond

// take waits for a token, if there is none yet. It returns false if ctx has
// ended. If the jobserver breaks down the run goes on without.
func (k *tokens) take(ctx context.Context) bool {
	if k.server == nil || k.has {
		return true
	}
	t, err := k.server.Take(ctx)
	if ctx.Err() != nil {
		if err == nil {
			k.server.Put(t)
		}
		return false
	}
	if err != nil {
		k.server = nil
		return true
	}
	k.token, k.has, k.since = t, true, time.Now()
	return true
}

// put gives the token back.
func (k *tokens) put() {
	if k.has {
		k.server.Put(k.token)
		k.has = false
	}
}

// old reports whether it is time to let others have it.
func (k *tokens) old() bool { return k.has && time.Since(k.since) > tokenTime }

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

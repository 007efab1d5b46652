package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"brood/runner/guard"
	"brood/runner/hand"
	"brood/runner/ledger"
	"brood/runner/reasons"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// guarding is what package guard is asked of this session, by slots that work at the same
// time, and what is done about it.
type guarding struct {
	off     bool        // nothing is done about it
	works   atomic.Bool // a worker has answered
	differ  atomic.Bool // the first records have not all ended alike, or enough of them have
	begun   chan struct{}
	stopped atomic.Pointer[spec.AbortError] // why the session was stopped, if it was

	mu     sync.Mutex
	trial  *guard.Trial
	alike  *guard.Alike
	spread *guard.Spread
	given  map[jobs.Seq]string // where the records stand that were given out before there was an answer
	// before is how records stood that have ended a worker before there was an answer, and
	// wait for another try.
	before map[jobs.Seq]ledger.Retry
	// pause ends the session when nobody has decided; nil: it is not paused for that.
	pause *time.Timer
	why   string // it is
}

func newGuarding(cfg *spec.Config) *guarding {
	g := &guarding{
		off: cfg.NoGuard, begun: make(chan struct{}), given: make(map[jobs.Seq]string),
		before: make(map[jobs.Seq]ledger.Retry),
		trial:  guard.NewTrial(cfg.Slots, cfg.Plan.OwnProgram && cfg.Effect == jobs.EffectOnce && !cfg.NoGuard),
		alike:  guard.NewAlike(), spread: guard.NewSpread(nil),
	}
	if cfg.Plan.Suspect != nil {
		g.spread = guard.NewSpread(cfg.Plan.Suspect.Classes)
	}
	g.differ.Store(g.off)
	return g
}

// gives notes a record that is about to be given out, while nothing was answered.
func (s *settler) gives(it *feed.Item) {
	g := s.guarding
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.works.Load() {
		return
	}
	if len(g.given) == 0 {
		close(g.begun)
	}
	g.given[it.Seq] = s.placeOf(it)
}

// placeOf says where a record stands that was given out before there was an answer.
func (g *guarding) placeOf(seq jobs.Seq) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.given[seq]
}

// widen lets more records be given out when the first have not come to nothing soon.
func (r *session) widen(ctx context.Context) {
	g := r.guarding
	select {
	case <-g.begun:
	case <-ctx.Done():
	}
	if !sleep(ctx, guard.FewTime) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.trial.Widen()
	r.feed.Bound(g.trial.Room())
}

// workerWorks notes that a worker has answered.
func (s *settler) workerWorks() {
	g := s.guarding
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.works.Swap(true) {
		return
	}
	g.trial.Works()
	g.given, g.before = nil, nil
	s.feed.Bound(g.trial.Room())
}

// sparedTime is how long a record waits at least after a try that came to nothing, so that
// others are tried meanwhile, and sparedMost at most.
const (
	sparedTime = 200 * time.Millisecond
	sparedMost = time.Minute
)

// readSign takes in what an answer says about the set-up while nothing else was answered.
// It reports whether the record was not begun and is given out again: then it is settled.
func (s *settler) readSign(u *settlement, t *try, res *jobs.Result) bool {
	sign := guard.SignOf(res)
	switch sign {
	case guard.Works:
		s.workerWorks()
	case guard.Missing, guard.Unfound:
		spared := s.comesToNothing(t.Seq, true, res.Class, res.Error)
		if sign == guard.Unfound || !spared {
			return false
		}
		t.later = laterThan(res.Elapsed)
		s.sendAgain(u, t, &decision{next: t.rec.Attempt})
		return true
	case guard.Neither:
	}
	return false
}

func laterThan(took time.Duration) time.Duration { return min(sparedTime+4*took, sparedMost) }

// readDeath takes in the end of a hand that has never answered, while no other has. It
// reports whether the record that was in hand need not be to blame.
func (s *settler) readDeath(rest *hand.Remains) (spared bool) {
	if rest.Ordered || len(rest.Left) > 0 {
		return false
	}
	if len(rest.Dropped) == 0 { // or nobody knows what was
		s.comesToNothing(0, false, rest.Loss.Class, rest.Loss.Text)
		return false
	}
	return s.comesToNothing(rest.Dropped[0].Seq, true, rest.Loss.Class, rest.Loss.Text)
}

// putOff notes how a record stood before a try that ended its worker, and is to be tried
// again; another such note stays.
func (g *guarding) putOff(before ledger.Retry) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.works.Load() {
		return // another worker has answered since: nothing is taken back any more
	}
	if _, there := g.before[before.Seq]; !there {
		g.before[before.Seq] = before
	}
}

// isFinal notes that a record is.
func (g *guarding) isFinal(seq jobs.Seq) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.before, seq)
}

// acquit takes back what was held against records that wait for another try, where
// nothing works: they stand as before. Nothing else is being settled any more.
func (s *settler) acquit() {
	g := s.guarding
	if g.works.Load() || g.stopped.Load() == nil {
		return
	}
	u := newSettlement()
	for _, r := range g.before {
		u.Retries = append(u.Retries, r)
	}
	if len(u.Retries) > 0 {
		s.updates <- u.Update
	}
}

// comesToNothing takes in a try without an answer, and stops the session if it is clear
// that nothing works. Spared says that the record need not be blamed.
func (s *settler) comesToNothing(seq jobs.Seq, touched bool, class jobs.Class, text string) (spared bool) {
	g := s.guarding
	if g.off {
		return false
	}
	g.mu.Lock()
	spared, news := g.trial.Failed(seq, touched)
	tries := g.trial.Tries()
	s.feed.Bound(g.trial.Room())
	g.mu.Unlock()
	if news {
		s.stopFor(&spec.AbortError{
			Reason: fmt.Sprintf("nothing works: %d tries and not one answer, the last: %s", tries, reasons.Text(class, text)),
			Hint:   brokenHint(s.cfg, class),
		})
	}
	return spared
}

// brokenHint says what can be done about a run of which nothing works.
func brokenHint(cfg *spec.Config, class jobs.Class) string {
	hint := fmt.Sprintf("Nothing else was begun. Mend it, then: brood resume %s; or, to go on as it is: brood resume %s --no-guard", cfg.Name, cfg.Name)
	if class == jobs.ClassTimeout && cfg.Plan.OwnProgram {
		hint = flushHint + " " + hint
	}
	return hint
}

// stopFor ends the session as its set-up is broken.
func (s *settler) stopFor(err *spec.AbortError) {
	s.guarding.stopped.CompareAndSwap(nil, err)
	s.drain(err)
}

// readEnd takes in how a record has ended otherwise than well.
func (s *settler) readEnd(rec *jobs.Record, o *ledger.Outcome, uncertain bool) {
	g := s.guarding
	switch guard.WordOf(o.Status, o.Class, uncertain) {
	case guard.Nothing:
	case guard.Well: // what was passed over says nothing of who is written to, say
		g.mu.Lock()
		g.alike.Differs()
		g.differ.Store(g.spread.Over())
		g.mu.Unlock()
	case guard.Ill:
		f := s.failureOf(rec, o)
		g.mu.Lock()
		var err *spec.AbortError
		if which := s.cfg.Plan.Suspect; which != nil {
			if all := g.spread.Bad(f, which.Of(rec)); all != nil {
				err = spreadError(s.cfg, all)
			}
		}
		// Where there is a breaker for it, that decides.
		if err == nil && (s.cfg.Breaker.Of == 0 || !s.cfg.Breaker.Counts(string(o.Class))) {
			if all := g.alike.Bad(f); all != nil {
				err = alikeError(s.cfg, all)
			}
		}
		g.differ.Store(g.alike.Over() && g.spread.Over())
		g.mu.Unlock()
		if err != nil {
			s.pauseFor(err)
		}
	}
}

// endsDiffer notes that a record has ended well.
func (s *settler) endsDiffer() {
	g := s.guarding
	g.mu.Lock()
	defer g.mu.Unlock()
	g.alike.Differs()
	g.spread.Differs()
	g.differ.Store(true)
}

// decideTime is how long a session that is paused for its guard waits for somebody.
const decideTime = 10 * time.Minute

func alikeError(cfg *spec.Config, all *reasons.Group) *spec.AbortError {
	return &spec.AbortError{
		Reason: fmt.Sprintf("the first %d records all ended alike: %s", all.Records, all),
		Hint:   fmt.Sprintf("Mend what is wrong, then: brood resume %s; or, if that is how it should be: brood resume %s --no-guard", cfg.Name, cfg.Name),
	}
}

func spreadError(cfg *spec.Config, all *reasons.Group) *spec.AbortError {
	return &spec.AbortError{
		Reason: fmt.Sprintf("%d records that have nothing in common ended alike, and none well: %s", all.Records, all),
		Hint:   fmt.Sprintf("Mend what is wrong, then: brood resume %s, and for those that have failed: brood retry %s; or, if that is how it should be: brood resume %s --no-guard", cfg.Name, cfg.Name, cfg.Name),
	}
}

// pauseFor begins nothing more as the first records have all ended alike, and says so:
// where somebody sees that they may decide; elsewhere, or when nobody has, the session ends.
func (s *settler) pauseFor(err *spec.AbortError) {
	if !s.term.Seen() {
		s.stopFor(err)
		return
	}
	s.feed.Pause(true)
	g := s.guarding
	g.mu.Lock()
	g.why = err.Reason
	g.pause = time.AfterFunc(decideTime, func() { s.stopFor(err) })
	g.mu.Unlock()
	s.term.Logf("paused: %s", err.Reason)
	s.term.Logf("if that is how it should be: brood continue %s; if not, stop it with Ctrl-C, mend it, then: brood resume %s. After %s it ends by itself", s.cfg.Name, s.cfg.Name, decideTime)
}

// decided ends the pause of the guard: somebody has told the run to go on, or it is over.
func (g *guarding) decided() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pause != nil {
		g.pause.Stop()
		g.pause, g.why = nil, ""
	}
}

// pausedFor says why the guard has paused the session, or nothing.
func (g *guarding) pausedFor() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.why
}

// wasStopped reports whether it was the guard that has ended a session for a reason.
func (g *guarding) wasStopped(why error) bool {
	err := g.stopped.Load()
	return err != nil && errors.Is(why, err)
}

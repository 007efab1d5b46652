package runner

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/runner/reasons"
	"brood/runner/spec"
	"math/rand/v2"
	"strings"
	"time"
)

// throttleTime is how long everyone waits after a throttle verdict that does
// not say how long.
const throttleTime = time.Second

// mayBeDone is said of records that are skipped though they may have been done.
const mayBeDone = "it may or may not have been done: "

// policy is what decides about a record after a try, of what a run is asked to do.
type policy struct {
	effect     jobs.Effect
	onUnknown  spec.OnUnknown
	retries    int
	maxCrashes int
	backoffMin time.Duration
	backoffMax time.Duration
	random     func() float64 // in [0, 1)
}

func newPolicy(c *spec.Config) policy {
	return policy{
		effect: c.Effect, onUnknown: c.OnUnknown, retries: c.Retries, maxCrashes: c.MaxCrashes,
		backoffMin: c.BackoffMin, backoffMax: c.BackoffMax, random: rand.Float64,
	}
}

// decision is what becomes of a record after a try.
type decision struct {
	// status is how it ends; pending: it is tried again, as try number next, after a
	// time, and alone if it may have killed a worker.
	status  jobs.Status
	class   jobs.Class
	error   string
	next    int
	after   time.Duration
	suspect bool
	// recorded says that the try is worth a row of the ledger.
	recorded bool
	// freesKey says that the record certainly had no effect.
	freesKey bool
	// slows says who else waits, nil: nobody.
	slows *slowing
	// aborts says that nothing more is tried.
	aborts bool
}

// slowing is that others wait because of a record.
type slowing struct {
	who  jobs.Delays
	wait time.Duration
	// lessWillDo says that doing less at a time is enough, where that is adaptive and
	// there is less to do.
	lessWillDo bool
	// loud says that it is said if everybody has to wait.
	loud bool
}

// answered decides what the answer to a try means for its record, of which so many
// tries do not count: they have ended with a worker's death, or somebody has seen to it
// since then that the record is tried again.
//
//	verdict    again                              or it ends as
//	ok                                            ok
//	skipped                                       skipped
//	failed                                        failed
//	retry      while there are retries            failed
//	throttle   always, and it costs no try; at once, where fewer at a time will do
//	abort      when the run goes on, the same
//	unknown    with --on-unknown retry,           unknown; failed where repeating costs
//	           while there are retries            nothing; with --on-unknown skip skipped
func (p *policy) answered(attempt, uncounted int, res *jobs.Result) decision {
	switch res.Verdict {
	case jobs.VerdictOK:
		return decision{status: jobs.StatusOK}
	case jobs.VerdictThrottle:
		wait := res.RetryAfter
		if res.Delays == jobs.DelaysFewer {
			return decision{next: attempt}
		}
		if wait == 0 {
			wait = throttleTime
		}
		return decision{next: attempt, after: wait, slows: &slowing{who: res.Delays, wait: wait, lessWillDo: res.RetryAfter == 0}}
	case jobs.VerdictAbort:
		return decision{next: attempt, recorded: true, aborts: true}
	case jobs.VerdictUnknown:
		if p.onUnknown != spec.OnUnknownRetry {
			return p.nobodyKnows(res)
		}
		if d, ok := p.tryLater(attempt, uncounted, res); ok {
			return d
		}
		if p.effect != jobs.EffectNone {
			return p.nobodyKnows(res)
		}
	case jobs.VerdictRetry:
		var slows *slowing
		switch res.Delays {
		case jobs.DelaysFewer:
			// There cannot be fewer, or it would be a throttle: see turnedAway.
			slows = &slowing{who: jobs.DelaysAll, wait: res.RetryAfter, loud: true}
		case jobs.DelaysKey, jobs.DelaysAll:
			slows = &slowing{who: res.Delays, wait: res.RetryAfter, loud: true}
		case jobs.DelaysDefault, jobs.DelaysRecord:
		}
		d, ok := p.tryLater(attempt, uncounted, res)
		if !ok {
			d = decision{status: jobs.StatusFailed, class: res.Class, error: res.Error, recorded: true, freesKey: true}
		}
		d.slows = slows
		return d
	case jobs.VerdictSkipped:
		return decision{status: jobs.StatusSkipped, class: res.Class, error: res.Error, recorded: true, freesKey: true}
	case jobs.VerdictFailed:
	}
	return decision{status: jobs.StatusFailed, class: res.Class, error: res.Error, recorded: true, freesKey: true}
}

// tryLater is another try, if the record may have one.
func (p *policy) tryLater(attempt, uncounted int, res *jobs.Result) (decision, bool) {
	tries := attempt - uncounted
	if tries > p.retries {
		return decision{}, false
	}
	return decision{next: attempt + 1, after: max(p.backoff(tries), res.RetryAfter), recorded: true}, true
}

// nobodyKnows ends a record of which the job cannot tell whether it was done.
func (p *policy) nobodyKnows(res *jobs.Result) decision {
	if p.onUnknown == spec.OnUnknownSkip {
		return decision{status: jobs.StatusSkipped, class: res.Class, error: mayBeDone + res.Error, recorded: true}
	}
	text := res.Error
	if strings.HasPrefix(string(res.Class), "signal:") && p.effect != jobs.EffectNone {
		text += reasons.Harmless
	}
	return decision{status: jobs.StatusUnknown, class: res.Class, error: text, recorded: true}
}

// lost decides about a record that was in hand when its worker ended, by what
// it would cost to do it again. So many workers have died with it in hand, with this one
// if the record may be to blame.
//
//	effect  default   what it comes to
//	none    retry     again; failed after --max-crashes deaths
//	keyed   retry     again under the same key, while that is alive; unknown
//	                  after --max-crashes deaths
//	once    hold      unknown
func (p *policy) lost(attempt, crashes int, l *hand.Loss) decision {
	d := decision{class: l.Class, error: l.Text, recorded: true}
	switch {
	case p.onUnknown == spec.OnUnknownSkip:
		d.status, d.error = jobs.StatusSkipped, mayBeDone+l.Text
	case p.onUnknown == spec.OnUnknownHold:
		d.status = jobs.StatusUnknown
	case !l.Blamed:
		// It was interrupted through no fault of its own: the same try again.
		d.next, d.suspect = attempt, l.Suspect
	case crashes < p.maxCrashes:
		d.next, d.suspect = attempt+1, true
	case p.effect == jobs.EffectNone:
		d.status, d.freesKey = jobs.StatusFailed, true
	default:
		d.status = jobs.StatusUnknown
	}
	if d.status == jobs.StatusUnknown && p.effect != jobs.EffectNone {
		d.error += reasons.Harmless
	}
	return d
}

// backoff is how long to wait after a try: the minimum, doubled for each try
// after the first, up to the maximum; and of that between half and all, so
// that records that failed together do not come back together.
func (p *policy) backoff(try int) time.Duration {
	d := p.backoffMin
	for i := 1; i < try && d < p.backoffMax; i++ {
		d *= 2
	}
	d = max(min(d, p.backoffMax), 0)
	return d - time.Duration(p.random()*float64(d/2))
}

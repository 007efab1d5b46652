package runner

import (
	"brood/runner/proc"
	"brood/worker/wire"
	"context"
	"math"
	"syscall"
	"time"
)

// watchLeast is the shortest time between two looks at the workers.
const watchLeast = 5 * time.Millisecond

// medianTime is how often it is looked at what the median is now.
const medianTime = 50 * time.Millisecond

const (
	// censusEvery is how often it is looked at what workers use, and censusShare
	// how much of the watch's time that may take: on a machine with very many
	// processes it is done less often, but not less than after censusLongest.
	censusEvery   = 50 * time.Millisecond
	censusShare   = 0.1
	censusLongest = time.Second
	// glanceEvery is how often it is looked whether something grows so fast that
	// a census must not wait: a fork bomb doubles in milliseconds.
	glanceEvery = 10 * time.Millisecond
)

// lateBy is how much too late the watch must wake for it to say that the whole
// process was not running.
const lateBy = 100 * time.Millisecond

// watcher stops records that take longer, or use more, than they may. It reads
// the pages of workers, and what the kernel counts, so it costs them nothing.
type watcher struct {
	r      *session
	timing bool // there is a timeout
	counts bool // there are limits to what workers use that the kernel does not keep
	// refuses says that the kernel keeps the limit of processes.
	refuses bool
	census  map[int]proc.Usage
	before  map[*child][]inHand // what each worker had in hand before the census
	next    time.Time           // of the next census
	tasks   int                 // of the machine, at the last one
	free    int64               // bytes, the same
}

// watch works until ctx ends.
func (r *session) watch(ctx context.Context) {
	w := &watcher{r: r, timing: r.cfg.Timeout > 0 || r.cfg.TimeoutPercent > 0, counts: r.cfg.Limits.CPU > 0 || r.watched != (proc.Confinement{})}
	w.refuses = r.cfg.Limits.Procs > r.watched.Processes
	if !w.timing && !w.counts && !w.refuses {
		return
	}
	woken := wire.Now()
	for {
		now := wire.Now()
		if now-woken > lateBy {
			// This process was stopped, and may be the first to know.
			r.resumed.Store(int64(now))
		}
		next := max(w.look(now), watchLeast)
		woken = wire.Now() + next
		if !sleep(ctx, next) {
			return
		}
	}
}

// look looks at all workers, and returns when to look again.
func (w *watcher) look(now time.Duration) time.Duration {
	next := time.Duration(math.MaxInt64)
	w.census = nil
	if w.counts {
		w.count(time.Now())
		next = glanceEvery
	}
	if w.refuses {
		next = min(next, censusEvery)
	}
	limit := time.Duration(math.MaxInt64 / 2)
	if w.timing {
		if d := w.r.timeout(); d > 0 {
			limit = d
		}
		next = min(next, limit)
		if w.r.cfg.TimeoutPercent > 0 {
			next = min(next, medianTime)
		}
	}
	for _, s := range w.r.crew.all() {
		if c := s.live.Load(); c != nil {
			next = min(next, w.lookAt(c, now, limit))
		}
	}
	return next
}

// count looks at what workers use, if it is time, or something grows.
func (w *watcher) count(now time.Time) {
	l := w.r.watched
	tasks, free := proc.Glance()
	growing := (l.Processes > 0 && tasks-w.tasks > l.Processes/2) || (l.Mem > 0 && w.free-free > l.Mem/4)
	if !growing && now.Before(w.next) {
		return
	}
	w.before = make(map[*child][]inHand)
	for _, s := range w.r.crew.all() {
		if c := s.live.Load(); c != nil {
			w.before[c] = c.allInHand()
		}
	}
	w.census = w.r.family.Census()
	w.tasks, w.free = tasks, free
	w.next = now.Add(min(max(censusEvery, time.Duration(float64(time.Since(now))/censusShare)), censusLongest))
}

// never is when to look again where nothing can come of it.
const never = time.Duration(math.MaxInt64)

// lookAt looks at one worker, and returns when to look again.
func (w *watcher) lookAt(c *child, now, limit time.Duration) time.Duration {
	all := c.allInHand()
	if c.slot.pad.page.Err() != nil {
		c.Signal(syscall.SIGKILL) // nobody can tell how long it has been at work
		return never
	}
	if c.over.Load().killed() != nil {
		return never
	}
	if u, ok := w.census[c.PID]; ok {
		// Also while a record is being stopped, but not for that again.
		if x := c.exceeds(u, w.before[c], all); x != nil && (x.killed || c.over.Load().of(x.seq, x.try) == nil) {
			c.stop(x)
			return w.r.cfg.KillAfter
		}
	}
	if file, most := c.Refusals(); w.refuses && wire.Refused(file, most) {
		c.stop(c.tooMany(all))
		return never
	}
	next := never
	for _, h := range all {
		next = min(next, w.lookAtRecord(c, h, now, limit))
	}
	return next
}

// lookAtRecord looks how long a record has been in hand, and returns when to look again.
func (w *watcher) lookAtRecord(c *child, h inHand, now, limit time.Duration) time.Duration {
	if o := c.over.Load().of(h.seq, h.try); o != nil {
		left := o.asked + w.r.cfg.KillAfter - now
		if left <= 0 {
			killed := *o
			killed.killed = true
			c.adds(&killed)
			c.Signal(syscall.SIGKILL)
			return never
		}
		return left
	}
	if h.since == 0 || !w.timing {
		return never
	}
	// The time the run was suspended does not count.
	left := max(h.since, time.Duration(w.r.resumed.Load())) + limit - now
	if left <= 0 {
		c.stop(c.late(h))
		return w.r.cfg.KillAfter
	}
	return left
}

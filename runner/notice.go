package runner

import (
	"brood/runner/daemon"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// firstWorkerTime is how long a run waits for its first record before it tries whether a worker
// starts at all: the service manager is told that it is ready, and a queue may be empty for
// hours.
const firstWorkerTime = time.Second

// notice is what the service manager is told of a session.
type notice struct {
	r       *session
	course  *daemon.Course
	service *daemon.Service

	commits atomic.Uint64
	worker  atomic.Bool // one has shaken hands
	until   atomic.Pointer[time.Time]
	news    chan struct{} // a token: there is something to be told
	failed  bool          // it could not be told something; of serve alone
}

func newNotice(r *session, s *daemon.Service) *notice {
	return &notice{r: r, course: daemon.NewCourse(s), service: s, news: make(chan struct{}, 1)}
}

// shook notes that a worker has shaken hands. Of no notice it does nothing.
func (n *notice) shook() {
	if n != nil && !n.worker.Swap(true) {
		n.poke()
	}
}

// drainsUntil notes when what is in hand is killed.
func (n *notice) drainsUntil(at time.Time) {
	n.until.Store(&at)
	n.poke()
}

func (n *notice) poke() {
	select {
	case n.news <- struct{}{}:
	default:
	}
}

// serve tells the service manager how the session stands until ctx ends; drain is that of the
// session. Without a service manager it does nothing.
func (n *notice) serve(ctx, drain context.Context) {
	if n.service == nil {
		return
	}
	trial, cancel := context.WithCancel(ctx)
	defer context.AfterFunc(drain, func() { cancel(); n.poke() })()
	var tried sync.WaitGroup
	defer tried.Wait()
	defer cancel()
	soon := time.NewTimer(firstWorkerTime)
	defer soon.Stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			n.say(n.course.End(n.status("ended: ")))
			return
		case <-soon.C:
			if !n.worker.Load() {
				tried.Go(func() { n.tryWorker(trial) })
			}
		case <-timer.C:
		case <-n.news:
		}
		again, err := n.course.Look(time.Now(), n.sight(drain))
		n.say(err)
		timer.Reset(again)
	}
}

// tryWorker tries whether a worker starts, so that READY says so. What is wrong is told, and the
// first record will end the run by it.
func (n *notice) tryWorker(ctx context.Context) {
	err := n.r.tryWorker(ctx, n.r.setupNow())
	switch {
	case err == nil:
		n.shook()
	case ctx.Err() == nil:
		n.r.Term.Logf("no worker starts, so the service manager is not told that this run is ready: %v", err)
	}
}

// sight is how the session stands.
func (n *notice) sight(drain context.Context) *daemon.Sight {
	s := &daemon.Sight{Ready: n.worker.Load(), Commits: n.commits.Load(), Draining: drain.Err() != nil}
	prefix := ""
	switch {
	case s.Draining:
		prefix = "ending: "
	case n.r.feed.State().Paused:
		prefix = "paused: "
	}
	s.Status = n.status(prefix)
	if at := n.until.Load(); at != nil {
		s.Until = *at
	}
	return s
}

func (n *notice) status(prefix string) string {
	return fmt.Sprintf("%s%s: %s", prefix, n.r.cfg.Name, n.r.book.Totals())
}

// say tells the user once that the service manager does not listen.
func (n *notice) say(err error) {
	if err != nil && !n.failed {
		n.failed = true
		n.r.Term.Logf("the service manager cannot be told how this run stands: %v", err)
	}
}

package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/cache"
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/provider"
	"brood/jobs/web"
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// usualBatch is how many rows are sent in one request, unless the user says more. Some services take 10,000, but those are in
// hand of one worker then: if it dies all of them may have been paid for, and all are tried again.
const usualBatch = 1000

// batchSize is how many rows are sent to a provider in one request; 1: one by one.
func (c *config) batchSize(p *provider.Provider) int {
	b := p.Batch()
	if b == nil || c.Reverse || c.FromCache || c.Batch == 1 {
		return 1
	}
	if c.Batch > 0 {
		return min(b.Most, c.Batch)
	}
	return min(b.Most, usualBatch)
}

// batch is the first source, if it is sent many rows at a time; nil otherwise.
func (t *tools) batch() *batch {
	if t.remote == nil || t.c.batchSize(t.remote.Provider) < 2 {
		return nil
	}
	return &batch{Batch: t.remote.Batch(), remote: t.remote}
}

// batch is how a provider takes many questions at once.
type batch struct {
	*provider.Batch
	remote *remote
}

// batchMark tells answers that came in a batch from those to a single question, in the cache: some
// services give one place in a batch, and several singly.
const batchMark = " batch"

// linger is how long it is waited for more rows when there is room for them. The next ones come
// within a millisecond, unless they wait for something else.
const linger = 50 * time.Millisecond

// mostSingly is how many rows of a worker are asked for singly at a time, after their batch.
const mostSingly = 16

// stream has many rows in hand, and sends them together.
type stream struct {
	*runner
	batch  *batch
	ctx    context.Context //nolint:containedctx // of all that it has begun; ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup
	singly chan struct{}
	// aborted is why the run ends, as soon as anybody knows.
	aborted atomic.Pointer[trouble]

	mu    sync.Mutex // also of rep
	rep   jobs.Reporter
	most  int
	wait  []*waiting
	timer *time.Timer
}

// waiting is a row in hand.
type waiting struct {
	at    int
	asked asked
	key   cache.Key
}

func newStream(r *runner, b *batch) *stream {
	s := &stream{runner: r, batch: b, singly: make(chan struct{}, mostSingly)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Stream says at how many places rows are begun.
func (s *stream) Stream(places int, rep jobs.Reporter) {
	s.most, s.rep = min(places, s.tools.c.batchSize(s.batch.remote.Provider)), rep
}

// Begin takes a row in hand.
func (s *stream) Begin(at int, rec *jobs.Record) error {
	w := &waiting{at: at, asked: s.asker.read(rec)}
	if w.asked.answered() {
		s.report(w, nil, nil)
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wait = append(s.wait, w)
	if len(s.wait) >= s.most {
		s.leave()
	}
	return nil
}

// Flush says that no other row comes at once.
func (s *stream) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rep.Flush()
	if len(s.wait) == 0 {
		return nil
	}
	if s.timer == nil {
		s.timer = time.AfterFunc(linger, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.leave()
		})
		return nil
	}
	s.timer.Reset(linger)
	return nil
}

// leave sends what waits, on its way. The caller holds the lock.
func (s *stream) leave() {
	all := s.wait
	s.wait = nil
	if len(all) == 0 || s.ctx.Err() != nil {
		return
	}
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		s.send(all)
	}()
}

// send asks for rows in one request, or in as many as they fit into: without those whose answer is
// kept, and those that the batch does not take, which are asked for singly.
func (s *stream) send(all []*waiting) {
	var rest []*waiting
	for _, w := range all {
		q := &w.asked.Query
		w.key = s.batch.remote.cacheKey(q)
		a, ok := s.batch.remote.recall(s.ctx, w.key, q)
		if !ok {
			w.key.Options += batchMark
			a, ok = s.batch.remote.recall(s.ctx, w.key, q)
		}
		if ok {
			s.finish(w, &a)
		} else if _, err := s.batch.remote.Identity(q); err != nil || !s.batch.Takes(q) {
			s.finish(w, nil)
		} else {
			rest = append(rest, w)
		}
	}
	for len(rest) > 0 {
		n := s.batch.Fit(questions(rest))
		s.together(rest[:n])
		rest = rest[n:]
	}
}

func questions(all []*waiting) []*geo.Query {
	out := make([]*geo.Query, len(all))
	for i, w := range all {
		out[i] = &w.asked.Query
	}
	return out
}

// together sends rows in one request. If that fails for their sake, or nobody knows why, it is sent
// again in halves, so that one row that breaks a batch breaks only itself.
func (s *stream) together(all []*waiting) {
	if len(all) == 0 {
		return
	}
	outcomes, at, t := s.request(all)
	switch {
	case t == nil:
		for i, w := range all {
			s.settle(w, &outcomes[i], at)
		}
	case len(all) == 1 || s.ctx.Err() != nil || !s.splits(t):
		if t.Verdict == jobs.VerdictAbort {
			s.aborted.Store(t)
		}
		for _, w := range all {
			s.report(w, nil, t)
		}
	default:
		a, b := provider.Split(all)
		s.together(a)
		s.together(b)
	}
}

// splits reports whether fewer rows in one request may do better: where the answer came and makes
// no sense, or the request was refused for what is in it; and where each row counts and the budget
// or the day has room for some. Of a server that is down or busy all wait.
func (s *stream) splits(t *trouble) bool {
	if t.Class == classBudget || t.Class == classDay {
		return s.batch.Each
	}
	switch t.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return t.Verdict == jobs.VerdictRetry && t.Status < http.StatusInternalServerError && (t.Phase == web.PhaseAnswered || t.Class == web.ClassAnswer || t.Class == provider.ClassBatch)
}

// request makes one request, and reads its answer.
func (s *stream) request(all []*waiting) ([]provider.Outcome, time.Time, *trouble) {
	if t := s.aborted.Load(); t != nil {
		return nil, time.Time{}, t // nothing is asked after a refusal
	}
	r := s.batch.remote
	qs := questions(all)
	req, err := s.batch.Request(s.ctx, qs, r.key)
	if err != nil {
		return nil, time.Time{}, abort("request", "%s: %v", r.Name, r.key.ScrubError(err))
	}
	n := 1
	if s.batch.Each {
		n = len(all)
	}
	a, t := r.send(s.ctx, n, req)
	if t != nil {
		return nil, time.Time{}, t
	}
	out, err := s.batch.Read(a.Status, a.Header, a.Body, qs)
	if err != nil {
		return nil, time.Time{}, r.refused(err)
	}
	return out, time.Now(), nil
}

// settle goes on with the answer to one row of a batch.
func (s *stream) settle(w *waiting, o *provider.Outcome, at time.Time) {
	r := s.batch.remote
	switch {
	case o.Again || o.State == provider.Tie:
		s.finish(w, nil) // singly
	case o.State == provider.Broken:
		t := &trouble{Verdict: jobs.VerdictRetry, Class: "batch", Text: r.Name + ": the answer in the batch makes no sense"}
		if o.Err != nil {
			var own *trouble
			if errors.As(o.Err, &own) {
				t = r.refused(own)
			} else {
				t.Text = r.Name + ": " + r.key.Scrub(o.Err.Error())
			}
		}
		s.report(w, nil, t)
	default:
		a := &answer{places: o.Places, at: at}
		a.expires = r.keepPlaces(s.ctx, w.key, o.Places, at)
		s.finish(w, a)
	}
}

// finish asks for the row as any other is asked for, from the first answer on if there is one.
func (s *stream) finish(w *waiting, first *answer) {
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		if first == nil || len(first.places) == 0 || len(s.chain.sources) > 1 {
			s.singly <- struct{}{}
			defer func() { <-s.singly }()
		}
		var f *found
		var t *trouble
		if first == nil { // otherwise there is an answer
			t = s.aborted.Load()
		}
		if t == nil {
			f, t = s.chain.ask(s.ctx, &w.asked.Query, first)
		}
		if t != nil && t.Verdict == jobs.VerdictAbort {
			s.aborted.Store(t)
		}
		s.report(w, f, t)
	}()
}

// report ends a row.
func (s *stream) report(w *waiting, f *found, t *trouble) {
	var res jobs.Result
	s.mu.Lock() // also of what the values are written into
	defer s.mu.Unlock()
	if t != nil {
		t.Into(&res)
		s.failed(&res)
	} else {
		s.end(&w.asked, f, &res)
	}
	if s.ctx.Err() != nil {
		return // nobody listens any more
	}
	s.rep.End(w.at, &res)
	s.rep.Flush()
}

// Fork is not asked for: rows are in hand by Begin.
func (s *stream) Fork() (jobs.Runner, error) { return nil, errors.ErrUnsupported }

// Close ends what is under way.
func (s *stream) Close() error {
	s.cancel()
	s.mu.Lock()
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	s.work.Wait()
	return s.runner.Close()
}

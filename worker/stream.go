package worker

import (
	"brood/jobs"
	"brood/worker/wire"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// stream is a worker whose job has several records in hand by itself. It is the job's Reporter.
//
// A record's clock runs while it is the one that was begun before all others in hand: what stands
// behind it may wait in a program for its turn, and is not late for that.
type stream struct {
	*many
	job   jobs.Stream
	begun []streamed // by place; the rest is guarded by mu
	order []streamed // those that were begun, in that order; ended ones may be among them
	count uint64     // begun in all
}

// streamed is a record that was begun at a place.
type streamed struct {
	at      int
	number  uint64 // among all that were begun; 0: none
	seq     jobs.Seq
	try     int
	since   time.Duration // when it was begun, or its clock began to run
	stopped bool          // it was asked to stop; guarded by stopMu
}

// stream works with a job that takes all places.
func (m *many) stream(job jobs.Stream) error {
	s := &stream{many: m, job: job, begun: make([]streamed, m.hello.Places)}
	job.Stream(m.hello.Places, s)
	if err := m.read(s.deal); err != nil {
		return err // at once: what is in hand is seen by the page
	}
	if err := s.flush(); err != nil {
		return err
	}
	for range m.hello.Places {
		if _, err := m.place(func() error { return nil }); err != nil {
			return m.why()
		}
	}
	if err := m.send(); err != nil && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	return job.Close()
}

// flush lets the job have what it was given.
func (s *stream) flush() error {
	if err := s.job.Flush(); err != nil {
		return s.broken(err)
	}
	return nil
}

func (s *stream) broken(err error) error { return fmt.Errorf("job %s: %w", s.hello.Job, err) }

// deal begins with the records of a batch.
func (s *stream) deal(p []byte) error {
	b, err := wire.ReadBatch(p, &s.hello.Shape, s.hello.SendRaw)
	if err != nil {
		return err
	}
	var rec jobs.Record
	for {
		more, err := b.Next(&rec)
		if err != nil {
			return err
		}
		if !more {
			return s.flush()
		}
		at, err := s.place(s.flush)
		if err != nil {
			return err
		}
		if s.orphaned.Load() {
			s.free.give(at)
			return errors.Join(errOrphaned, s.flush())
		}
		s.start(at, &rec)
		if err := s.job.Begin(at, &rec); err != nil {
			if errors.Is(err, jobs.ErrNotBegun) {
				s.page.GiveBack(at, rec.Seq)
			}
			return s.broken(err)
		}
	}
}

// start marks a record as in hand.
func (s *stream) start(at int, rec *jobs.Record) {
	now := wire.Now()
	s.mu.Lock()
	if s.since == 0 {
		s.since = now
	}
	s.count++
	x := streamed{at: at, number: s.count, seq: rec.Seq, try: rec.Attempt, since: now}
	s.begun[at] = x
	s.page.Start(at, x.seq, x.try, now)
	if s.order = append(s.order, x); len(s.order) > 1 {
		s.page.Rests(at)
	}
	s.mu.Unlock()
	s.stopMu.Lock()
	s.cancels[at] = func() { s.begun[at].stopped = true }
	s.stopMu.Unlock()
}

// End takes in what a record has come to.
func (s *stream) End(at int, res *jobs.Result) {
	s.stopMu.Lock()
	s.cancels[at] = nil
	x := s.begun[at]
	s.stopMu.Unlock()
	if x.stopped {
		stopped(res)
	}
	rec := jobs.Record{Seq: x.seq, Attempt: x.try}
	ended := s.end(at, &rec, res, x.since)
	s.next(at)
	if ended {
		s.free.give(at)
	}
}

// next lets the clock run of the record that is now the one that was begun first.
func (s *stream) next(at int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun[at].number = 0
	if s.order[0].at != at {
		return
	}
	for len(s.order) > 0 && s.begun[s.order[0].at].number != s.order[0].number {
		s.order = s.order[1:]
	}
	if len(s.order) > 0 {
		now := wire.Now()
		first := s.order[0].at
		s.begun[first].since = now
		s.page.Runs(first, now)
	}
}

// Flush sends the answers that there are.
func (s *stream) Flush() {
	if err := s.send(); err != nil {
		s.leave(s.orphan(err))
	}
}

// GiveBack takes a record back that was not begun after all.
func (s *stream) GiveBack(at int) { s.page.GiveBack(at, s.begun[at].seq) }

// Fail ends the worker.
func (s *stream) Fail(err error) { s.leave(s.broken(err)) }

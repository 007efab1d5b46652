package worker

import (
	"brood/jobs"
	"brood/worker/wire"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// obeyTerm takes SIGTERM from now on. If the parent has asked for the record in
// hand to be stopped, that is done; any other TERM ends the worker, as it would
// have without this.
func (s *server) obeyTerm() {
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, syscall.SIGTERM)
	go func() {
		for range ch {
			if !s.stop(ch) {
				signal.Reset(syscall.SIGTERM)
				_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
			}
		}
	}()
}

// stop tells the job that records in hand have to end, and, unless others are in hand that have
// nothing to do with that, everything that this worker has started. It reports whether the TERM
// was for a record, if only for one that has just ended.
func (s *server) stop(ch <-chan os.Signal) (meant bool) {
	// While it is held no record begins or ends, so none is hit that is not
	// meant.
	s.stopMu.Lock()
	defer s.stopMu.Unlock()
	for at, cancel := range s.cancels {
		asked, askedTry, yes := s.page.StopAsked(at)
		if !yes {
			continue
		}
		meant = true
		if seq, try, ok := s.page.Begun(at); ok && seq == asked && try == askedTry && cancel != nil {
			cancel()
			if s.whole {
				_ = syscall.Kill(0, syscall.SIGTERM)
				<-ch // its own
			}
		}
		s.page.StopTold(at)
	}
	return meant
}

// do works on a record that is now in hand at a place. An error ends the worker.
func (s *server) do(at int, job jobs.Runner, rec *jobs.Record, res *jobs.Result) error {
	err := s.doStoppable(at, job, rec, res)
	if err == nil {
		return nil
	}
	if errors.Is(err, jobs.ErrNotBegun) {
		s.page.GiveBack(at, rec.Seq)
	}
	return fmt.Errorf("job %s, record %d: %w", s.hello.Job, rec.Seq, err)
}

func (s *server) doStoppable(at int, job jobs.Runner, rec *jobs.Record, res *jobs.Result) error {
	if !s.hello.Stoppable {
		return job.Do(context.Background(), rec, res)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.stopMu.Lock()
	s.cancels[at] = cancel
	s.stopMu.Unlock()
	err := job.Do(ctx, rec, res)
	s.stopMu.Lock()
	s.cancels[at] = nil
	s.stopMu.Unlock()
	if ctx.Err() != nil {
		stopped(res)
	}
	return err
}

// stopped says of what a record has come to that it was asked to stop. That it has ended well all
// the same is believed.
func stopped(res *jobs.Result) {
	if res.Verdict != jobs.VerdictOK && res.Verdict != jobs.VerdictSkipped {
		res.Class, res.Stopped = jobs.ClassTimeout, true
	}
}

// refused reports whether the kernel has refused a process to this worker, or to
// what it has started: see --limit-procs. Then the record is to blame, and its
// worker is left with what that has started, and no good for another.
func (s *server) refused(res *jobs.Result) bool {
	if s.hello.Confine.Refusals == "" {
		return false
	}
	if !wire.Refused(s.hello.Confine.Refusals, s.hello.Confine.MaxTasks) {
		return false
	}
	if res.Verdict != jobs.VerdictOK && res.Verdict != jobs.VerdictSkipped {
		res.Fail(jobs.VerdictUnknown, jobs.ClassProcesses, "it wanted to start more processes than --limit-procs allows: %s", res.Error)
		res.Stopped = true
	}
	return true
}

// errWornOut ends the loop after a record that leaves its worker unusable.
var errWornOut = errors.New("this worker is no good for another record")

package worker

import (
	"brood/jobs"
	"brood/worker/wire"
	"context"
	"errors"
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

// stop tells the job that the record in hand has to end, and everything that
// this worker has started. It reports whether the TERM was for a record, if only
// for one that has just ended.
func (s *server) stop(ch <-chan os.Signal) bool {
	// While it is held no record begins or ends, so none is hit that is not
	// meant.
	s.stopMu.Lock()
	defer s.stopMu.Unlock()
	asked, try, meant := s.page.StopAsked()
	if !meant {
		return false
	}
	if last, ok := s.page.Last(); ok && last == asked && s.page.Try() == try && s.cancel != nil {
		s.cancel()
		_ = syscall.Kill(0, syscall.SIGTERM)
		<-ch // its own
	}
	s.page.StopTold()
	return true
}

// do works on a record that is now in hand.
func (s *server) do(rec *jobs.Record, res *jobs.Result) error {
	if !s.hello.Stoppable {
		return s.job.Do(context.Background(), rec, res)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.stopMu.Lock()
	s.cancel = cancel
	s.stopMu.Unlock()
	err := s.job.Do(ctx, rec, res)
	s.stopMu.Lock()
	s.cancel = nil
	s.stopMu.Unlock()
	if ctx.Err() != nil && res.Verdict != jobs.VerdictOK && res.Verdict != jobs.VerdictSkipped {
		res.Class, res.Stopped = jobs.ClassTimeout, true
	}
	return err
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

package runner

import (
	"brood/jobs"
	"brood/runner/desk"
	"brood/runner/form"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/reasons"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"
)

// Report is how a session ended.
type Report struct {
	State   ledger.State
	Reason  string
	Totals  ledger.Totals
	Already bool // the run was done before, and nothing was
	// Altered says, with Already, that the results are not where they were written, or not as they were.
	Altered bool
	// Inputs is what has become of the dataset of a run that was done before.
	Inputs []desk.Found
	// Before are the books as they stood when the session began.
	Before ledger.Totals
	// Alone says that only what has become of records since then counts, see Counted.
	Alone   bool
	Elapsed time.Duration
	// Worked is how many records became final in this session.
	Worked uint64
	// Signal is the one that stopped it, or 0.
	Signal int
	// TimeIsOver says that its time was (--max-time), and that something is left for the next session.
	TimeIsOver bool
	Usage      ledger.Usage
	// Reasons are why records of this session failed or are unknown, in the order of the
	// input, and OtherReasons how many such records have reasons that are not among them.
	Reasons      []reasons.Group
	OtherReasons uint64
	// again says that records are to be tried again that machines which came back had said so of, and nothing else is left.
	again bool
}

// Counted are the books that count.
func (r *Report) Counted() ledger.Totals {
	t := r.Totals
	if r.Alone {
		b := r.Before
		less := func(now *uint64, before uint64) { *now -= min(*now, before) }
		less(&t.Input, b.Input)
		less(&t.OK, b.OK)
		less(&t.Failed, b.Failed)
		less(&t.Skipped, b.Skipped)
		less(&t.Unknown, b.Unknown)
	}
	return t
}

// outcome says how the session has ended.
func (r *session) outcome(drainCtx context.Context, err error) (ledger.State, string, error) {
	cause := context.Cause(drainCtx)
	if err == nil && r.guarding.wasStopped(cause) && r.signal.Load() == 0 && r.book.Complete() {
		return ledger.StateDone, "", nil // there was nothing left to guard
	}
	var aborted *spec.AbortError
	if err == nil && errors.As(cause, &aborted) {
		err = aborted
	}
	var halted *spec.HaltError
	if err == nil && errors.As(cause, &halted) && r.signal.Load() == 0 {
		return ledger.StateAborted, halted.Reason, halted
	}
	if err == nil && errors.Is(cause, errTime) && r.signal.Load() == 0 {
		if r.book.Complete() {
			return ledger.StateDone, "", nil
		}
		if r.timeIsOver = true; r.inbox == nil {
			r.signal.Store(int32(syscall.SIGTERM)) // it ends like one that is told to
		}
		return ledger.StateInterrupted, fmt.Sprintf("%v: %s", errTime, r.cfg.MaxTime), nil
	}
	switch {
	case err != nil && errors.As(err, &aborted):
		return ledger.StateAborted, err.Error(), err
	case err != nil:
		return ledger.StateInterrupted, err.Error(), err
	case r.signal.Load() != 0:
		return ledger.StateInterrupted, "stopped by " + syscall.Signal(r.signal.Load()).String(), nil
	case drainCtx.Err() != nil:
		return ledger.StateInterrupted, cause.Error(), cause
	}
	return ledger.StateDone, "", nil
}

// report checks the books and ends the session in the ledger.
func (r *session) report(l *ledger.Ledger, state ledger.State, reason string, err error) (Report, error) {
	r.feed.Close()
	if checkErr := r.book.Check(state); checkErr != nil && err == nil {
		err, state, reason = checkErr, ledger.StateInterrupted, checkErr.Error()
	}
	if closeErr := errors.Join(r.book.Close(), r.admission.close()); closeErr != nil && err == nil {
		err = &spec.WriteError{Err: closeErr}
	}
	again := false
	if r.machines != nil && !r.book.Broken() {
		var lateErr error
		again, lateErr = r.machines.settleLate(r, l)
		if lateErr != nil && err == nil {
			err, state, reason = lateErr, ledger.StateInterrupted, lateErr.Error()
		}
		if again = again && state == ledger.StateDone && err == nil; again {
			state, reason = ledger.StateInterrupted, "records of a machine that came back are to be tried again"
		}
	}
	if state == ledger.StateDone && err == nil {
		if err = r.complete(l); err != nil {
			state, reason = ledger.StateInterrupted, err.Error()
		}
	}
	if r.taken != nil && !r.book.Broken() {
		if inputErr := r.keepTaken(l); inputErr != nil && err == nil {
			err = &spec.WriteError{Err: inputErr}
		}
	}
	if r.deliveries != nil {
		_ = r.deliveries.Close() // nothing more is looked up
	}
	if r.inbox != nil {
		if replyErr := r.answerRest(l); replyErr != nil && err == nil {
			err = &spec.WriteError{Err: replyErr}
		}
	}
	clean := !r.unclean.Load() && !r.book.Broken()
	if endErr := l.EndSession(context.Background(), state, reason, clean, r.usage.total()); endErr != nil && err == nil {
		err = &spec.WriteError{Err: endErr}
	}
	if pageErr := r.crew.closePads(); pageErr != nil && err == nil {
		err = pageErr
	}
	if clean {
		_ = os.RemoveAll(r.Dir.File(home.PagesName))
		_ = os.Remove(r.Dir.File(home.HeardName))
	}
	if endErr := r.machines.end(state, again); endErr != nil {
		r.Term.Logf("letting machines go: %v", endErr)
	}
	t := r.totals(l)
	why, others := r.trouble.Groups()
	if t.Unknown == 0 { // of machines that came back
		why = slices.DeleteFunc(why, func(g reasons.Group) bool { return g.Status == jobs.StatusUnknown })
	}
	return Report{
		State: state, Reason: reason, Totals: t, Before: r.before, Elapsed: time.Since(r.started),
		Worked: t.OK + t.Failed + t.Skipped + t.Unknown - r.already,
		Signal: int(r.signal.Load()), TimeIsOver: r.timeIsOver, Usage: r.usage.total(), Reasons: why, OtherReasons: others, again: again,
	}, err
}

// answerTime is how long a run that ends waits for its queue to take the answers, and what is given back; one that was
// killed has less of it. What is left is for the next session.
const (
	answerTime = 10 * time.Second
	hurryTime  = 2 * time.Second
)

// answerRest answers what the queue is owed at the end.
func (r *session) answerRest(l *ledger.Ledger) error {
	within := answerTime
	if r.killCtx.Err() != nil && r.signal.Load() != 0 {
		within = hurryTime
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	replied := r.inbox.Finish(ctx)
	if r.book.Broken() {
		return nil // they are owed still, and are answered again
	}
	return l.SetReplied(context.Background(), replied)
}

// complete brings the results, which are all there, to what they are to be in the end.
func (r *session) complete(l *ledger.Ledger) error {
	_, err := desk.ApplyAmendments(context.Background(), l, r.cfg)
	if err == nil && r.Revise != nil {
		err = desk.Revise(context.Background(), l, r.cfg, r.Revise)
	}
	if errors.Is(err, desk.ErrOutputGone) {
		err = &spec.WriteError{Err: err}
	}
	if err != nil {
		return err
	}
	return form.Make(r.cfg, r.Term.Logf)
}

// keepTaken notes how much of a dataset that grows was taken.
func (r *session) keepTaken(l *ledger.Ledger) error {
	in := inputOf(*r.taken)
	return l.SetInput(context.Background(), len(r.cfg.Dataset.Paths)-1, in)
}

// totals are the books at the end, with what machines have said that came back.
func (r *session) totals(l *ledger.Ledger) ledger.Totals {
	t := r.book.Totals()
	if r.machines == nil || r.book.Broken() {
		return t
	}
	if sum, err := l.Reader().Summary(context.Background()); err == nil {
		return sum.Totals
	}
	return t
}

package runner

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/remote"
	"brood/runner/spec"
	"brood/worker/wire"
	"context"
	"slices"
	"time"
)

// takeReport looks at what an earlier instance of a machine has left, while the run goes on: an answer that nobody knew of makes a record
// what it was that is unknown now, and whose last try it is of, at the end of the session. Any other is noted in the record's history, and
// said.
func (f *fleet) takeReport(ctx context.Context, r *session, machine string, rep *remote.Report) error {
	if rep.Lost {
		r.Term.Logf("machine %s has begun anew and cannot tell what it had done before", machine)
	}
	// Not before the ledger has what became of all that it had in hand: until then it is what this report says.
	if !f.desk.Await(ctx, rep) || !r.awaitCommit() {
		return nil
	}
	v, err := f.judge(ctx, r, r.ledger.Reader(), machine, rep)
	if err != nil {
		return err
	}
	for _, x := range v.tooLate {
		r.Term.Logf("machine %s has an answer to record %d, try %d, that comes too late to count: it is in the history", machine, x.Seq, x.Attempt)
	}
	if len(v.tooLate) > 0 {
		u := newSettlement()
		u.Attempts = v.tooLate
		if err := r.send(u); err != nil {
			return err
		}
	}
	if n := len(v.resolutions); n > 0 || v.open {
		if f.keep(lateReport{machine, rep}) && n > 0 {
			r.Term.Logf("machine %s came back, and says what became of %d records that were unknown: they become that at the end of this session", machine, n)
		}
		return nil
	}
	if !r.awaitCommit() {
		return nil
	}
	return f.forget(machine, rep)
}

// keep keeps a report for the end of the session. One may come twice, as an agent may begin anew before it was told that the ledger has it; it
// reports whether it is new.
func (f *fleet) keep(l lateReport) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.late, func(x lateReport) bool { return x.machine == l.machine && x.report.ID == l.report.ID })
	if i < 0 {
		f.late = append(f.late, l)
	} else {
		f.late[i] = l
	}
	return i < 0
}

// verdict is what a report means to the ledger.
type verdict struct {
	resolutions []ledger.Resolution
	tooLate     []ledger.Attempt
	// open says that a record has been decided without it, and the ledger does not have that yet.
	open bool
}

// judge compares a report with the ledger.
func (f *fleet) judge(ctx context.Context, r *session, l *ledger.Reader, machine string, rep *remote.Report) (v verdict, err error) {
	for i := range rep.Notes {
		n := &rep.Notes[i]
		if n.InHand || n.Kind != wire.NoteAnswer {
			continue // of that the run knows as much
		}
		var res jobs.Result
		if err := wire.ReadAnswer(n.Payload, &res); err != nil {
			r.Term.Logf("machine %s: a note of record %d: %v", machine, n.Seq, err)
			continue
		}
		r.hear(&res)
		o, status, err := outcomeOf(ctx, l, n.Seq)
		if err != nil {
			return v, err
		}
		pending, last := status == jobs.StatusPending, o.Attempts == n.Try
		switch {
		case status == jobs.StatusUnknown && last:
			v.resolutions = append(v.resolutions, resolutionOf(r, machine, o, &res))
		case status == jobs.StatusOK && res.Verdict == jobs.VerdictOK, last && (status == jobs.StatusFailed || status == jobs.StatusSkipped):
			// The same, most likely: it had been heard, and the ledger had not said so yet.
		case res.Verdict == jobs.VerdictRetry, res.Verdict == jobs.VerdictThrottle, pending && f.taken[rep]:
			// It waits for its next try, or has had it; or it waits for its turn to be settled by this.
		case pending && rep.Epoch < f.epoch:
			v.open = true // the session has begun without it
		default:
			v.tooLate = append(v.tooLate, ledger.Attempt{
				Seq: n.Seq, Attempt: n.Try, At: time.Now(), Verdict: ledger.Answered(res.Verdict), Class: res.Class,
				Error: "too late to count, from machine " + machine + ": " + res.Error, Elapsed: res.Elapsed,
			})
		}
	}
	return v, nil
}

// forget has a machine forget what it has reported, and which the ledger has by now.
func (f *fleet) forget(machine string, rep *remote.Report) error {
	if !rep.Lost { // nobody knows what that one had in hand
		if err := f.note(func(o *roll) { o.settled(machine, rep.Instance) }); err != nil {
			return err
		}
	}
	f.desk.Settled(machine, rep.ID)
	return nil
}

// outcomeOf is what has become of a record.
func outcomeOf(ctx context.Context, l *ledger.Reader, seq jobs.Seq) (*ledger.Outcome, jobs.Status, error) {
	o, err := l.Outcome(ctx, seq)
	if err == nil && o != nil {
		return o, o.Status, nil
	}
	var status jobs.Status
	if err == nil {
		status, err = l.StatusOf(ctx, seq)
	}
	return &ledger.Outcome{}, status, err
}

// resolutionOf is what an answer makes of a record that was unknown.
func resolutionOf(r *session, machine string, o *ledger.Outcome, res *jobs.Result) ledger.Resolution {
	x := ledger.Resolution{Seq: o.Seq, At: time.Now(), By: "machine " + machine, Was: o.Error, From: jobs.StatusUnknown}
	switch res.Verdict {
	case jobs.VerdictOK:
		x.Decision, x.Reason = ledger.DecideOK, "the machine came back and had noted that it was ok"
	case jobs.VerdictRetry, jobs.VerdictThrottle:
		if res.Verdict == jobs.VerdictRetry && o.Attempts > r.cfg.Retries {
			x.Decision, x.Reason = ledger.DecideFailed, res.Error // that was its last try
			break
		}
		x.Decision, x.Reason = ledger.DecideRetry, "the machine came back and had noted that it is to be tried again: "+res.Error
	default:
		x.Decision, x.Reason = ledger.DecideFailed, res.Error
	}
	if x.Decision == ledger.DecideRetry {
		return x
	}
	x.Values = make(map[string]string)
	for i, c := range r.cfg.Plan.Columns {
		if i < len(res.Values) {
			x.Values[c.Name] = string(res.Values[i])
		}
	}
	return x
}

// settleLate makes records what they were that machines came back with, now that the book is closed, and reports whether any is to be tried
// again.
func (f *fleet) settleLate(r *session, l *ledger.Ledger) (again bool, err error) {
	ctx := context.Background()
	f.mu.Lock()
	late := f.late
	f.late = nil
	f.mu.Unlock()
	for _, x := range late {
		v, err := f.judge(ctx, r, l.Reader(), x.machine, x.report)
		if err != nil {
			return again, err
		}
		if v.open {
			continue // the session ends before its turn: the next one hears it again
		}
		if err := l.Resolve(ctx, v.resolutions); err != nil {
			return again, &spec.WriteError{Err: err}
		}
		if err := f.forget(x.machine, x.report); err != nil {
			return again, err
		}
		again = again || slices.ContainsFunc(v.resolutions, func(x ledger.Resolution) bool { return x.Decision == ledger.DecideRetry })
	}
	return again, nil
}

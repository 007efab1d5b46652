// Package forget takes what is personal of some records out of a run that is done: out of its results, its copies of the
// dataset, its ledger and log, and out of what its job keeps. What is counted by stays: amounts, statuses, classes, numbers. So
// the run can be looked at, reported and checked as before.
//
// It promises:
//
//   - It counts as a whole or not at all. New versions of all files are made first, then one transaction of the
//     ledger takes out what that has, keeps a tombstone for each record and names the new versions; then they get their
//     names. Cut off before the transaction, nothing has happened; after it, Finish does the rest, whoever calls it next.
//   - A tombstone has the hash of what is left of the record's rows, and they are chained; so a row that is altered after it was
//     forgotten is told from one that was forgotten: see Verify.
//   - Copies in the state directory keep their length, and every record its place in them, as the ledger knows where
//     records begin.
//
// It leaves to others: what the job keeps (jobs.Forgetting), and what is not brood's: the user's own files, copies of them, and
// what was sent to anybody. Report says where that is.
package forget

import (
	"brood/jobs"
	"brood/runner/desk"
	"brood/runner/form"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Run is a run that nobody works on: its directory is locked.
type Run struct {
	Dir      *home.Dir
	Ledger   *ledger.Ledger
	Config   *spec.Config
	Job      *jobs.Definition
	Finished *jobs.Finished
	Logf     desk.Logf

	// passed is called when a step is done, and its error ends the work as a crash would. For tests.
	passed func(step) error
}

// step is one of the steps between which a forgetting can be cut off.
type step string

const (
	stepFound    step = "found"
	stepPrepared step = "prepared"
	stepCounts   step = "counts"
	stepNamed    step = "named"
	stepFormed   step = "formed"
	stepSettled  step = "settled"
)

func (r *Run) pass(s step) error {
	if r.passed == nil {
		return nil
	}
	return r.passed(s)
}

// Request says what is to be forgotten.
type Request struct {
	Choice
	// Keep are columns that stay besides those of the job.
	Keep []string
	// Documents has the files go as well that the job has made for others.
	Documents bool
	// Dry only looks.
	Dry    bool
	By     string // who
	Reason string
	Now    time.Time
}

// Report is what was forgotten, or would be.
type Report struct {
	Records []jobs.Seq
	Already int      // records that are meant and were forgotten before
	Files   []string // that have new versions
	Removed []string
	Stays   []string // what was not touched, and why
}

// OpenError says that records cannot be forgotten yet.
type OpenError struct{ Reason string }

func (e *OpenError) Error() string { return e.Reason }

// Finish does what is left of a forgetting that was cut off, and reports whether there was anything.
func Finish(ctx context.Context, r *Run) (bool, error) {
	files, left, err := r.Ledger.InTurn().Unforgotten(ctx)
	if err != nil || !left {
		return false, err
	}
	return true, r.finish(ctx, files)
}

// Forget forgets records. What is wrong with the choice is a *ChoiceError.
func Forget(ctx context.Context, r *Run, req *Request) (*Report, error) {
	w := &work{Run: r, req: req, ctx: ctx, reader: r.Ledger.InTurn()}
	if r.Config.Queue != nil {
		return nil, wrong("run %s works off a queue: it lets go of what is settled after --forget, by its age, and of no one record", r.Config.Name)
	}
	if err := w.find(); err != nil {
		return nil, err
	}
	rep := &Report{Records: w.which, Already: w.already}
	if len(w.which) == 0 {
		return rep, nil
	}
	var err error
	if rep.Stays, err = w.look(); err != nil {
		return nil, err
	}
	if req.Dry {
		return rep, nil
	}
	if err := r.pass(stepFound); err != nil {
		return nil, err
	}
	if err := w.prepare(); err != nil {
		return nil, err
	}
	if err := r.pass(stepPrepared); err != nil {
		return nil, err
	}
	if err := r.Ledger.Forget(ctx, &w.out); err != nil {
		return nil, &spec.WriteError{Err: errors.Join(err, w.discard())}
	}
	if err := r.pass(stepCounts); err != nil {
		return nil, err
	}
	for _, v := range w.out.Files {
		if v.New == "" {
			rep.Removed = append(rep.Removed, v.Path)
		} else {
			rep.Files = append(rep.Files, v.Path)
		}
	}
	return rep, r.finish(ctx, w.out.Files)
}

// finish gives new versions their names, and does what follows.
func (r *Run) finish(ctx context.Context, files []ledger.Version) error {
	for _, v := range files {
		if err := put(v); err != nil {
			return &spec.WriteError{Err: fmt.Errorf("%w; put that right, then run brood forget %s again: it goes on where this has ended", err, r.Config.Name)}
		}
	}
	if err := r.pass(stepNamed); err != nil {
		return err
	}
	if err := r.makeForm(); err != nil {
		return err
	}
	if err := r.pass(stepFormed); err != nil {
		return err
	}
	if f := r.Job.Forget; f != nil && f.Settle != nil {
		list, err := r.Ledger.InTurn().Forgotten(ctx)
		if err != nil {
			return err
		}
		if err := f.Settle(r.Finished, seqsOf(list)); err != nil {
			return &spec.WriteError{Err: fmt.Errorf("%w; put that right, then run brood forget %s again: it goes on where this has ended", err, r.Config.Name)}
		}
	}
	if err := r.pass(stepSettled); err != nil {
		return err
	}
	return r.Ledger.ForgettingDone(ctx)
}

// makeForm makes the file anew that is made of the results, if it is where it was.
func (r *Run) makeForm() error {
	if r.Config.Form == nil || !isThere(r.Config.Form.Path) || !isThere(r.Config.Output) {
		return nil
	}
	return form.Make(r.Config, form.Logf(r.Logf))
}

func seqsOf(list []ledger.Forgotten) []jobs.Seq {
	out := make([]jobs.Seq, len(list))
	for i := range list {
		out[i] = list[i].Seq
	}
	slices.Sort(out)
	return out
}

// work is one forgetting.
type work struct {
	*Run

	req    *Request
	ctx    context.Context //nolint:containedctx // of one call
	reader *ledger.Reader

	which   []jobs.Seq // in order
	already int
	values  map[string]bool // what was found in columns that do not stay
	out     ledger.Forgetting
}

// keeps reports whether a column stays.
func (w *work) keeps(column string) bool {
	if slices.Contains(w.req.Keep, column) {
		return true
	}
	f := w.Job.Forget
	return f != nil && f.Keep != nil && f.Keep(column)
}

// isOf is has of a number that was read.
func (w *work) isOf(n uint64) bool { return w.has(jobs.Seq(n)) }

// has reports whether a record is to be forgotten.
func (w *work) has(seq jobs.Seq) bool {
	_, yes := slices.BinarySearch(w.which, seq)
	return yes
}

// look refuses what is open still, and says what will not be touched.
func (w *work) look() ([]string, error) {
	for _, seq := range w.which {
		status, err := w.reader.StatusOf(w.ctx, seq)
		if err != nil {
			return nil, err
		}
		if status == jobs.StatusUnknown {
			return nil, &OpenError{fmt.Sprintf("record %d is unknown: it may or may not have been done, and who settles that needs to know whom it is about; say what became of it with brood resolve %s first", seq, w.Config.Name)}
		}
	}
	stays := w.elsewhere()
	if f := w.Job.Forget; f != nil && f.Look != nil {
		more, err := f.Look(w.Finished, w.which, w.req.Documents)
		if err != nil {
			return nil, &OpenError{err.Error()}
		}
		stays = append(stays, more...)
	}
	return append(stays, "other runs, copies of files, backups, and the lists by which others were told: brood forget is about this run only"), nil
}

// prepare makes new versions of all that is to be another.
func (w *work) prepare() (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, w.discard())
		}
	}()
	w.out.Keys = slices.ContainsFunc(w.Config.Key.Columns, func(c string) bool {
		return slices.ContainsFunc(strings.Split(c, "|"), func(one string) bool { return !w.keeps(one) })
	})
	w.out.Values = w.tellingValues()
	for _, seq := range w.which {
		w.out.Records = append(w.out.Records, ledger.Forgotten{Seq: seq, At: w.req.Now, By: w.req.By, Reason: w.req.Reason})
	}
	for _, part := range []func() error{w.results, w.copies, w.joblog, w.log, w.folder, w.ofJob} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// ofJob has the job make its new versions.
func (w *work) ofJob() error {
	f := w.Job.Forget
	if f == nil || f.Prepare == nil {
		return nil
	}
	list, err := f.Prepare(w.Finished, w.which, w.req.Documents)
	for _, v := range list {
		w.out.Files = append(w.out.Files, ledger.Version(v))
	}
	return err
}

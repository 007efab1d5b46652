package report

import (
	"brood/jobs"
	"brood/jobs/figures"
	"brood/runner/catalog"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/logbook"
	"brood/runner/reasons"
	"brood/runner/remote"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"
)

// Source is a run that is reported on.
type Source struct {
	State, Name string
	// Definition finds that of its job; nil: this brood does not know it.
	Definition func(job string) *jobs.Definition
	Now        time.Time
	Zone       *time.Location
	Version    string // of this brood
}

// Run is all that a report says of a run, before it is put into words.
type Run struct {
	zone
	state     string
	now       time.Time
	version   string
	entry     *catalog.Entry
	cfg       *spec.Config
	inputs    []ledger.Input
	inputDone bool
	output    ledger.Output
	results   string // what is wrong with them; empty: nothing
	sessions  []ledger.PastSession
	outcomes  []ledger.Counted
	tries     []ledger.Counted
	deaths    []ledger.Death
	deathsBy  []ledger.Counted
	decisions []ledger.Counted
	unknowns  []ledger.Outcome
	retries   int
	groups    []reasons.Group
	rest      uint64
	reasonErr error
	course    []ledger.Stretch
	took      ledger.Took
	// courseOf is how many records the course tells of, and tookBy where times come from.
	courseOf uint64
	tookBy   tookFrom
	log      []logbook.Line
	logged   int // lines that workers have printed
	rows     func() iter.Seq2[*jobs.Record, error]
	members  []remote.Member   // machines that have worked for it
	sections []figures.Section // of the job
	jobErr   error
}

// tookFrom says where it is known from how long records took.
type tookFrom string

const (
	tookNowhere tookFrom = ""
	tookCourse  tookFrom = "course"  // the ledger, of every try
	tookResults tookFrom = "results" // the column _ms, of the last try of each record
)

// Gather reads a run.
func Gather(ctx context.Context, s *Source) (*Run, error) {
	entry, err := catalog.Examine(ctx, s.State, s.Name)
	if err != nil {
		return nil, err
	}
	l, err := ledger.OpenReader(ctx, home.LedgerPath(s.State, s.Name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.Close() }()
	r := &Run{zone: zone{s.Zone}, state: s.State, now: s.Now, version: s.Version, entry: entry}
	var sum ledger.Summary
	if r.cfg, sum, err = desk.ReadConfig(ctx, l); err != nil {
		return nil, err
	}
	r.inputDone = sum.InputDone
	if err := r.readLedger(ctx, l); err != nil {
		return nil, err
	}
	if roster, err := remote.OpenRoster(home.At(s.State, s.Name).File(remote.RosterName)); err == nil {
		r.members = roster.Members // without it the report is one of a single machine
	}
	r.findResults(ctx)
	if r.took.Count() == 0 && r.rows != nil {
		if err := r.timeResults(); err != nil {
			r.results = err.Error()
		}
	}
	if entry.Failed+entry.Unknown > 0 {
		tally := reasons.NewTally(reasons.Kept)
		want := map[jobs.Status]bool{jobs.StatusFailed: true, jobs.StatusUnknown: true}
		r.reasonErr = desk.Failures(ctx, home.At(s.State, s.Name), l, r.cfg, want, tally.Add)
		r.groups, r.rest = tally.Groups()
	}
	if err := r.readLog(ctx); err != nil {
		return nil, err
	}
	if def := s.Definition(entry.Job); def != nil && def.Report != nil {
		r.sections, r.jobErr = def.Report(r.finished())
	}
	return r, ctx.Err()
}

func (r *Run) readLedger(ctx context.Context, l *ledger.Reader) (err error) {
	read := func(f func() error) {
		if err == nil {
			err = f()
		}
	}
	read(func() (err error) { r.inputs, err = l.Inputs(ctx); return err })
	read(func() (err error) { r.output, err = l.Output(ctx); return err })
	read(func() (err error) { r.sessions, err = l.Sessions(ctx); return err })
	read(func() (err error) { r.outcomes, err = l.CountOutcomes(ctx); return err })
	read(func() (err error) { r.tries, err = l.CountTries(ctx); return err })
	read(func() (err error) { r.deaths, err = l.Deaths(ctx, mostRows); return err })
	read(func() (err error) { r.deathsBy, err = l.CountDeaths(ctx); return err })
	read(func() (err error) { r.decisions, err = l.CountDecisions(ctx); return err })
	read(func() (err error) { r.unknowns, err = l.FirstOf(ctx, jobs.StatusUnknown, mostRows); return err })
	read(func() error {
		waiting, err := l.Retries(ctx)
		r.retries = len(waiting)
		return err
	})
	read(func() error {
		_, err := l.Course(ctx, func(_ int64, s *ledger.Stretch) {
			r.course = append(r.course, *s)
			r.took.Add(&s.Took)
			r.courseOf += s.OK + s.Failed + s.Skipped + s.Unknown
		})
		if r.took.Count() > 0 {
			r.tookBy = tookCourse
		}
		return err
	})
	return err
}

// findResults looks whether the results are still what the run has written.
func (r *Run) findResults(ctx context.Context) {
	switch condition, text := r.entry.Condition(ctx, r.state); condition {
	case catalog.ResultsGone, catalog.ResultsChanged:
		r.results = text
		return
	case catalog.ResultsTouched:
		r.results = text
	case catalog.ResultsThere, "":
	}
	r.rows = desk.ResultsTo(r.cfg, r.output.Bytes)
}

// timeResults counts how long records took by what the results say.
func (r *Run) timeResults() error {
	for rec, err := range r.rows() {
		if err != nil {
			return err
		}
		v, ok := rec.Lookup(msColumn)
		if !ok {
			return nil
		}
		if ms, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			r.took[ledger.TookBucket(time.Duration(ms)*time.Millisecond)]++
			r.tookBy = tookResults
		}
	}
	return nil
}

// msColumn is the column of results that says how long the last try took: docs/results.md.
const msColumn = "_ms"

// loggedLines is how many lines of what brood has said are shown.
const loggedLines = 40

func (r *Run) readLog(ctx context.Context) error {
	err := logbook.Read(ctx, home.RunPath(r.state, r.entry.Name), nil, func(l *logbook.Line) error {
		if l.Stream != "" {
			r.logged++
			return nil
		}
		if r.log = append(r.log, *l); len(r.log) > 2*loggedLines {
			r.log = append(r.log[:0], r.log[len(r.log)-loggedLines:]...)
		}
		return nil
	})
	r.log = r.log[max(len(r.log)-loggedLines, 0):]
	if err != nil {
		err = fmt.Errorf("read the log of the run: %w", err)
	}
	return err
}

// finished is the run, for its job.
func (r *Run) finished() *jobs.Finished {
	e := r.entry
	return &jobs.Finished{
		Config: r.cfg.Plan.Config, Run: r.cfg.Name, Dir: home.RunPath(r.state, r.cfg.Name), State: r.state, Output: r.cfg.Target(), Done: e.State == ledger.StateDone,
		Counts: jobs.Counts{Input: e.Input, OK: e.OK, Failed: e.Failed, Skipped: e.Skipped, Unknown: e.Unknown, Pending: uint64(e.Pending())},
		Rows:   r.rows, Say: func(string, ...any) {},
	}
}

// NotBegun reports whether the error of Gather says that the run was cut off before it began.
func NotBegun(err error) bool { return errors.Is(err, ledger.ErrNotBegun) }

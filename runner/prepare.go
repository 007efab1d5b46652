package runner

import (
	"brood/jobs"
	"brood/runner/book"
	"brood/runner/catalog"
	"brood/runner/desk"
	"brood/runner/feed"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/proc"
	"brood/runner/sink"
	"brood/runner/spec"
	"brood/worker/wire"
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// How many updates are on the way to the book: as many as there are slots, within these bounds.
const (
	leastUpdates = 16 // gather while it rests
	mostUpdates  = 64
)

// beatAfter is how long nothing happens before the ledger is told that this session is alive all
// the same.
const beatAfter = 5 * time.Second

// noteCommit is told of each commit.
func (r *session) noteCommit(took time.Duration) {
	r.metrics.noteCommit(took)
	r.notice.commits.Add(1)
}

// prepare sets up everything that does not run yet.
func (r *session) prepare(ctx context.Context, l *ledger.Ledger, input *intake.Input) error {
	cfg := r.cfg
	if r.Ready != nil {
		var err error
		if r.claimed, err = r.Ready(cfg); err != nil {
			return err
		}
	}
	if r.Worker.Path == "" {
		path, err := proc.SelfExe()
		if err != nil {
			return fmt.Errorf("find this executable: %w", err)
		}
		r.Worker = WorkerCommand{Path: path, Args: []string{os.Args[0], wire.Command, cfg.Job}}
	}
	proc.RaiseFileLimit()
	if err := os.MkdirAll(r.Dir.File(home.PagesName), 0o700); err != nil {
		return &spec.WriteError{Err: err}
	}
	var err error
	if r.encoder, err = sink.NewEncoder(cfg.OutputFormat, r.shape, cfg.Plan.Columns); err != nil {
		return err
	}
	if r.chooser, err = intake.NewChooser(cfg.Where, r.shape); err != nil {
		return err
	}
	if r.Same != nil {
		if r.same, err = r.Same(cfg, r.shape); err != nil {
			return err
		}
	}
	if cfg.Framed() {
		r.encoder.Frame()
	}
	r.deal = cfg.Deal()
	if cfg.Plan.FailedOutput == jobs.FailedToStdout {
		r.encoder.ShowFailed()
	}
	if r.machines != nil {
		r.family = r.machines.family // which has what starts agents
	} else if r.family, err = proc.NewFamily(); err != nil {
		return err
	}
	if err := r.keepLimits(); err != nil {
		return err
	}
	day, used, err := l.InTurn().Quota(ctx)
	if err != nil {
		return err
	}
	r.openJobserver(os.Getenv("MAKEFLAGS"))
	if r.metrics, err = newMetrics(r, cfg.Metrics); err != nil {
		return err
	}
	keyLifetime := cfg.KeyLifetime
	if cfg.Effect != jobs.EffectKeyed {
		keyLifetime = 0
	}
	r.feed = feed.New(feed.Config{
		Dir: r.Dir.Path, Slots: cfg.Slots, Intents: cfg.Effect != jobs.EffectNone, KeyLifetime: keyLifetime,
		Pace: cfg.Pace, PaceKey: cfg.PaceKey, QuotaDay: day, QuotaUsed: used, Breaker: cfg.Breaker, Adaptive: cfg.Adaptive,
		Several:   r.places > 1 && !cfg.CountsWorkers(),
		Together:  r.same != nil,
		Jobserver: r.jobserver, Tell: r.tellPause, Waited: r.metrics.noteWait,
	})
	r.feed.Bound(r.guarding.trial.Room())
	if err := r.openHeard(cfg.OwnWorkers()); err != nil {
		return err
	}
	if err := r.crew.hire(cfg.OwnWorkers()); err != nil {
		return err
	}
	// Of many slots only some have one on the way, as they take memory.
	r.updates = make(chan *book.Update, min(max(cfg.OwnWorkers(), leastUpdates), mostUpdates))
	return r.openBook(ctx, l, input)
}

func (r *session) openBook(ctx context.Context, l *ledger.Ledger, in *intake.Input) error {
	led := l.InTurn()
	sum, err := led.Summary(ctx)
	if err != nil {
		return err
	}
	r.keepStored(&sum)
	if r.admission, err = newAdmission(ctx, r.Dir, r.cfg, sum.StartedAt, sum.Totals.Input > 0); err != nil {
		return err
	}
	if r.redone, err = led.Redone(ctx); err != nil {
		return err
	}
	if r.triedBefore, err = led.TriedBefore(ctx); err != nil {
		return err
	}
	if r.corrections, err = led.Corrections(ctx); err != nil {
		return err
	}
	if err := desk.FinishAmending(ctx, l); err != nil {
		return err
	}
	out, err := led.Output(ctx)
	if err != nil {
		return err
	}
	file, err := sink.Open(out.Path, sink.Start{
		Size: out.Bytes, Sum: out.Sum, Header: r.encoder.Header(),
		Lock:     func(f os.FileInfo) error { return r.own(ctx, out.Path, f) },
		Terminal: r.Term,
	})
	if err != nil {
		var we *sink.WriteError
		if errors.As(err, &we) {
			return &spec.WriteError{Err: err}
		}
		return err
	}
	joblog, err := r.openJoblog(ctx, led)
	if err != nil {
		return err
	}
	var folder book.Folder
	if r.cfg.Results != "" {
		if folder, err = sink.OpenFolder(r.cfg.Results); err != nil {
			return &spec.WriteError{Err: fmt.Errorf("--results: %w", err)}
		}
	}
	var owed func([]ledger.Owed)
	var replied func() []ledger.Replied
	var haste func() bool
	if r.inbox != nil {
		if err := l.KeepDeliveries(ctx); err != nil {
			return &spec.WriteError{Err: err}
		}
		if r.deliveries, err = l.Reader().Deliveries(ctx); err != nil {
			return err
		}
		if r.owedBefore, err = led.Owed(ctx); err != nil {
			return err
		}
		q := r.cfg.Queue
		r.stays = q.Taker != "" && q.Place != "" && q.Place == r.Dir.Place()
		owed, replied, haste = r.inbox.Owe, r.inbox.Replied, r.inbox.Haste
	}
	freed, err := led.Freed(ctx)
	if err != nil {
		return err
	}
	held, err := led.HeldIndex(ctx)
	if err != nil {
		return err
	}
	if r.past, err = book.LoadPast(ctx, led); err != nil {
		return err
	}
	r.written = out.Next
	t := sum.Totals
	r.before = t
	r.alreadyOK = t.OK
	r.already = t.OK + t.Failed + t.Skipped + t.Unknown
	r.book = book.New(book.Config{
		Ledger: l, Reader: l.Reader(), File: file, Joblog: joblog, Folder: folder, Synced: out.Bytes, Unordered: r.cfg.Unordered, NextSeq: out.Next, Part: r.cfg.Shard != nil,
		Held: held, Freed: freed, Totals: t, Past: r.past, SyncInput: in.Sync, Quota: r.feed.Quota,
		GiveBack: r.admission.giveBack, Failed: r.fail, Tried: r.metrics.noteAttempt, Committed: r.noteCommit, Beat: r.Service.Beat(beatAfter), Waits: r.feed.Waiting,
		Owed: owed, Replied: replied, Haste: haste, Rebase: in.Rebase,
		KeysKept: func(n int, err error) {
			r.Term.Logf("%d keys of records that failed stay taken in scope %s: %v", n, r.cfg.OncePer, err)
		},
	})
	return nil
}

// own makes the results file that of this run, unless it is another's.
func (r *session) own(ctx context.Context, path string, f os.FileInfo) error {
	if err := r.Dir.LockOutput(path, f); err != nil {
		return err
	}
	if !r.Overwrite {
		if err := catalog.CheckOwner(ctx, r.Dir.State(), r.Dir.Name, path); err != nil {
			return err
		}
	}
	if err := catalog.Claim(r.Dir, path, f); err != nil {
		return &spec.WriteError{Err: err}
	}
	return nil
}

// release gives back what prepare has taken, as far as it came.
func (r *session) release() error {
	var err error
	if r.family != nil && r.machines == nil {
		err = r.family.Close()
	}
	if r.jobserver != nil {
		err = errors.Join(err, r.jobserver.Close())
	}
	r.metrics.close()
	return err
}

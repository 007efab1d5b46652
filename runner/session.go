// Package runner is the session: it runs one job over one dataset, with its slots and
// workers, signals and watch. What it uses are rooms of their own: see docs/DESIGN.md.
//
// The way of a record: the source reads it into a block; a slot takes it from
// the feed and gives it to its hand, in a batch; the answer comes back, and the session
// decides about it and enacts that: it is final, or goes back to the feed for another
// try; the book writes what is final to the output, in order, and to the ledger. Records
// never go the other way, and each arrow is crossed by one kind of value:
//
//	source ──block──▶ feed ──batch──▶ talk ⇄ hand
//	                  │ ▲               │
//	                  │ └────retry──────┤
//	                  └────intents──────┴──update──▶ book ──▶ sink, ledger
//
// Where repeating a record costs something, it leaves the feed only when the
// intent to do it is in the ledger: see intend.go. What an interrupted session
// has left beside the ledger is taken over by the next one: see takeover.go.
//
// The parent owns all of it; a worker sees only its pipes. Everything runs
// under one errgroup with two contexts: when drain ends, nothing more is begun,
// and what is in hand is finished and recorded; when kill ends, the workers are
// killed, and what they had in hand is settled by what its effect allows.
package runner

import (
	"brood/jobs"
	"brood/jobs/elsewhere"
	"brood/runner/arrivals"
	"brood/runner/book"
	"brood/runner/control"
	"brood/runner/daemon"
	"brood/runner/dataset"
	"brood/runner/guard"
	"brood/runner/hand"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/jobserver"
	"brood/runner/ledger"
	"brood/runner/proc"
	"brood/runner/shard"
	"brood/runner/sink"
	"brood/runner/spec"
	"brood/runner/term"
	"brood/worker/wire"
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// WorkerCommand is the program that works, with its arguments.
type WorkerCommand struct {
	Path string
	Args []string // with the program's name
}

// Setting is where a session works and by what means, whatever it is asked to do.
type Setting struct {
	// Dir is the run directory. It is locked.
	Dir  *home.Dir
	Term *term.Term
	// Producer is what the dataset "-" stands for.
	Producer intake.Producer
	// Arrive opens the desk of a run that works off a queue, which is then the producer.
	Arrive func(ctx context.Context, cfg *spec.Config) (*arrivals.Desk, error)
	// Ask brings what a database answers, of a run whose dataset that is.
	Ask func(ctx context.Context, cfg *spec.Config) (intake.Producer, error)
	// Worker is how a worker is started; the zero value is this executable.
	Worker WorkerCommand
	// Elsewhere says where files of the run's machine are on this one, for workers; nil, or it returns nil: it is the same.
	Elsewhere func() *elsewhere.Files
	// Scarce says that there are few threads and processes to be had, see MakeRoom.
	Scarce bool
	// Service is the service manager that has started this process; nil: there is none.
	Service *daemon.Service
	// Version goes into the ledger's list of sessions.
	Version string
	// Command says what is done with a record by a worker of a slot, in one line, for the
	// joblog of a run.
	Command func(*spec.Config, *jobs.Shape) (func(rec *jobs.Record, slot int) string, error)
	// Same is what jobs.Definition.Same returns; nil, or it returns nil: no record waits for another.
	Same func(*spec.Config, *jobs.Shape) (func(*jobs.Record) []byte, error)
	// Ready is asked before the first record leaves whether the session may begin, see jobs.Definition.Begin; nil: it may.
	// Taken says that the job has taken something for the run: from then on the run stays, whatever goes wrong.
	Ready func(*spec.Config) (taken bool, err error)
	// Revise is what jobs.Definition.Revise returns; nil, or it returns nil: the results stay.
	Revise  func(*spec.Config) (*jobs.Revision, error)
	arrived *arrivals.Desk // see Arrive

	// Replan plans the run anew while it goes on, by what its flags name now and by flags that are given now,
	// and says what has changed. What it is given it leaves alone. Nil: the run cannot be reloaded.
	Replan func(was *spec.Config, s *jobs.Shape, flags control.Flags) (cfg *spec.Config, changed string, err error)
	// Overwrite says that the results may take the place of another run's.
	Overwrite bool
	// Machines has workers on other machines; nil: the run has none.
	Machines Machines
	fleet    *fleet // see Machines

	// NewHand brings who answers for the batches of a slot, from 1; nil without an error
	// if ctx has ended. When kill ends, what it has brought must end at once. Nil: a
	// process of this machine.
	NewHand func(ctx, kill context.Context, slot int) (hand.Hand, error)
}

// session is one sitting of a run: from its beginning, or where the last one has
// left it, to its end or as far as it comes.
type session struct {
	Setting
	*settler   // decides about records, and sees to it
	provisions // what workers are started with
	patience   // how long a record may take
	cfg        *spec.Config
	epoch      int64 // its number, see ledger.Session
	started    time.Time

	reader    *dataset.Reader
	past      *book.Past // what earlier sessions have left; of the source
	admission *admission
	// corrections stand in place of records; of the source.
	corrections intake.Corrections
	chooser     *intake.Chooser           // nil: all records are
	deal        *shard.Deal               // nil: all are of this run
	written     jobs.Seq                  // all before it were in the output when the session began
	same        func(*jobs.Record) []byte // see jobs.Definition.Same; nil: none are. Of the source.
	book        *book.Book
	ledger      *ledger.Ledger
	state       string // where jobs keep what is for all runs; empty: where the run is
	machines    *fleet // nil: there are no others
	places      int    // records that a worker can have in hand
	fitted      bool   // how many of them it has is fitted to how quick it is
	crew        crew
	heard       *wire.Heard // what was seen of the notes; nil: none are made
	starting    sync.Mutex  // held by who starts a worker, where Setting.Scarce, or crowded
	crowded     atomic.Bool // a worker did not start for want of descriptors, processes or memory
	family      *proc.Family
	jobserver   *jobserver.Client // that of make; nil: there is none
	metrics     *metrics          // nil: nobody wants any
	notice      *notice           // to the service manager
	reloads     reloading

	deliveries *ledger.Deliveries // of a run that works off a queue
	owedBefore []ledger.Owed      // by earlier sessions
	spooled    func() int64       // how many bytes of the spool are of earlier sessions
	stays      bool               // the run is where it was begun, and its queue knows it by a name that no other has
	passed     atomic.Uint64      // how many records the source has read, or need not read

	taken     *dataset.Fingerprint // of a dataset that grows, when all there was has been read
	before    ledger.Totals        // when the session began
	already   uint64               // final before this session
	alreadyOK uint64               // of these
	fresh     atomic.Bool          // a fresh worker has been measured
	recycled  atomic.Uint64
	usage     tally
	unclean   atomic.Bool // something may be known that the ledger has not

	killCtx    context.Context
	drainBound atomic.Bool // what is in hand is killed when its time is over
	timeIsOver bool        // see Report
	signal     atomic.Int32
	claimed    bool // see Setting.Ready
	// Of whoever obeys signals.
	lastSignal   syscall.Signal
	lastSignalAt time.Time
	resumed      atomic.Int64 // wire.Now of the last continuation after a stop
}

// run works until the run is done, is stopped or fails. The session has begun in
// the ledger, and the dataset is open at its start; it is closed here. The report is
// valid even with an error, as far as it goes.
func run(ctx context.Context, set *Setting, cfg *spec.Config, epoch int64, l *ledger.Ledger, in *intake.Input) (Report, error) {
	r := &session{
		Setting: *set, settler: newSettler(cfg, in.Reader.Shape(), set.Term), patience: patience{cfg: cfg},
		cfg: cfg, epoch: epoch, reader: in.Reader, started: time.Now(),
	}
	r.crew.r = r
	r.notice = newNotice(r, set.Service)
	r.inbox, r.spooled = set.arrived, in.Adopted
	r.ledger = l
	r.places, r.fitted = cfg.Places()
	defer func() { _ = in.Close() }() // with its producer
	err := set.openMachines(ctx, cfg, in.Reader.Shape(), l, epoch)
	if r.machines = set.fleet; err == nil {
		err = r.prepare(ctx, l, in)
	}
	if err != nil {
		err = errors.Join(err, r.machines.close())
		_ = in.Close() // before what it has brought is given back
		err = errors.Join(err, set.leave())
		endErr := l.EndSession(context.Background(), ledger.StateInterrupted, err.Error(), true, ledger.Usage{})
		var rep Report
		if r.claimed {
			rep.State, rep.Reason = ledger.StateInterrupted, err.Error()
		}
		return rep, errors.Join(err, endErr, r.admission.close(), r.crew.closePads(), r.release())
	}
	state, reason, err := r.work(ctx, in)
	return r.report(l, state, reason, err)
}

// stdoutTime is how long a killed run waits for whoever reads its standard output.
const stdoutTime = 5 * time.Second

// work runs everything and returns when all of it has ended.
func (r *session) work(ctx context.Context, in *intake.Input) (ledger.State, string, error) {
	killCtx, kill := context.WithCancel(ctx)
	defer kill()
	drainCtx, drain := context.WithCancelCause(killCtx)
	defer drain(nil)
	r.killCtx, r.kill, r.drain = killCtx, kill, drain
	r.ending = func() bool { return drainCtx.Err() != nil }
	stdout := os.Stdout // whatever that is later
	context.AfterFunc(killCtx, func() {
		r.family.SignalAll(syscall.SIGKILL)
		r.Term.Hurry()
		_ = stdout.SetWriteDeadline(time.Now().Add(stdoutTime)) // fails where it cannot block, or be waited for
	})
	context.AfterFunc(drainCtx, func() { r.boundDrain(context.Cause(drainCtx)) })

	// What serves the session ends after it, and is not part of the group.
	serve, stopServing := context.WithCancel(context.Background())
	var servants sync.WaitGroup
	signals := r.listenForSignals()
	obey := func(ctx context.Context) { r.obeySignals(ctx, signals) }
	seen := newGauges(r.cfg.Headroom, r.feed, r.Term)
	tell := func(ctx context.Context) { r.notice.serve(ctx, drainCtx) }
	for _, f := range []func(context.Context){r.watch, r.dun, r.widen, r.noteSilence, r.showProgress, obey, r.serveControl, seen.watch, r.metrics.serve, tell, r.keepTime} {
		servants.Go(func() { f(serve) })
	}

	if r.inbox != nil {
		r.inbox.Hurry(func() { r.updates <- newSettlement().Update })
		r.inbox.Begin(r.owedBefore)
		servants.Go(func() { r.inbox.Answer(serve) })
		servants.Go(func() { r.inbox.Lease(serve) })
	}

	r.crew.requests = make(chan scaling)
	var workers, books errgroup.Group
	books.Go(func() error { return r.book.Keep(r.updates) })
	start := func(f func(context.Context) error) {
		workers.Go(func() error {
			err := f(drainCtx)
			if err != nil {
				r.fail(err)
			}
			var aborted *spec.AbortError
			var data *spec.DatasetError
			if err != nil && !errors.As(err, &aborted) && !errors.As(err, &data) {
				r.unclean.Store(true)
			}
			return err
		})
	}
	letting, stopLetting := context.WithCancel(drainCtx)
	defer stopLetting()
	if in.Produces() {
		start(func(ctx context.Context) error {
			defer stopLetting()
			return in.Fill(ctx)
		})
	}
	if r.inbox != nil {
		workers.Go(func() error {
			r.letGo(letting, in)
			return nil
		})
	}
	src := &source{r: r, reader: r.reader, past: r.past, admission: r.admission, corrections: r.corrections, chooser: r.chooser, deal: r.deal, same: r.same, rows: guard.NewAlike(), deliveries: r.deliveries}
	if r.cfg.NoGuard {
		src.rows.Differs()
	}
	r.past = nil // the source lets go of it as it comes by
	start(src.read)
	if r.feed.NeedsIntents() {
		start(r.intend)
	}
	start(func(ctx context.Context) error { return r.crew.manage(ctx, start) })
	if r.machines != nil {
		servants.Go(func() { r.machines.desk.Serve(serve) })
		start(func(ctx context.Context) error { return r.machines.serve(ctx, r) })
	}
	err := workers.Wait()
	r.acquit()
	close(r.updates)
	bookErr := books.Wait()
	stopServing()
	servants.Wait()
	r.guarding.decided()
	if bookErr != nil {
		err = bookErr // the cause of any other
	}
	err = errors.Join(err, r.release())
	return r.outcome(drainCtx, err)
}

// fail stops the run in an orderly way.
func (r *session) fail(err error) { r.drain(err) }

func (r *session) stateDir() string {
	if r.state != "" {
		return r.state
	}
	return r.Dir.State()
}

func (r *session) hello(to *child) wire.Hello {
	c := r.cfg
	confine := confine(&c.Limits)
	confine.Refusals, confine.MaxTasks = to.Refusals()
	hello := wire.Hello{
		Version: wire.Version, Run: c.Name, Dir: r.Dir.Path, State: r.stateDir(), Slot: to.slot.number, Places: r.places, Job: c.Job, Config: to.setup.config, Shape: *r.shape,
		SendRaw: c.Plan.NeedsRaw, Text: c.OutputFormat == sink.FormatText, Printed: c.Results != "", Effect: c.Effect.String(), Key: c.Key,
		TimeoutMS: r.timeout().Milliseconds(), MaxOutput: c.Dataset.MaxRecord, MaxDepth: c.Dataset.Depth(),
		Stoppable: r.stoppable(), Confine: confine, Threads: r.threadsAhead(), Secrets: c.Limits.SecretNames(),
	}
	if r.Elsewhere != nil {
		if at := r.Elsewhere(); at != nil {
			hello.Files, hello.Held = at.Local, at.Held
		}
	}
	return hello
}

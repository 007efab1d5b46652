// Package agent is brood on another machine than the run's: it joins the run, has workers of its own do what the coordinator's slots for it
// are given, and comes back with what they have noted after it was cut off, or died.
//
// It begins nothing while it does not hear its coordinator; what is in hand is finished, and its answer kept on the disk until the
// coordinator's ledger has it. What it keeps is under the state directory, in agents/NAME, a directory for each time that it has joined.
package agent

import (
	"brood/runner"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/remote"
	"brood/runner/spec"
	"brood/runner/term"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"time"
)

// Handlers are what a port calls.
type Handlers struct {
	// Told is called with what the coordinator says, one after the other.
	Told func(body []byte)
	// Up is called at each connection, and Lost when there will be none any more.
	Up   func()
	Lost func(error)
}

// Options are what an agent works by.
type Options struct {
	// Dial brings the way to the coordinator. It may wait until ctx ends.
	Dial func(ctx context.Context, h *Handlers) (remote.Port, error)
	// Machine is its name, and Key what tells its coordinator from others: a directory of that name holds what it keeps.
	Machine, Key string
	State        string // the state directory
	WorkDir      string // where workers run; empty: where the run's do, if there is such a directory here
	Slots        int
	Build        string
	Version      string
	LostAfter    time.Duration // 0: as the coordinator says
	Clear        bool          // others may read what comes over the network
	Term         *term.Term
	Worker       runner.WorkerCommand
}

// RefusedError is that the coordinator does not let it in.
type RefusedError struct{ Why string }

func (e *RefusedError) Error() string {
	return "the coordinator does not let this machine in: " + e.Why
}

// LostError is that the coordinator was not to be found for too long.
type LostError struct {
	After time.Duration
	Err   error // of the last try
}

func (e *LostError) Error() string {
	return fmt.Sprintf("the coordinator was not to be found for %s (--lost-after): %v", e.After, e.Err)
}

func (e *LostError) Unwrap() error { return e.Err }

// agent is one process.
type agent struct {
	Options
	port  remote.Port
	now   atomic.Pointer[remote.Agent]
	epoch atomic.Int64
	gone  chan error // the port will not work any more
	heard time.Time
	stock stock
}

// Run works for the run until that is done, the machine is to leave, or the coordinator is gone for too long. When drain ends, what is in hand
// is finished, and nothing else is begun; when ctx ends, workers are killed. It says how it ended.
func Run(ctx, drain context.Context, o *Options) (remote.Outcome, error) {
	a := &agent{Options: *o, gone: make(chan error, 1), heard: time.Now()}
	h := &Handlers{
		Told: func(body []byte) {
			if x := a.now.Load(); x != nil {
				x.Told(body)
			}
		},
		Up: func() {
			if x := a.now.Load(); x != nil {
				x.Up()
				a.lookUp(ctx, x)
			}
		},
		Lost: func(err error) {
			select {
			case a.gone <- err:
			default:
			}
			if x := a.now.Load(); x != nil {
				x.Lose() // its token was revoked: what is in hand is finished, and nothing else comes
			}
		},
	}
	dialing, stop := context.WithTimeout(drain, a.patience())
	defer stop()
	var err error
	if a.port, err = o.Dial(dialing, h); err != nil {
		if dialing.Err() != nil && drain.Err() == nil {
			err = &LostError{After: a.patience(), Err: err}
		}
		return remote.Outcome{}, err
	}
	out, err := a.work(ctx, drain)
	return out, errors.Join(err, a.port.Close())
}

func (a *agent) patience() time.Duration {
	if a.LostAfter > 0 {
		return a.LostAfter
	}
	return remote.DefaultLostAfter
}

// work joins, and joins again when it was taken for dead.
func (a *agent) work(ctx, drain context.Context) (remote.Outcome, error) {
	for {
		left, err := a.leftovers(drain)
		if err != nil {
			return remote.Outcome{}, err
		}
		if err := a.prefetch(drain); err != nil {
			return remote.Outcome{}, err
		}
		w, instance, err := a.join(drain, left)
		if err != nil {
			return remote.Outcome{}, err
		}
		if w.Over {
			return a.comesTooLate(w, left), nil
		}
		a.heard = time.Now()
		if w.LostAfter > 0 && a.LostAfter == 0 {
			a.LostAfter = w.LostAfter
		}
		out, err := a.sit(ctx, drain, w, instance, left)
		a.heard = time.Now() // it counts from when it is looked for
		if err != nil || !out.Lost || drain.Err() != nil {
			return out, err
		}
	}
}

// join asks to be let in until it is, or has been refused.
func (a *agent) join(ctx context.Context, left []*leftover) (*remote.Welcome, uint64, error) {
	host, _ := os.Hostname()
	j := remote.Join{
		Version: remote.Version, Build: a.Build, Platform: runtime.GOOS + "/" + runtime.GOARCH, Boot: ledger.BootID(), Instance: remote.NewInstance(),
		Slots: a.Slots, Host: host, PID: os.Getpid(), Clear: a.Clear, Reports: make(map[string]int),
	}
	for _, l := range left {
		j.Reports[l.mark.RunID]++
	}
	body, err := json.Marshal(remote.Question{Join: &j})
	if err != nil {
		return nil, 0, err
	}
	told := false
	for {
		w, err := a.ask(ctx, body)
		switch {
		case ctx.Err() != nil:
			return nil, 0, ctx.Err()
		case err == nil && w.Over:
			return w, 0, nil
		case err == nil && w.Refused != "":
			return nil, 0, &RefusedError{Why: w.Refused}
		case err == nil && !w.Wait:
			return w, j.Instance, nil
		case err == nil:
			a.heard = time.Now()
		case time.Since(a.heard) > a.patience():
			return nil, 0, &LostError{After: a.patience(), Err: err}
		}
		if !told {
			told = true
			if err != nil {
				a.Term.Logf("looking for the coordinator: %v", err)
			} else {
				a.Term.Logf("waiting until the coordinator is ready, or another agent of this name has left")
			}
		}
		select {
		case err := <-a.gone:
			return nil, 0, &RefusedError{Why: err.Error()}
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// comesTooLate is how it ends if the session has ended before it was let in.
func (a *agent) comesTooLate(w *remote.Welcome, left []*leftover) remote.Outcome {
	if slices.ContainsFunc(left, func(l *leftover) bool { return l.says() && l.mark.RunID == w.RunID }) {
		a.Term.Logf("what its workers have noted and the run has not heard is kept: resume the run, and join again")
	}
	return remote.Outcome{Why: w.Refused, Done: w.Done}
}

// lookUp looks whether the session is still that which this agent works for, now that there is a link again.
func (a *agent) lookUp(ctx context.Context, x *remote.Agent) {
	body, err := json.Marshal(remote.Question{Epoch: true})
	if err != nil {
		return
	}
	if w, err := a.ask(ctx, body); err == nil && w.Epoch != a.epoch.Load() {
		x.Lose()
	}
}

// askTime is how long an answer may take.
const askTime = 10 * time.Second

func (a *agent) ask(ctx context.Context, body []byte) (*remote.Welcome, error) {
	ask := func(body []byte) ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		return a.port.Ask(ctx, body)
	}
	b, err := ask(body)
	if err != nil {
		return nil, err
	}
	return remote.ReadWelcome(b, ask)
}

// sit works for one session, until it ends, or this agent was taken for dead.
func (a *agent) sit(ctx, drain context.Context, w *remote.Welcome, instance uint64, left []*leftover) (out remote.Outcome, err error) {
	cfg, err := a.configure(w)
	if err != nil {
		return out, err
	}
	at, err := a.collect(drain, w.Files)
	if err == nil {
		err = mayRead(cfg, at)
	}
	if errors.Is(err, errNotGiven) { // it has changed since this machine was let in
		return remote.Outcome{Lost: true}, nil
	}
	if err != nil {
		return out, err
	}
	if err := a.port.Enter(drain, w.Epoch); err != nil {
		return remote.Outcome{Lost: drain.Err() == nil}, nil // the coordinator has gone again; it is looked for
	}
	dir, err := a.begin(drain, w, instance)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, a.tidy(dir, err != nil || out.Lost)) }()
	shown, err := a.show(dir, w.Files, at)
	if err != nil {
		return out, &spec.WriteError{Err: err}
	}
	set := &runner.Setting{Dir: dir, Term: a.Term, Version: a.Version, Worker: a.Worker, Elsewhere: shown.now}
	shop, err := runner.OpenShop(set, cfg, &w.Shape, a.State, a.Slots)
	if err != nil {
		return out, err
	}
	x := remote.NewAgent(&remote.AgentOptions{
		Says: a.port, Shop: shop, Slots: a.Slots, Instance: instance, Lease: w.Lease, Effect: cfg.Effect, Shape: &w.Shape, Raw: cfg.Plan.NeedsRaw,
		Stoppable: shop.Stoppable(), Several: several(cfg), Settled: a.forget, Load: load, Logf: a.Term.Logf,
	})
	a.epoch.Store(w.Epoch)
	a.now.Store(x)
	for _, l := range left {
		switch {
		case l.mark.RunID == w.RunID:
			x.Report(l.report())
		case !l.says():
			a.forget(l.name)
		default:
			a.Term.Logf("what was left of an earlier run is of no use to this one: %s may be removed", filepath.Join(a.root(), "runs", l.name))
		}
	}
	a.Term.Logf("at work for run %s as machine %s, with %d slots", w.Run, a.Machine, a.Slots)
	stop := context.AfterFunc(drain, x.Leaving)
	kill := context.AfterFunc(ctx, shop.Kill)
	done := shown.serve(ctx)
	out = x.Work(ctx)
	done()
	stop()
	kill()
	a.now.Store(nil)
	return out, shop.Close()
}

func several(cfg *spec.Config) bool {
	n, _ := cfg.Places()
	return n > 1
}

// configure is the run's configuration as it is on this machine.
func (a *agent) configure(w *remote.Welcome) (*spec.Config, error) {
	cfg, err := spec.Decode(w.Config)
	if err != nil {
		return nil, err
	}
	for name, value := range w.Secrets { // of the environment of workers, and of no disk
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	cfg.Limits.Secrets = cfg.Limits.SecretNames()
	dir := a.WorkDir
	if dir == "" {
		dir = cfg.WorkDir
	}
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		if a.WorkDir != "" {
			return nil, fmt.Errorf("--workdir %s is no directory here", a.WorkDir)
		}
		if dir, err = os.UserHomeDir(); err != nil {
			return nil, err
		}
	}
	cfg.WorkDir = dir
	if err := runner.CheckLimits(&cfg.Limits); err != nil {
		return nil, &RefusedError{Why: "what the run asks of its workers cannot be had here: " + err.Error()}
	}
	return cfg, nil
}

// load is the load average of the last minute; 0: it is not known.
func load() float64 {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	var l float64
	if _, err := fmt.Sscan(string(b), &l); err != nil {
		return 0
	}
	return l
}

// root is where the agent keeps what it has.
func (a *agent) root() string { return filepath.Join(a.State, "agents", a.Key) }

// dirOf is the name of the directory of an instance.
func dirOf(epoch int64, instance uint64) string { return fmt.Sprintf("e%d-%016x", epoch, instance) }

// begin makes the directory of an instance.
func (a *agent) begin(ctx context.Context, w *remote.Welcome, instance uint64) (*home.Dir, error) {
	dir, err := home.Open(ctx, a.root(), dirOf(w.Epoch, instance), 0)
	if err != nil {
		return nil, err
	}
	var text []byte
	if err = dir.WaitForWorkers(ctx, func() {}); err == nil { // there can be none: it opens what they share
		text, err = json.Marshal(mark{RunID: w.RunID, Epoch: w.Epoch, Boot: ledger.BootID(), Instance: instance})
	}
	if err == nil {
		err = os.WriteFile(dir.File(markName), text, 0o600)
	}
	if err != nil {
		return nil, errors.Join(&spec.WriteError{Err: err}, dir.Close())
	}
	return dir, nil
}

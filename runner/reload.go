package runner

import (
	"brood/jobs"
	"brood/runner/book"
	"brood/runner/control"
	"brood/runner/ledger"
	"brood/runner/spec"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// reloadTime is how long a worker with a new configuration has to be ready, and those that have
// nothing in hand to be replaced.
const reloadTime = 8 * time.Second

// setup is what workers are started with that a reload may change.
type setup struct {
	config json.RawMessage // of the job
	env    []string
	// old is closed when there is a newer one: nothing more is given to workers that were started
	// with this.
	old chan struct{}
}

// reloading is the part of a session that a reload changes. Of the manager of the crew, but for
// what is said to be for others.
type reloading struct {
	setup    atomic.Pointer[setup] // for all
	starting sync.Mutex            // held by who starts a worker beside another: one by one
	trying   sync.Mutex            // held by who tries whether a worker starts
	cfg      *spec.Config          // as it is now; nil: as the session has it
	stored   []byte                // the same, as the ledger has it
	secrets  []string              // all that workers were ever given
}

// setupNow is what the next worker is started with.
func (r *session) setupNow() *setup {
	if s := r.reloads.setup.Load(); s != nil {
		return s
	}
	// Nobody else has made one yet, or it is the same.
	r.reloads.setup.CompareAndSwap(nil, &setup{config: r.cfg.Plan.Config, env: r.env, old: make(chan struct{})})
	return r.reloads.setup.Load()
}

// stale reports whether a hand was started with a configuration that is not that of now.
func (k *talk) stale() bool {
	select {
	case <-k.setup.old:
		return true
	default:
		return false
	}
}

// worn is hand.Hand.Worn, and 1 where there is a newer configuration.
func (k *talk) worn() float64 {
	if k.stale() {
		return wornOut
	}
	return k.hand.Worn()
}

// untilStale is a context that ends with ctx, and when there is a newer configuration.
func (k *talk) untilStale(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-k.setup.old:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// Reload reads the configuration of the run anew, with flags that are given now: see control.Target.
func (r *session) Reload(flags control.Flags) error {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // it is always there
	return r.notice.course.Reload(time.Duration(now.Nano()), func() error {
		return r.crew.ask(scaling{do: func(ctx context.Context, staff func(jobs int) error) error { return r.reload(ctx, flags, staff) }, reply: make(chan error, 1)})
	})
}

// reload plans the run anew, tries the plan, writes it down, and only then works by it. Whatever goes
// wrong before that leaves all as it was.
func (r *session) reload(ctx context.Context, flags control.Flags, staff func(jobs int) error) error {
	if r.Replan == nil {
		return errors.New("this run cannot be reloaded")
	}
	was := r.reloads.cfg
	if was == nil {
		was = r.cfg
	}
	cfg, changed, err := r.Replan(was, r.shape, flags)
	if err != nil {
		return err
	}
	if cfg.PaceKey != was.PaceKey || cfg.Pace.Keyed() != was.Pace.Keyed() {
		return errors.New("--rate-by cannot change its column, come or go, while the run goes on: end it, and resume it with the flag")
	}
	next, secrets, err := r.provide(cfg)
	if err != nil {
		return err
	}
	if r.machines != nil {
		if err := r.reachesMachines(next); err != nil {
			return err
		}
	}
	known := slices.Concat(r.reloads.secrets, secrets)
	r.mask.Store(jobs.NewMask(known)) // before a worker can say them
	r.reloads.secrets = known
	trial, cancel := context.WithTimeout(ctx, reloadTime)
	defer cancel()
	if err := r.tryWorker(trial, next); err != nil {
		return fmt.Errorf("the run goes on as it was, as no worker starts with the new configuration: %w", err)
	}
	text, err := spec.WithReload(r.reloads.stored, cfg)
	if err != nil {
		return err
	}
	if !r.keepConfig(ctx, text) {
		return errors.New("the run is ending")
	}
	r.reloads.cfg, r.reloads.stored = cfg, text
	old := r.reloads.setup.Swap(next)
	close(old.old)
	r.feed.SetPace(&cfg.Pace)
	if cfg.Slots != was.Slots {
		if err := staff(cfg.Slots); err != nil {
			return fmt.Errorf("the rest was reloaded: %w", err)
		}
	}
	r.awaitFresh(trial)
	r.Term.Logf("reloaded: %s", changed)
	return nil
}

// reachesMachines refuses a reload that workers of other machines would not hear of: they are started with what their machine was told when it
// joined. Files that they have from here are followed, and are none of it.
func (r *session) reachesMachines(next *setup) error {
	now := r.setupNow()
	var what string
	switch {
	case !bytes.Equal(next.config, now.config):
		what = "what its flags name is not what it was"
	case !slices.Equal(next.env, now.env):
		what = "the environment or a secret is not what it was"
	default:
		return nil
	}
	return fmt.Errorf("%s, and the workers of other machines would go on with the old: --rate, --rate-by and -j can be reloaded while other machines may work on the run; for the rest end it, and resume it", what)
}

// provide is what workers are started with from now on, and the secrets among that.
func (r *session) provide(cfg *spec.Config) (*setup, []string, error) {
	id, err := credential(&cfg.Limits)
	if err != nil {
		return nil, nil, err
	}
	env, secrets, err := environment(&cfg.Limits, id)
	return &setup{config: cfg.Plan.Config, env: env, old: make(chan struct{})}, secrets, err
}

// keepConfig makes a configuration durable. It returns false if the run has ended before.
func (r *session) keepConfig(ctx context.Context, text []byte) bool {
	u := book.NewUpdate()
	u.Config, u.Durable = text, make(chan struct{})
	durable := u.Durable
	r.updates <- u
	for {
		select {
		case <-durable:
			return true
		case <-ctx.Done():
			return false
		case <-time.After(commitLook):
			if r.book.Failed() {
				return false
			}
		}
	}
}

// awaitFresh waits until no slot has a worker of before that could begin something.
func (r *session) awaitFresh(ctx context.Context) {
	idle := func() bool {
		for _, s := range r.crew.all() {
			if k := s.talk.Load(); k != nil && s.live.Load() != nil && k.stale() && k.InHand() == 0 {
				return true
			}
		}
		return false
	}
	for idle() && sleep(ctx, watchLeast) {
	}
}

// keepStored notes what the ledger says of the configuration.
func (r *session) keepStored(sum *ledger.Summary) { r.reloads.stored = bytes.Clone(sum.Config) }

// SamePlan reports what of a plan a reload cannot change, or nothing.
func SamePlan(was, now *jobs.Plan) error {
	left := func(p *jobs.Plan) (map[string]json.RawMessage, error) {
		text, err := json.Marshal(p)
		all := make(map[string]json.RawMessage)
		if err == nil {
			err = json.Unmarshal(text, &all)
		}
		for _, name := range []string{"config", "task", "suspect", "most"} {
			delete(all, name)
		}
		return all, err
	}
	x, err := left(was)
	if err != nil {
		return err
	}
	y, err := left(now)
	if err != nil {
		return err
	}
	if !maps.EqualFunc(x, y, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
		return errors.New("its results would have other columns, or its workers other records in hand")
	}
	return nil
}

package runner

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/proc"
	"brood/runner/remote"
	"brood/runner/remote/carry"
	"brood/runner/spec"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"
)

// Machines is how a session has workers on other machines.
type Machines interface {
	// Open lets machines in, by a desk that is described so.
	Open(ctx context.Context, cfg *spec.Config, d *remote.Describe) (*remote.Desk, error)
	// Launch starts agents on other machines, if the run has any that it starts itself; it is called when machines are let in. Failed is
	// called if all of them have ended for good, and nobody is left to work.
	Launch(ctx context.Context, cfg *spec.Config, family *proc.Family, runID string, shape *jobs.Shape, failed func(error)) error
	// Carrier carries the files of records to a machine and back; nil: none are.
	Carrier(machine string) carry.Carrier
	// Close lets nobody in any more, and sees to it that nothing is left that Launch has started.
	Close() error
}

// fleet is what a session has of other machines.
type fleet struct {
	set    *Setting
	desk   *remote.Desk
	family *proc.Family
	roster *remote.Roster // of who serves, and then of who ends it
	epoch  int64

	broken chan error // nobody is left to work

	mu      sync.Mutex
	roll    roll
	news    []news
	wake    chan struct{}
	refused map[string]string // why machines were let go
	late    []lateReport
	taken   map[*remote.Report]bool // of the last session, and taken over by this one
}

// news is that a machine has joined, with so many slots, or has left, or has something of an earlier time to say.
type news struct {
	machine  string
	instance uint64
	slots    int // 0: it has left
	report   *remote.Report
}

// lateReport is a report that changes records which were decided without it. The ledger has it when the session has ended.
type lateReport struct {
	machine string
	report  *remote.Report
}

// openMachines lets machines in, if the run has any. Epoch is the number of the session.
func (s *Setting) openMachines(ctx context.Context, cfg *spec.Config, shape *jobs.Shape, l *ledger.Ledger, epoch int64) error {
	if s.Machines == nil || s.fleet != nil || cfg.Machines == nil {
		return nil
	}
	sum, err := l.InTurn().Summary(ctx)
	if err != nil {
		return err
	}
	text, err := json.Marshal(cfg)
	if err != nil {
		return fmt.Errorf("encode configuration: %w", err)
	}
	w := remote.Welcome{Run: cfg.Name, RunID: runID(&sum), Epoch: epoch, Config: text, Shape: *shape}
	if m := cfg.Machines; m != nil {
		w.Lease, w.LostAfter = m.Lease, m.LostAfter
	}
	if w.Secrets, err = secretsOf(&cfg.Limits); err != nil {
		return err
	}
	f := &fleet{set: s, epoch: epoch, wake: make(chan struct{}, 1), broken: make(chan error, 1), refused: make(map[string]string), taken: make(map[*remote.Report]bool)}
	if f.roster, err = remote.OpenRoster(s.Dir.File(remote.RosterName)); err != nil {
		return err
	}
	if f.roll, err = readRoll(s.Dir.File(rollName)); err != nil {
		return err
	}
	f.desk, err = s.Machines.Open(ctx, cfg, &remote.Describe{Welcome: w, Effect: cfg.Effect, Logf: s.Term.Logf})
	if err != nil {
		return err
	}
	s.fleet = f // from here on it is closed by who closes the run
	if f.family, err = proc.NewFamily(); err != nil {
		return err
	}
	return s.Machines.Launch(ctx, cfg, f.family, w.RunID, shape, func(err error) {
		select {
		case f.broken <- err:
		default:
		}
	})
}

// runID tells this run from others that had its name.
func runID(sum *ledger.Summary) string {
	h := sha256.Sum256([]byte(sum.Name + "\x00" + sum.StartedAt))
	return hex.EncodeToString(h[:8])
}

// secretsOf are the variables that --secret names.
func secretsOf(l *spec.Limits) (map[string]string, error) {
	if len(l.Secrets) == 0 {
		return nil, nil
	}
	env, _, err := environment(l, nil)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string)
	for _, name := range l.SecretNames() {
		for _, e := range env {
			if v, is := strings.CutPrefix(e, name+"="); is {
				out[name] = v
			}
		}
	}
	return out, nil
}

// recall waits for what machines of an earlier session have to say.
func (f *fleet) recall(ctx context.Context) map[string][]*remote.Report {
	if f == nil || len(f.roll.Machines) == 0 {
		return nil
	}
	names := f.roll.names()
	told := sync.OnceFunc(func() {
		f.set.Term.Logf("waiting for machines of an earlier session to say what they had in hand: %s", strings.Join(names, ", "))
	})
	return f.desk.Recall(ctx, names, told)
}

// settled goes on with reports that were recalled: the ledger has what they say of what was in hand when the last session ended. What they
// say of records that were decided without them is looked at when the session has begun.
func (f *fleet) settled(reports map[string][]*remote.Report) {
	for machine, all := range reports {
		for _, r := range all {
			f.add(news{machine: machine, report: r})
		}
	}
}

// close lets nobody in any more.
func (f *fleet) close() error {
	if f == nil {
		return nil
	}
	err := f.set.Machines.Close()
	if f.family != nil {
		err = errors.Join(err, f.family.Close())
	}
	return err
}

// letGo lets a machine go whose workers do not start.
func (f *fleet) letGo(machine, why string) {
	f.mu.Lock()
	known := f.refused[machine] != ""
	f.refused[machine] = why
	f.mu.Unlock()
	if known {
		return
	}
	f.set.Term.Logf("machine %s is let go, as no worker starts there: %s", machine, why)
	_ = f.desk.Drain(machine) // it may have gone by itself
}

// add tells of news.
func (f *fleet) add(n news) {
	f.mu.Lock()
	f.news = append(f.news, n)
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *fleet) next() (n news, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.news) == 0 {
		return n, false
	}
	n = f.news[0]
	f.news = f.news[1:]
	return n, true
}

// serve opens the slots of machines to the run, and sees to what else they have to say. It is a goroutine of the session.
func (f *fleet) serve(ctx context.Context, r *session) error {
	f.desk.Begin(&remote.Events{
		Joined: func(machine string, instance uint64, slots int) {
			f.add(news{machine: machine, instance: instance, slots: slots})
		},
		Left:   func(machine string) { f.add(news{machine: machine}) },
		Report: func(machine string, rep *remote.Report) { f.add(news{machine: machine, report: rep}) },
	})
	for {
		n, ok := f.next()
		if !ok {
			select {
			case <-ctx.Done():
				return nil
			case <-r.feed.Over():
				return nil
			case <-f.wake:
			case err := <-f.broken:
				return &spec.AbortError{Reason: err.Error()}
			}
			continue
		}
		if n.report != nil {
			if err := f.takeReport(ctx, r, n.machine, n.report); err != nil {
				return err
			}
			continue
		}
		if n.slots > 0 {
			if err := f.roster.Join(n.machine, f.desk.HostOf(n.machine), n.slots); err != nil {
				return &spec.WriteError{Err: err}
			}
		}
		q := scaling{reply: make(chan error, 1), far: &n}
		select {
		case <-ctx.Done():
			return nil
		case <-r.feed.Over():
			return nil
		case r.crew.requests <- q:
			if err := <-q.reply; err != nil {
				return err
			}
		}
	}
}

// note changes what is kept of machines for the next session.
func (f *fleet) note(change func(*roll)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.roll)
	return f.roll.write(f.set.Dir.File(rollName))
}

// farewellTime is how long machines may take to hear that the run has ended. What they do not hear they find out.
const farewellTime = 3 * time.Second

// end tells machines that the session has ended, or that another one follows.
func (f *fleet) end(state ledger.State, again bool) error {
	if f == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), farewellTime)
	defer cancel()
	switch {
	case again:
		f.desk.Follow(ctx)
	case state == ledger.StateDone:
		f.desk.End("the run is done", true)
	default:
		f.desk.End("the run was stopped ("+string(state)+"): join again when it is resumed", false)
	}
	f.desk.Flush(ctx)
	err := f.note(func(o *roll) {
		maps.DeleteFunc(o.Machines, func(name string, _ *entry) bool { return f.desk.HasAll(name) })
	})
	if workErr := f.roster.Worked(f.desk.Machines()); workErr != nil && err == nil {
		err = &spec.WriteError{Err: workErr}
	}
	return errors.Join(err, f.close())
}

// enlist opens slots for a machine, or ends them. It is for the manager of the crew.
func (c *crew) enlist(ctx context.Context, start func(func(context.Context) error), n *news) error {
	if n.slots == 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, s := range c.slots {
			if s.berth != nil && s.berth.machine == n.machine && s.retire != nil {
				s.retire()
				s.retire = nil
				c.away--
			}
		}
		c.fit()
		return nil
	}
	slots, err := c.hireFar(n.machine, n.slots)
	if err != nil {
		return err
	}
	if err := c.r.machines.note(func(o *roll) { o.join(n.machine, c.r.epoch, n.instance, slots) }); err != nil {
		return err
	}
	if total := len(c.all()); total > c.recordedSlots {
		if !c.tellLedger(ctx, total) {
			return nil // the run is ending
		}
		c.recordedSlots = total
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range slots {
		if s.retire == nil {
			c.away++
		} else {
			s.retire() // of an instance before
		}
		s.begin(ctx, start)
	}
	c.fit()
	return nil
}

// fit fits the feed to how many there are. The caller holds the lock.
func (c *crew) fit() {
	jobs := c.away
	if !c.r.cfg.CountsWorkers() {
		jobs *= c.r.places
	}
	c.r.feed.SetSlots(c.jobs + jobs)
}

// hireFar makes slots for a machine, or finds those that it had.
func (c *crew) hireFar(machine string, n int) (out []*slot, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.slots {
		if s.berth != nil && s.berth.machine == machine && s.berth.place < n {
			out = append(out, s)
		}
	}
	for place := len(out); place < n; place++ {
		s := &slot{r: c.r, number: len(c.slots) + 1, berth: &berth{machine: machine, place: place}}
		s.tempo.far = true
		if c.r.feed.NeedsIntents() {
			if err := s.openPad(); err != nil {
				return nil, err
			}
			s.berth.owed.p = s.pad
		}
		c.slots = append(c.slots, s)
		out = append(out, s)
	}
	for _, s := range c.slots {
		s.tempo.share(len(c.slots))
	}
	return out, nil
}

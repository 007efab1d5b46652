package runner

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/proc"
	"brood/runner/remote"
	"brood/runner/remote/carry"
	"brood/runner/spec"
	"brood/worker/wire"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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

	broken chan error // nobody is left to work

	mu      sync.Mutex
	news    []news
	wake    chan struct{}
	refused map[string]string // why machines were let go
	late    []lateReport
}

// news is that a machine has joined, with so many slots, or has left, or has something of an earlier time to say.
type news struct {
	machine string
	slots   int // 0: it has left
	report  *remote.Report
}

// lateReport is a report that changes records which were unknown. The ledger has it when the session has ended.
type lateReport struct {
	machine, id string
	resolutions []ledger.Resolution
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
	f := &fleet{set: s, wake: make(chan struct{}, 1), broken: make(chan error, 1), refused: make(map[string]string)}
	if f.roster, err = remote.OpenRoster(s.Dir.File(remote.RosterName)); err != nil {
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
	if f == nil || len(f.roster.Members) == 0 {
		return nil
	}
	names := f.roster.Names()
	told := sync.OnceFunc(func() {
		f.set.Term.Logf("waiting for machines of an earlier session to say what they had in hand: %s", strings.Join(names, ", "))
	})
	return f.desk.Recall(ctx, names, told)
}

// settled says that the ledger has reports.
func (f *fleet) settled(reports map[string][]*remote.Report) {
	for machine, all := range reports {
		for _, r := range all {
			f.desk.Settled(machine, r.ID)
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
		Joined: func(machine string, slots int) { f.add(news{machine: machine, slots: slots}) },
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

// takeReport settles what an earlier instance of a machine has left, while the run goes on: an answer that nobody knew of makes a record
// what it was that is unknown now, and whose last try it is of. Any other is noted in the record's history, and said.
func (f *fleet) takeReport(ctx context.Context, r *session, machine string, rep *remote.Report) error {
	if rep.Lost || len(rep.Notes) == 0 {
		if rep.Lost {
			r.Term.Logf("machine %s has begun anew and cannot tell what it had done before", machine)
		}
		f.desk.Settled(machine, rep.ID)
		return nil
	}
	if !r.awaitCommit() {
		return nil
	}
	late := lateReport{machine: machine, id: rep.ID}
	u := newSettlement()
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
		o, status, err := f.settledOutcome(ctx, r, n.Seq)
		if err != nil {
			return err
		}
		switch {
		case status == jobs.StatusUnknown && o.Attempts == n.Try:
			late.resolutions = append(late.resolutions, resolutionOf(r, machine, o, &res))
		case status == jobs.StatusOK && res.Verdict == jobs.VerdictOK, status == jobs.StatusFailed && o.Attempts == n.Try:
			// The same, most likely: it had been heard, and the ledger had not said so yet.
		default:
			r.Term.Logf("machine %s has an answer to record %d, try %d, that comes too late to count: the record is %s; it is in the history", machine, n.Seq+1, n.Try, status)
			u.Attempts = append(u.Attempts, ledger.Attempt{
				Seq: n.Seq, Attempt: n.Try, At: time.Now(), Verdict: ledger.Answered(res.Verdict), Class: res.Class,
				Error: "too late to count, from machine " + machine + ": " + res.Error, Elapsed: res.Elapsed,
			})
		}
	}
	if len(u.Attempts) > 0 {
		if err := r.send(u); err != nil {
			return err
		}
	}
	if len(late.resolutions) > 0 {
		r.Term.Logf("machine %s came back, and says what became of %d records that were unknown: they become that at the end of this session", machine, len(late.resolutions))
		f.mu.Lock()
		f.late = append(f.late, late)
		f.mu.Unlock()
		return nil
	}
	if r.awaitCommit() {
		f.desk.Settled(machine, rep.ID)
	}
	return nil
}

// settledOutcome is what has become of a record, where it may be that a hand has just ended by the same report, and that is being settled.
func (f *fleet) settledOutcome(ctx context.Context, r *session, seq jobs.Seq) (*ledger.Outcome, jobs.Status, error) {
	const wait, times = 100 * time.Millisecond, 30
	for try := 1; ; try++ {
		o, status, err := f.outcome(ctx, r, seq)
		if err != nil || status != jobs.StatusPending || try == times || !sleep(ctx, wait) || !r.awaitCommit() {
			return o, status, err
		}
	}
}

// outcome is what has become of a record.
func (f *fleet) outcome(ctx context.Context, r *session, seq jobs.Seq) (*ledger.Outcome, jobs.Status, error) {
	o, err := r.ledger.Reader().Outcome(ctx, seq)
	if err != nil || o != nil {
		if o != nil {
			return o, o.Status, err
		}
		return nil, jobs.StatusPending, err
	}
	status, err := r.ledger.Reader().StatusOf(ctx, seq)
	return &ledger.Outcome{}, status, err
}

// resolutionOf is what an answer makes of a record that was unknown.
func resolutionOf(r *session, machine string, o *ledger.Outcome, res *jobs.Result) ledger.Resolution {
	x := ledger.Resolution{Seq: o.Seq, At: time.Now(), By: "machine " + machine, Was: o.Error, From: jobs.StatusUnknown}
	switch res.Verdict {
	case jobs.VerdictOK:
		x.Decision, x.Reason = ledger.DecideOK, "the machine came back and had noted that it was ok"
	case jobs.VerdictRetry, jobs.VerdictThrottle:
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
func (f *fleet) settleLate(l *ledger.Ledger) (again bool, err error) {
	f.mu.Lock()
	late := f.late
	f.late = nil
	f.mu.Unlock()
	for _, r := range late {
		if err := l.Resolve(context.Background(), r.resolutions); err != nil {
			return again, &spec.WriteError{Err: err}
		}
		again = again || slices.ContainsFunc(r.resolutions, func(x ledger.Resolution) bool { return x.Decision == ledger.DecideRetry })
		f.desk.Settled(r.machine, r.id)
	}
	return again, nil
}

// farewellTime is how long machines may take to hear that the run has ended. What they do not hear they find out.
const farewellTime = 3 * time.Second

// end tells machines that the session has ended.
func (f *fleet) end(state ledger.State) error {
	if f == nil {
		return nil
	}
	why := "the run is done"
	if state != ledger.StateDone {
		why = "the run was stopped (" + string(state) + "): join again when it is resumed"
	}
	f.desk.End(why, state == ledger.StateDone)
	ctx, cancel := context.WithTimeout(context.Background(), farewellTime)
	defer cancel()
	f.desk.Flush(ctx)
	if err := f.roster.Worked(f.desk.Machines()); err != nil {
		return errors.Join(&spec.WriteError{Err: err}, f.close())
	}
	return f.close()
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

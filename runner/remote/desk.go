package remote

import (
	"brood/jobs"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Events is what the run is told of.
type Events struct {
	// Joined is called when the slots of an instance of a machine may begin. It must not wait.
	Joined func(machine string, instance uint64, slots int)
	// Left is called when they must end, as the machine has gone, is silent, or is to finish. It must not wait.
	Left func(machine string)
	// Report is called with what an earlier instance of a machine has left. When the ledger has it, Settled is to be called.
	Report func(machine string, r *Report)
}

// Desk is the coordinator's side: which machines there are, what they have in hand, and how long they have been silent.
type Desk struct {
	effect jobs.Effect
	logf   func(format string, args ...any)
	now    func() time.Time
	shelf  *Shelf

	mu       sync.Mutex
	post     Post
	events   *Events // nil: reports and machines are kept until they are wanted
	welcome  Welcome
	build    string
	machines map[string]*machine
	convs    uint64 // number of the last hand
	works    uint64 // number of the last piece of work
	reports  []kept // that came before the run wanted any
	closed   *end   // why nobody is let in any more
	long     long   // answers that are fetched in parts
	follows  bool   // who asks waits for the session that follows
	came     chan struct{}
}

// kept is a report that is kept until it is asked for.
type kept struct {
	machine string
	report  *Report
}

// Describe is what a desk is opened with.
type Describe struct {
	Welcome Welcome // what a machine is told that joins
	Build   string  // a hash of the executable: others are not let in
	Effect  jobs.Effect
	// Shelf has the files that workers open; nil: none.
	Shelf *Shelf
	Logf  func(format string, args ...any)
	// Now is the clock, which never goes back; nil: time.Now.
	Now func() time.Time
}

// NewDesk opens a desk. It lets machines in when it has a post.
func NewDesk(d *Describe) *Desk {
	t := &Desk{effect: d.Effect, logf: d.Logf, now: d.Now, shelf: d.Shelf, welcome: d.Welcome, build: d.Build, machines: make(map[string]*machine), came: make(chan struct{}, 1)}
	if t.now == nil {
		t.now = time.Now
	}
	if t.welcome.Lease == 0 {
		t.welcome.Lease = DefaultLease
	}
	if t.welcome.LostAfter == 0 {
		t.welcome.LostAfter = DefaultLostAfter
	}
	return t
}

// SetPost says by whom messages leave.
func (d *Desk) SetPost(p Post) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.post = p
}

// Recall waits for the reports of machines that worked in an earlier session, until it has those of all of them, or as long as a lease
// lasts, and returns what has come. Told is called if it has to wait.
func (d *Desk) Recall(ctx context.Context, names []string, told func()) map[string][]*Report {
	out := make(map[string][]*Report)
	limit := time.NewTimer(d.welcome.Lease)
	defer limit.Stop()
	for {
		d.mu.Lock()
		for _, k := range d.reports {
			out[k.machine] = append(out[k.machine], k.report)
		}
		d.reports = nil
		missing := slices.ContainsFunc(names, func(n string) bool { m := d.machines[n]; return m == nil || m.owed() > 0 })
		d.mu.Unlock()
		if !missing {
			return out
		}
		told()
		select {
		case <-ctx.Done():
			return out
		case <-limit.C:
			return out
		case <-d.came:
		}
	}
}

// Begin says that the run is ready for the slots of machines, and for reports.
func (d *Desk) Begin(e *Events) {
	d.mu.Lock()
	d.events = e
	reports, all := d.reports, slices.Collect(maps.Values(d.machines))
	d.reports = nil
	d.mu.Unlock()
	for _, k := range reports {
		e.Report(k.machine, k.report)
	}
	for _, m := range all {
		m.open()
	}
}

// Serve keeps leases, says that the coordinator is there, and sends again what was lost. It returns when ctx ends.
func (d *Desk) Serve(ctx context.Context) {
	every := min(d.welcome.Lease/(2*beats), resendAfter/2)
	t := time.NewTicker(max(every, 10*time.Millisecond))
	defer t.Stop()
	last := d.now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			now := d.now()
			for _, m := range d.all() {
				if stood := now.Sub(last); stood > d.welcome.Lease/beats {
					m.excuse(stood) // it was this process that did not listen
				}
				m.look(now)
			}
			last = now
		}
	}
}

// Await waits until all that the instance had in hand whose report it is has been settled, or ctx ends: only then nothing depends any more
// on what it says.
func (d *Desk) Await(ctx context.Context, r *Report) bool {
	if r.of == nil {
		return true
	}
	t := time.NewTicker(10 * time.Millisecond)
	defer t.Stop()
	for r.of.unsettled() {
		select {
		case <-ctx.Done():
			return false
		case <-t.C:
		}
	}
	return true
}

func (d *Desk) all() []*machine {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := slices.Collect(maps.Values(d.machines))
	slices.SortFunc(out, func(a, b *machine) int { return compare(a.name, b.name) })
	return out
}

// mostSlots is the most that one agent may have.
const mostSlots = 10000

// ahead is how many pieces of work may wait for a commit beside those that slots have, where the stream keeps them until then.
const ahead = 8192

func (d *Desk) wake() {
	select {
	case d.came <- struct{}{}:
	default:
	}
}

// Letter takes in what a machine says.
func (d *Desk) Letter(name string, epoch int64, body []byte) {
	h, payload, err := unpack(body)
	if err != nil {
		d.logf("machine %s: %v", name, err)
		return
	}
	d.mu.Lock()
	m, post := d.machines[name], d.post
	d.mu.Unlock()
	if epoch != d.welcome.Epoch || m == nil || m.instance() != h.instance || !m.take(&h, payload) {
		// It was taken for dead, or is of an earlier session: it has to join again.
		if post != nil {
			_ = post.Tell(name, pack(head{instance: h.instance, kind: kindLost}))
		}
	}
}

// Settled says that the ledger has what a report says.
func (d *Desk) Settled(name, id string) {
	d.mu.Lock()
	m := d.machines[name]
	d.mu.Unlock()
	if m != nil {
		m.say(kindSettled, []byte(id))
	}
}

// HasAll reports whether a machine of this session has said all that it has to say: it is not silent, and owes no report.
func (d *Desk) HasAll(name string) bool {
	d.mu.Lock()
	m := d.machines[name]
	d.mu.Unlock()
	return m != nil && m.state() != Silent && m.owed() <= 0
}

// Drain has a machine finish what it has, and leave.
func (d *Desk) Drain(name string) error {
	d.mu.Lock()
	m := d.machines[name]
	d.mu.Unlock()
	if m == nil || m.state() != Present {
		return fmt.Errorf("machine %s is not at work on this run", name)
	}
	m.finish()
	return nil
}

// End tells all machines that nothing more comes, and lets nobody in any more.
func (d *Desk) End(why string, done bool) {
	d.mu.Lock()
	d.closed = &end{Why: why, Done: done}
	d.mu.Unlock()
	for _, m := range d.all() {
		m.flush()
		m.say(kindEnd, encode(end{Why: why, Done: done}))
		m.leaves()
	}
}

// Follow has all machines join again, as another session of the run follows, and lets nobody in any more. It waits until they have heard
// everything else.
func (d *Desk) Follow(ctx context.Context) {
	d.mu.Lock()
	d.follows = true
	d.mu.Unlock()
	for _, m := range d.all() {
		m.flush()
	}
	d.Flush(ctx)
	for _, m := range d.all() {
		_ = d.post.Tell(m.name, pack(head{instance: m.instance(), kind: kindLost})) // who does not hear it sees that there is another session
	}
}

// HostOf is what a machine calls its host.
func (d *Desk) HostOf(name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if m := d.machines[name]; m != nil {
		return m.joined.Host
	}
	return ""
}

// Flush waits until all machines that are at work have heard what they were told.
func (d *Desk) Flush(ctx context.Context) {
	t := time.NewTicker(10 * time.Millisecond)
	defer t.Stop()
	for {
		waits := false
		for _, m := range d.all() {
			m.look(d.now())
			waits = waits || m.unheard()
		}
		if !waits {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// Hand brings a hand that stands for a slot of a machine, from 0. It waits until that has begun. It is nil without an error if ctx has
// ended, or the machine has gone. When kill ends, so does what it brings.
func (d *Desk) Hand(ctx, kill context.Context, name string, slot int) (*Hand, error) {
	d.mu.Lock()
	m := d.machines[name]
	d.convs++
	conv := d.convs
	d.mu.Unlock()
	if m == nil {
		return nil, nil
	}
	return m.begin(ctx, kill, conv, slot)
}

func (d *Desk) workNumber() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.works++
	return d.works
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

package remote

import (
	"brood/jobs"
	"brood/runner/hand"
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// State is how it stands with a machine.
type State string

// What it can be.
const (
	Present  State = "present"  // at work, or ready for it
	Silent   State = "silent"   // it has not been heard of for a lease, and has nothing any more
	Draining State = "draining" // it finishes what it has, and leaves
	Left     State = "left"     // it has left
)

// machine is one instance of an agent.
type machine struct {
	d      *Desk
	name   string
	joined Join
	since  time.Time
	before []*machine // the instances before it, until its reports are here

	mu      sync.Mutex
	line    Line
	heard   time.Time
	told    time.Time // when it was last told anything
	status  State
	isOpen  bool // its slots may begin
	awaited int  // reports that are still to come
	partial *Report
	reports []*Report // of this session's instances, that are here
	places  []place
	hands   map[uint64]*Hand
	pending int // hands that were begun, of which not all is settled
	acks    map[int]uint64
	latest  beat
	answers uint64
}

// place is a slot of a machine.
type place struct {
	ordinal uint64 // of what its hands have said so far, in order: frames, ends, losses that were noted
	parted  *Hand  // the last that has left with nothing in hand
}

func (p *place) next() uint64 {
	p.ordinal++
	return p.ordinal
}

func newMachine(d *Desk, name string, j *Join) *machine {
	now := d.now()
	return &machine{
		d: d, name: name, joined: *j, since: now, heard: now, told: now, status: Present, awaited: j.Reports[d.welcome.RunID],
		places: make([]place, j.Slots), hands: make(map[uint64]*Hand), acks: make(map[int]uint64),
	}
}

func (m *machine) instance() uint64 { return m.joined.Instance }

func (m *machine) state() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status
}

// owed is how many reports are still to come.
func (m *machine) owed() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.awaited
}

// mayBeReplaced reports whether another instance may take the place of this one: it is silent for two beats, has left, or is to.
func (m *machine) mayBeReplaced(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status == Silent || m.status == Left || now.Sub(m.heard) > 2*m.d.welcome.Lease/beats
}

// takeBefore hands over which instances have not been replaced, with this one.
func (m *machine) takeBefore() []*machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := append(m.before, m)
	m.before = nil
	return all
}

// excuse says that it was not listened to for a while.
func (m *machine) excuse(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = m.heard.Add(d)
}

func (m *machine) unsettled() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pending > 0
}

// take takes in what it says, and reports whether this instance is still at work.
func (m *machine) take(h *head, payload []byte) bool {
	m.mu.Lock()
	if m.status == Silent {
		m.mu.Unlock()
		return false
	}
	m.heard = m.d.now()
	m.line.Acked(h.got)
	if h.number == 0 {
		renew := m.takeBeat(h, payload)
		m.mu.Unlock()
		if len(renew) > 0 {
			m.d.post.Renew(m.name, renew)
		}
		return true
	}
	turn := m.line.Receive(h.number, append([]byte{byte(h.kind)}, payload...))
	m.mu.Unlock()
	for _, b := range turn {
		if err := m.heed(kind(b[0]), b[1:]); err != nil {
			m.d.logf("machine %s: %v", m.name, err)
			m.lose("it said what makes no sense")
			return false
		}
	}
	return true
}

// takeBeat takes in a beat, and returns the work that the machine has in hand. The caller holds the lock.
func (m *machine) takeBeat(h *head, payload []byte) (renew []uint64) {
	if h.kind != kindBeat {
		return nil
	}
	if b, err := decode[beat](payload); err == nil {
		m.latest = *b
	}
	for _, hd := range m.hands {
		renew = hd.outstanding(renew)
	}
	return renew
}

// heed does what a message asks.
func (m *machine) heed(k kind, payload []byte) error {
	switch k {
	case kindAnswers:
		a, err := readAnswers(payload)
		if err != nil {
			return err
		}
		m.takeAnswers(&a)
	case kindReady:
		r, err := decode[ready](payload)
		if err != nil {
			return err
		}
		if h := m.hand(r.Conv); h != nil {
			h.begun(r)
		}
	case kindGone:
		g, err := decode[gone](payload)
		if err != nil {
			return err
		}
		m.ended(g)
	case kindReport:
		r, err := decode[Report](payload)
		if err != nil {
			return err
		}
		m.report(r)
	case kindLeaving:
		m.finish()
	case kindNoted:
		n, _, err := readNumber(payload)
		if err != nil {
			return err
		}
		if h := m.hand(n); h != nil {
			h.replied(nil)
		}
	case kindRemains:
		g, err := decode[gone](payload)
		if err != nil {
			return err
		}
		if h := m.hand(g.Conv); h != nil {
			h.replied(&g.Remains)
		}
	default:
		return errMessage
	}
	return nil
}

// answered is how many records it has answered, with the instances before.
func (m *machine) answered() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.answers
}

// takeAnswers takes in a frame of answers.
func (m *machine) takeAnswers(a *answers) {
	m.mu.Lock()
	h := m.hands[a.conv]
	if h != nil {
		a.ordinal = m.places[h.slot].next()
	}
	m.mu.Unlock()
	if h != nil {
		h.answered(a)
	}
}

// ended takes in that a hand has ended.
func (m *machine) ended(g *gone) {
	m.mu.Lock()
	h := m.hands[g.Conv]
	if h != nil && g.Event {
		g.ordinal = m.places[h.slot].next()
	}
	m.mu.Unlock()
	if h != nil {
		h.end(g)
	}
}

func (m *machine) hand(conv uint64) *Hand {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h := m.hands[conv]; h != nil {
		return h
	}
	for i := range m.places {
		if h := m.places[i].parted; h != nil && h.conv == conv {
			return h
		}
	}
	return nil
}

// report takes in a part of what an earlier instance has left.
func (m *machine) report(r *Report) {
	m.mu.Lock()
	if m.partial != nil && m.partial.ID == r.ID {
		m.partial.Notes = append(m.partial.Notes, r.Notes...)
		m.partial.Lost = m.partial.Lost || r.Lost
	} else {
		m.partial = r
	}
	if r.More {
		m.mu.Unlock()
		return
	}
	whole := m.partial
	m.partial, whole.More = nil, false
	m.awaited--
	for _, b := range m.before {
		if b.instance() == whole.Instance {
			whole.of = b
			m.reports = append(m.reports, whole)
		}
	}
	last := m.awaited <= 0
	m.mu.Unlock()
	m.d.mu.Lock()
	events := m.d.events
	if events == nil {
		m.d.reports = append(m.d.reports, kept{m.name, whole})
	}
	m.d.mu.Unlock()
	if last {
		m.reported()
	}
	if events != nil {
		events.Report(m.name, whole)
	}
}

// reported is called when all reports are here: the hands of the instances before end by what they say.
func (m *machine) reported() {
	m.mu.Lock()
	before, reports := m.before, m.reports
	m.before, m.reports = nil, nil
	m.mu.Unlock()
	for _, b := range before {
		i := slices.IndexFunc(reports, func(r *Report) bool { return r.of == b })
		if i < 0 || reports[i].Lost || m.d.effect == jobs.EffectNone { // with none, nothing is noted
			b.replaced(nil)
		} else {
			b.replaced(append([]Note{}, reports[i].Notes...))
		}
	}
	m.d.wake()
	m.open()
}

// open lets its slots begin, if the run is ready for them.
func (m *machine) open() {
	m.d.mu.Lock()
	events := m.d.events
	m.d.mu.Unlock()
	m.mu.Lock()
	if events == nil || m.isOpen || m.awaited > 0 || m.status != Present || len(m.before) > 0 {
		m.mu.Unlock()
		return
	}
	m.isOpen = true
	m.mu.Unlock()
	m.d.logf("machine %s is at work: %d slots on %s", m.name, m.joined.Slots, m.joined.Host)
	events.Joined(m.name, m.instance(), m.joined.Slots)
}

// tellLeft tells the run that its slots end.
func (m *machine) tellLeft() {
	m.mu.Lock()
	was := m.isOpen
	m.isOpen = false
	m.mu.Unlock()
	m.d.mu.Lock()
	events := m.d.events
	m.d.mu.Unlock()
	if was && events != nil {
		events.Left(m.name)
	}
}

// finish has it do what it has in hand, and no more.
func (m *machine) finish() {
	m.mu.Lock()
	if m.status != Present {
		m.mu.Unlock()
		return
	}
	m.status = Draining
	m.mu.Unlock()
	m.tellLeft()
	m.endIfIdle()
}

// endIfIdle lets a machine go that finishes and has nothing any more.
func (m *machine) endIfIdle() {
	m.mu.Lock()
	idle := m.status == Draining && len(m.hands) == 0
	m.mu.Unlock()
	if !idle {
		return
	}
	m.d.logf("machine %s has finished what it had", m.name)
	m.flush()
	m.say(kindEnd, encode(end{Why: "this machine was to finish what it had in hand"}))
	m.leaves()
}

// leaves notes that it was told to leave.
func (m *machine) leaves() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.status != Silent {
		m.status = Left
	}
}

// lose takes the machine for dead.
func (m *machine) lose(why string) {
	m.mu.Lock()
	if m.status == Silent {
		m.mu.Unlock()
		return
	}
	left := m.status == Left
	m.status = Silent
	hands, before := m.takeHands(), m.before
	m.before = nil
	m.mu.Unlock()
	for _, b := range before {
		b.replaced(nil) // what they have left it has not said
	}
	if left {
		return // it has not waited to say that it heard so
	}
	m.d.logf("machine %s: %s; what it had in hand is decided without it", m.name, why)
	m.tellLeft()
	for _, h := range hands {
		h.lost(why, nil)
	}
}

// replaced ends its hands by what the next instance has found of it; nil: it cannot tell.
func (m *machine) replaced(found []Note) {
	m.mu.Lock()
	m.status = Silent
	hands := m.takeHands()
	m.mu.Unlock()
	for _, h := range hands {
		if found == nil {
			h.lost("its agent began anew and cannot tell what became of it", nil)
		} else {
			h.lost("its agent died", found)
		}
	}
}

func (m *machine) takeHands() []*Hand {
	var out []*Hand
	for _, h := range m.hands {
		out = append(out, h)
	}
	clear(m.hands)
	slices.SortFunc(out, func(a, b *Hand) int { return a.slot - b.slot })
	return out
}

// look keeps the lease, and sends again what the machine ought to have.
func (m *machine) look(now time.Time) {
	m.mu.Lock()
	if m.status == Silent || m.status == Left && m.line.Kept() == 0 {
		m.mu.Unlock()
		return
	}
	lease := m.d.welcome.Lease
	if silent := now.Sub(m.heard); silent > lease {
		m.mu.Unlock()
		m.lose("it has not been heard of for " + lease.String())
		return
	}
	again := m.line.Overdue(now, resendAfter)
	quiet := now.Sub(m.told) > lease/beats
	if quiet {
		m.told = now
	}
	got := m.line.Got()
	m.mu.Unlock()
	m.flush()
	for _, body := range again {
		_ = m.d.post.Tell(m.name, body)
	}
	if quiet {
		_ = m.d.post.Tell(m.name, pack(head{instance: m.instance(), got: got, kind: kindBeat}))
	}
}

// unheard reports whether the machine is there and has not heard all that it was told.
func (m *machine) unheard() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status != Silent && m.line.Kept() > 0
}

// flush says what the ledger has.
func (m *machine) flush() {
	m.mu.Lock()
	if len(m.acks) == 0 {
		m.mu.Unlock()
		return
	}
	var b []byte
	for slot, upTo := range m.acks {
		b = append(append(b, number(uint64(slot))...), number(upTo)...) //nolint:gosec // it is small
	}
	clear(m.acks)
	m.mu.Unlock()
	m.say(kindAcks, b)
}

// say sends a message that is no work.
func (m *machine) say(k kind, parts ...[]byte) {
	m.mu.Lock()
	if m.status == Silent {
		m.mu.Unlock()
		return // nobody hears it
	}
	body := m.number(k, parts...)
	m.mu.Unlock()
	_ = m.d.post.Tell(m.name, body) // what is lost is sent again
}

// number makes a message, and keeps it until the other end has it. The caller holds the lock.
func (m *machine) number(k kind, parts ...[]byte) []byte {
	now := m.d.now()
	m.told = now
	body := pack(head{instance: m.instance(), number: m.line.last + 1, got: m.line.Got(), kind: k}, parts...)
	m.line.Send(body, now)
	return body
}

// work sends a batch, when there is room for it, or over is closed. What of it is lost on the way is told again, as any message is.
func (m *machine) work(ctx context.Context, over <-chan struct{}, body []byte) (n uint64, err error) {
	wait := time.Millisecond
	for {
		n = m.d.workNumber()
		err = m.d.post.Work(ctx, m.name, n, m.d.effect != jobs.EffectNone, body)
		if !errors.Is(err, ErrFull) {
			return n, nil // what is lost is sent again
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-over:
			return 0, ErrFull
		case <-time.After(wait):
		}
		if wait < 50*time.Millisecond {
			wait *= 2
		}
	}
}

// begin begins a hand.
func (m *machine) begin(ctx, kill context.Context, conv uint64, slot int) (*Hand, error) {
	h := newHand(m, kill, conv, slot)
	m.mu.Lock()
	if m.status != Present || slot >= len(m.places) {
		m.mu.Unlock()
		return nil, nil
	}
	m.hands[conv] = h
	m.pending++
	body := m.number(kindBegin, number(conv), number(uint64(slot))) //nolint:gosec // it is small
	m.mu.Unlock()
	_ = m.d.post.Tell(m.name, body)
	select {
	case r := <-h.ready:
		if r.Refused != "" {
			m.drop(h)
			h.Settled()
			return nil, &RefusedError{Machine: m.name, Why: r.Refused}
		}
		h.allowed(r.Allowance, r.Worn)
		h.killed = context.AfterFunc(kill, h.Kill)
		return h, nil
	case <-h.over:
		h.Settled()
		return nil, nil
	case <-ctx.Done():
		m.say(kindKill, number(conv))
		m.drop(h)
		h.Settled()
		return nil, nil
	}
}

func (m *machine) drop(h *Hand) {
	m.mu.Lock()
	delete(m.hands, h.conv)
	m.places[h.slot].parted = h
	m.mu.Unlock()
	m.endIfIdle()
}

// RefusedError is that a worker does not start on a machine.
type RefusedError struct{ Machine, Why string }

func (e *RefusedError) Error() string {
	return "machine " + e.Machine + ": a worker does not start: " + e.Why
}

// View is a machine, for people.
type View struct {
	Name     string        `json:"name"`
	State    State         `json:"state"`
	Host     string        `json:"host"`
	PID      int           `json:"pid"`
	Slots    int           `json:"slots"`
	Busy     int           `json:"busy"`
	Answered uint64        `json:"answered"`
	Load     float64       `json:"load"`
	Held     string        `json:"held,omitempty"`
	Since    time.Time     `json:"since"`
	Silent   time.Duration `json:"silent_ns"` // how long it has not been heard of
}

// Machines are those that have joined in this session, by name.
func (d *Desk) Machines() []View {
	var out []View
	for _, m := range d.all() {
		m.mu.Lock()
		v := View{
			Name: m.name, State: m.status, Host: m.joined.Host, PID: m.joined.PID, Slots: m.joined.Slots, Answered: m.answers, Load: m.latest.Load,
			Held: m.latest.Held, Since: m.since, Silent: d.now().Sub(m.heard),
		}
		for _, h := range m.hands {
			if h.busy() {
				v.Busy++
			}
		}
		m.mu.Unlock()
		out = append(out, v)
	}
	return out
}

var _ hand.Hand = (*Hand)(nil)

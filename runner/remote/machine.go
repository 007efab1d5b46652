package remote

import (
	"context"
	"maps"
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
	out     bundle
	more    pieces // of heed alone
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
	// complained says that it was said why the stream does not take its work.
	complained bool
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
		hands := m.takeBeat(h, payload)
		m.mu.Unlock()
		var renew []uint64
		for _, hd := range hands {
			renew = hd.outstanding(renew)
		}
		if len(renew) > 0 {
			slices.Sort(renew) // hands share what came in one bundle
			m.d.post.Renew(m.name, slices.Compact(renew))
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

// takeBeat takes in a beat, and returns the hands whose work is to be renewed. The caller holds the lock.
func (m *machine) takeBeat(h *head, payload []byte) []*Hand {
	if h.kind != kindBeat {
		return nil
	}
	if b, err := decode[beat](payload); err == nil {
		m.latest = *b
	}
	return slices.Collect(maps.Values(m.hands))
}

// heed does what a message asks.
func (m *machine) heed(k kind, payload []byte) error {
	payload, all, err := m.more.whole(k, payload)
	if !all {
		return err
	}
	switch k {
	case kindAnswers:
		return eachPart(payload, func(part []byte) error {
			a, err := readAnswers(part)
			if err == nil {
				m.takeAnswers(&a)
			}
			return err
		})
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

func (m *machine) takeHands() []*Hand {
	var out []*Hand
	for _, h := range m.hands {
		out = append(out, h)
	}
	clear(m.hands)
	slices.SortFunc(out, func(a, b *Hand) int { return a.slot - b.slot })
	return out
}

// begin begins a hand.
func (m *machine) begin(ctx, kill context.Context, conv uint64, slot int) (*Hand, error) {
	h := newHand(kill, m, conv, slot)
	m.mu.Lock()
	if m.status != Present || slot >= len(m.places) {
		m.mu.Unlock()
		return nil, nil
	}
	m.hands[conv] = h
	m.pending++
	m.dispatch()
	bodies := m.number(kindBegin, number(conv), number(uint64(slot))) //nolint:gosec // it is small
	m.mu.Unlock()
	m.tell(bodies)
	select {
	case r := <-h.ready:
		if r.Refused != "" {
			m.drop(h)
			h.Settled()
			return nil, &RefusedError{Machine: m.name, Why: r.Refused}
		}
		h.allowed(r.Allowance, r.Worn)
		h.killedBy(kill)
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
	before := m.places[h.slot].parted
	m.places[h.slot].parted = h
	m.mu.Unlock()
	if before != nil && before != h {
		m.say(kindForget, number(before.conv)) // nobody asks any more what that one has left
	}
	m.endIfIdle()
}

// RefusedError is that a worker does not start on a machine.
type RefusedError struct{ Machine, Why string }

func (e *RefusedError) Error() string {
	return "machine " + e.Machine + ": a worker does not start: " + e.Why
}

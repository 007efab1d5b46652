package remote

import (
	"brood/jobs"
	"brood/runner/hand"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// Sayer takes what an agent says to the coordinator. What it cannot send is lost, and said again.
type Sayer interface {
	Say(body []byte) error
}

// Shop is where an agent's workers are.
type Shop interface {
	// Hand brings who works for a slot, from 0; nil without an error if ctx has ended.
	Hand(ctx, kill context.Context, slot int) (hand.Hand, error)
	// Await waits until there is room for more work on this machine, as to its load and memory.
	Await(ctx context.Context)
	// Held says for what it waits; empty: for nothing.
	Held() string
}

// AgentOptions are what an agent works by.
type AgentOptions struct {
	Says  Sayer
	Shop  Shop
	Slots int
	// Instance is another number for each time that it joins.
	Instance uint64
	Lease    time.Duration
	// Effect, Shape and Raw are the run's; Stoppable says that a record may be stopped at a limit.
	Effect    jobs.Effect
	Shape     *jobs.Shape
	Raw       bool
	Stoppable bool
	// Several says that a worker can have several records in hand.
	Several bool
	// Settled is called when the ledger has a report.
	Settled func(id string)
	Load    func() float64
	Logf    func(format string, args ...any)
	Now     func() time.Time // nil: time.Now
}

// NewInstance makes a number that no other instance has.
func NewInstance() uint64 { return rand.Uint64() | 1 } //nolint:gosec // nobody need be kept from guessing it

// Agent is the other side of a Desk: it does with the hands of its slots what the coordinator's hands are asked to.
type Agent struct {
	AgentOptions

	telling sync.Mutex // what comes is heeded one after the other

	mu    sync.Mutex
	line  Line
	out   bundle // answers
	more  pieces // of heed alone
	heard time.Time
	said  time.Time
	slots []*agentSlot
	convs map[uint64]*conv
	end   *end // what it was told
	lost  bool // it was taken for dead, or has not heard of anybody for a lease
	over  chan struct{}
	once  sync.Once

	kill    context.Context //nolint:containedctx // ends hands at once
	killAll context.CancelFunc
	working sync.WaitGroup
}

// agentSlot is a slot of the agent.
type agentSlot struct {
	ordinal uint64
	acks    []slotNote // in order
}

// slotNote is up to which of its notes a hand can be told when the ledger has what the slot has said up to an ordinal.
type slotNote struct {
	ordinal uint64
	ack     hand.Ack
	upTo    uint64
}

// NewAgent makes an agent that has been let in.
func NewAgent(o *AgentOptions) *Agent {
	a := &Agent{AgentOptions: *o, convs: make(map[uint64]*conv), over: make(chan struct{})}
	if a.Now == nil {
		a.Now = time.Now
	}
	a.heard, a.said = a.Now(), a.Now()
	for range o.Slots {
		a.slots = append(a.slots, &agentSlot{})
	}
	a.kill, a.killAll = context.WithCancel(context.Background())
	return a
}

// Told takes in what the coordinator says, by whatever way it came.
func (a *Agent) Told(body []byte) {
	a.telling.Lock()
	defer a.telling.Unlock()
	h, payload, err := unpack(body)
	if err != nil {
		a.Logf("the coordinator: %v", err)
		return
	}
	if h.instance != a.Instance {
		return // it was meant for an earlier one
	}
	if h.kind == kindLost {
		a.finish(nil, true)
		return
	}
	a.mu.Lock()
	a.heard = a.Now()
	a.line.Acked(h.got)
	if h.number == 0 {
		a.mu.Unlock()
		return
	}
	turn := a.line.Receive(h.number, append([]byte{byte(h.kind)}, payload...))
	a.mu.Unlock()
	for _, b := range turn {
		if err := a.heed(kind(b[0]), b[1:]); err != nil {
			a.Logf("the coordinator: %v", err)
		}
	}
}

// heed does what a message asks.
func (a *Agent) heed(k kind, b []byte) error {
	b, all, err := a.more.whole(k, b)
	if !all {
		return err
	}
	switch k {
	case kindSettled:
		a.Settled(string(b))
		return nil
	case kindAcks:
		return a.acked(b)
	case kindEnd:
		e, err := decode[end](b)
		if err == nil {
			a.finish(e, false)
		}
		return err
	case kindGive:
		return eachPart(b, func(part []byte) error { return a.heedConv(k, part) })
	case kindLoss:
		l, err := decode[loss](b)
		if err == nil {
			err = a.noteLoss(l)
		}
		return err
	default:
		return a.heedConv(k, b)
	}
}

// heedConv does what a message asks of one hand.
func (a *Agent) heedConv(k kind, b []byte) error {
	n, rest, err := readNumber(b)
	if err != nil {
		return err
	}
	if k == kindBegin {
		slot, _, err := readNumber(rest)
		if err != nil || slot >= uint64(len(a.slots)) {
			return errors.Join(errMessage, err)
		}
		a.begin(n, int(slot)) //nolint:gosec // see above
		return nil
	}
	a.mu.Lock()
	c := a.convs[n]
	a.mu.Unlock()
	if c == nil {
		return nil // it has gone, and has said so
	}
	switch k {
	case kindGive:
		records, frame, err := readNumber(rest)
		if err != nil || len(frame) < 5 {
			return errors.Join(errMessage, err)
		}
		c.put(int(records), frame) //nolint:gosec // a frame has no more
	case kindLeave:
		c.leave()
	case kindKill:
		c.stop()
	case kindAsk:
		c.tell(string(rest))
	case kindClear:
		c.clear()
		c.forget()
	case kindForget:
		c.forget()
	default:
		return errMessage
	}
	return nil
}

func (a *Agent) begin(n uint64, slot int) {
	c := newConv(a, n, slot)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lost || a.end != nil {
		return
	}
	a.convs[n] = c
	a.working.Go(c.work)
}

// acked tells the hands what the ledger has.
func (a *Agent) acked(b []byte) error {
	for len(b) > 0 {
		slot, rest, err := readNumber(b)
		if err != nil {
			return err
		}
		upTo, rest, err := readNumber(rest)
		if err != nil || slot >= uint64(len(a.slots)) {
			return errors.Join(errMessage, err)
		}
		b = rest
		a.mu.Lock()
		s := a.slots[slot]
		var last slotNote
		n := 0
		for n < len(s.acks) && s.acks[n].ordinal <= upTo {
			last = s.acks[n]
			n++
		}
		s.acks = append(s.acks[:0], s.acks[n:]...)
		a.mu.Unlock()
		if last.ack != nil {
			last.ack.Ack(last.upTo)
		}
	}
	return nil
}

func (a *Agent) noteLoss(l *loss) error {
	a.mu.Lock()
	c := a.convs[l.Conv]
	a.mu.Unlock()
	if c == nil {
		return nil
	}
	ack, upTo, err := c.hand.NoteLoss(l.InHand, &l.Loss, l.Crashes)
	a.event(c.slot, ack, upTo)
	a.say(kindNoted, number(l.Conv))
	return err
}

// event counts what a slot has said or was told to note.
func (a *Agent) event(slot int, ack hand.Ack, upTo uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.slots[slot]
	s.ordinal++
	if ack != nil {
		s.acks = append(s.acks, slotNote{ordinal: s.ordinal, ack: ack, upTo: upTo})
	}
}

// reportNotes is how many notes one message of a report has, and reportBytes how large their payloads may be together.
const (
	reportNotes = 1000
	reportBytes = 256 << 10
)

// Lose says that the session it works for is over.
func (a *Agent) Lose() { a.finish(nil, true) }

// finish ends the agent: because it was told to, or as it was taken for dead.
func (a *Agent) finish(e *end, lost bool) {
	a.mu.Lock()
	a.end, a.lost = e, lost
	a.mu.Unlock()
	a.once.Do(func() { close(a.over) })
}

// Outcome is how an agent has ended.
type Outcome struct {
	Why  string
	Done bool // the run is done
	// Lost says that it was taken for dead, or has not heard of its coordinator for a lease: it should join again.
	Lost bool
}

// Work works until the agent is told to end, is taken for dead, has heard nothing for a lease, or ctx ends; then its hands finish what
// they have in hand, if drain allows, and have gone when it returns.
func (a *Agent) Work(ctx context.Context) Outcome {
	every := max(min(a.Lease/(2*beats), resendAfter/2), 10*time.Millisecond)
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-a.over:
			return a.outcome()
		case <-ctx.Done():
			a.killAll()
			a.finish(nil, true)
		case <-t.C:
			a.beat()
		}
	}
}

func (a *Agent) beat() {
	a.mu.Lock()
	now := a.Now()
	silent := now.Sub(a.heard) > a.Lease
	quiet := now.Sub(a.said) > a.Lease/beats
	b := beat{Slots: a.Slots, Held: a.Shop.Held()}
	got := a.line.Got()
	if quiet {
		a.said = now
	}
	a.mu.Unlock()
	if silent {
		a.Logf("nothing was heard of the coordinator for %s: finishing what is in hand", a.Lease)
		a.finish(nil, true)
		return
	}
	a.again(resendAfter)
	if quiet {
		if a.Load != nil {
			b.Load = a.Load()
		}
		_ = a.Says.Say(pack(head{instance: a.Instance, got: got, kind: kindBeat}, encode(b)))
	}
}

// outcome lets the hands go, and says how it ended.
func (a *Agent) outcome() Outcome {
	a.mu.Lock()
	out := Outcome{Lost: a.lost && a.end == nil}
	if a.end != nil {
		out.Why, out.Done = a.end.Why, a.end.Done
	}
	var all []*conv
	for _, c := range a.convs {
		all = append(all, c)
	}
	a.mu.Unlock()
	for _, c := range all {
		if out.Lost {
			c.abandon()
		}
		c.leave()
	}
	a.working.Wait()
	a.killAll()
	a.mu.Lock()
	told, got := a.end != nil, a.line.Got()
	a.mu.Unlock()
	if told {
		_ = a.Says.Say(pack(head{instance: a.Instance, got: got, kind: kindBeat}, encode(beat{Slots: a.Slots}))) // it was heard
	}
	return out
}

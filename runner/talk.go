package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"brood/runner/hand"
	"context"
	"errors"
	"sync"
)

// talk is what goes on between a slot and one hand: batches are given, answers taken in
// and settled, and in the end what the hand has left behind is.
type talk struct {
	slot  *slot
	hand  hand.Hand
	setup *setup // that it was started with

	// turn is held by who may give: the slot, unless it waits for an answer, or who listens, which
	// has just got one and need not wake the slot for the next record.
	turn      sync.Mutex
	ctx       context.Context //nolint:containedctx // of the slot, while it supplies; guarded by turn
	replacing bool            // the next worker is being started; the same

	// several says that the hand can have several records in hand, which it answers in any order.
	several bool

	mu      sync.Mutex
	queue   []*feed.Batch // given and not fully answered, in order
	closing []*feed.Batch // all answered, and not handed on yet
	spare   []*feed.Batch
	credit  chan struct{} // a token: the queue has become shorter
	ended   chan struct{} // closed when no more answers will come
	err     error         // of the answers; read after ended
	any     bool          // at least one record was answered
	spared  bool          // the record it died with is not to blame

	// Where it can have several, guarded by mu as well: the batch of each record that was given
	// and not answered, how many were given and not released, and whether one of them is to be
	// alone.
	of    map[jobs.Seq]*feed.Batch
	held  int
	alone bool
	over  int // answered and not released; of who listens

	listening bool
	// current is the first of the queue while it is being answered; of who listens.
	current *feed.Batch
}

func newTalk(s *slot, h hand.Hand) *talk {
	k := &talk{slot: s, hand: h, credit: make(chan struct{}, 1), ended: make(chan struct{}), several: s.r.places > 1}
	if c, is := h.(*child); is {
		k.setup = c.setup
	} else {
		k.setup = s.r.setupNow()
	}
	if k.several {
		k.of = make(map[jobs.Seq]*feed.Batch)
	}
	return k
}

// converse feeds a hand until there is nothing more to do, it dies, or it is
// worn out. First is its first batch. In the last case the next one is
// returned: it is ready, and the worn one leaves by itself.
func (k *talk) converse(ctx context.Context, first *feed.Batch) (next *talk, err error) {
	s := k.slot
	k.hand.Begin()
	c, _ := k.hand.(*child)
	s.live.Store(c)
	s.talk.Store(k)
	defer s.live.Store(nil)
	k.listen()
	next, err = k.supply(ctx, first)
	if next != nil {
		s.r.recycled.Add(1)
		if k.any {
			s.deaths = 0
		}
		s.replace(k)
		if s.r.feed.Crowded() {
			s.leaving.Wait() // there may be no place for both
		}
		return next, err
	}
	exit, leaveErr := k.hand.Leave()
	<-k.ended
	if err != nil || leaveErr != nil {
		return nil, errors.Join(err, leaveErr)
	}
	return nil, k.settleDead(exit)
}

// supply gives the hand batches as it finishes those before. When it is worn out
// the next worker is started beside it, and returned when that is ready and this
// one has nothing in hand.
func (k *talk) supply(ctx context.Context, b *feed.Batch) (*talk, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-k.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	take, stop := k.untilStale(ctx)
	defer stop()
	k.turn.Lock()
	k.ctx = ctx
	defer func() {
		k.ctx = nil // nobody gives it anything any more: it is about to leave
		k.turn.Unlock()
	}()
	var next chan started
	for {
		if err := k.give(b); err != nil {
			return nil, errors.Join(err, k.slot.discard(next))
		}
		for !k.room() {
			if !k.awaitCredit() {
				return nil, k.slot.discard(next)
			}
		}
		worn := k.worn()
		if next == nil && worn >= wornAt {
			next, k.replacing = k.slot.startBeside(ctx), true
		}
		if worn >= wornOut {
			return k.handOver(<-next)
		}
		select {
		case n := <-next: // never, if there is none
			return k.handOver(n)
		default:
		}
		b = k.spareBatch()
		ok, err := k.slot.r.feed.Take(take, k.slot.seat, k, k.allowance(), b)
		if !ok && err == nil && ctx.Err() == nil && k.stale() && !k.slot.r.over() {
			if next == nil {
				next, k.replacing = k.slot.startBeside(ctx), true
			}
			return k.handOver(<-next)
		}
		if !ok || err != nil {
			return nil, errors.Join(err, k.slot.discard(next))
		}
	}
}

// awaitCredit waits until the queue has become shorter, and returns false if no more answers will
// come.
func (k *talk) awaitCredit() bool {
	k.turn.Unlock()
	defer k.turn.Lock()
	select {
	case <-k.credit:
		return true
	case <-k.ended:
		return false
	}
}

// refill gives the worker the next record, if it has nothing in hand and the slot only waits for
// that. It is for who listens: the worker reads now, and so takes whatever it is given. It reports
// whether it has.
func (k *talk) refill() (bool, error) {
	if k.several || !k.turn.TryLock() {
		return false, nil
	}
	defer k.turn.Unlock()
	if k.ctx == nil || k.ctx.Err() != nil || k.replacing || k.InHand() > 0 || k.worn() >= wornAt {
		return false, nil
	}
	b := k.spareBatch()
	ok, err := k.slot.r.feed.TryTake(k.slot.seat, k, k.allowance(), b)
	if !ok || err != nil {
		k.spares(b)
		return false, err
	}
	return true, k.give(b)
}

// give passes a batch on.
func (k *talk) give(b *feed.Batch) error {
	if err := b.Open(k.slot.r.shape, k.slot.r.cfg.Plan.NeedsRaw); err != nil {
		return err
	}
	if k.several {
		if err := b.Spread(); err != nil {
			return err
		}
	}
	k.mu.Lock()
	k.queue = append(k.queue, b)
	if k.several {
		for i := range b.Items {
			k.of[b.Items[i].Seq] = b
		}
		k.held += len(b.Items)
		k.alone = b.Alone
	}
	k.mu.Unlock()
	if r := k.slot.r; !r.guarding.works.Load() {
		r.gives(&b.Items[0])
	}
	return k.hand.Give(b.Frame, len(b.Items))
}

// room reports whether the worker should get another batch now.
func (k *talk) room() bool {
	most := k.most()
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.several && k.alone:
		return k.held == 0
	case k.several:
		return k.held < most
	case k.slot.r.oneByOne() || k.alonely(), k.slot.berth != nil && k.slot.r.feed.Timed():
		return k.given() == 0 // what it is given begins at once: else it would begin after its turn, and more at a time than may
	}
	return k.given() < k.slot.tempo.depth()
}

// alonely says that the hand gets no record that it cannot begin: where its machine may be cut off, what it was given may have been done.
// So it is where files are brought there for it.
func (k *talk) alonely() bool {
	return k.slot.berth != nil && (k.slot.r.feed.NeedsIntents() || k.slot.r.carries())
}

// most is how many records the hand may be given in all, where it can have several.
func (k *talk) most() int {
	if k.alonely() {
		return k.slot.r.places
	}
	return k.slot.r.most(&k.slot.tempo)
}

// most is how many records a worker that can have several may be given in all, as things stand: so
// many as it can have in hand, and some more to go on with when these are answered.
func (r *session) most(t *tempo) int {
	if r.places == 1 || (r.fitted && !r.guarding.differ.Load()) {
		return 1 // it may be the last
	}
	n := r.places // a program may answer none before it has so many
	if r.fitted {
		n = min(n, t.window())
	}
	if !r.oneByOne() {
		n += t.ahead()
	}
	return n
}

// oneByOne says that a worker gets nothing before it can begin it, see feed; or that
// what comes back may be a reason to begin nothing more.
func (r *session) oneByOne() bool {
	return r.cfg.Halt.On != "" || r.feed.OneByOne() || !r.guarding.differ.Load()
}

// InHand is how much the worker has: batches, or records where it can have several in hand.
func (k *talk) InHand() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.several {
		return k.held
	}
	return k.given()
}

// given is how many batches the worker has. The caller holds the lock.
func (k *talk) given() int { return len(k.queue) + len(k.closing) }

// allowance is how many records the hand may be given now.
func (k *talk) allowance() int {
	if !k.several && !k.slot.r.guarding.differ.Load() {
		return 1 // it may be the last
	}
	if k.several {
		most := k.most()
		k.mu.Lock()
		defer k.mu.Unlock()
		return max(1, int(min(uint64(max(most-k.held, 0)), k.hand.Allowance(), feed.BatchRecords)))
	}
	if k.slot.r.feed.Adaptive() || k.alonely() {
		return 1 // what is refused is so at once, and is no reason to give it more
	}
	n := k.slot.tempo.size()
	if k.slot.berth != nil {
		n = k.slot.r.feed.Turns(n)
	}
	return max(1, int(min(uint64(n), k.hand.Allowance()))) //nolint:gosec // it is not negative
}

// spares keeps a batch for later.
func (k *talk) spares(b *feed.Batch) {
	k.mu.Lock()
	k.spare = append(k.spare, b)
	k.mu.Unlock()
}

func (k *talk) spareBatch() *feed.Batch {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := len(k.spare); n > 0 {
		b := k.spare[n-1]
		k.spare = k.spare[:n-1]
		return b
	}
	return &feed.Batch{}
}

// handOver returns the next hand as soon as this one has nothing in hand.
func (k *talk) handOver(n started) (*talk, error) {
	if n.k == nil {
		return nil, n.err // the run is ending, or no worker starts any more
	}
	for {
		if k.InHand() == 0 {
			return n.k, nil
		}
		select {
		case <-k.credit:
		case <-k.ended: // it has died with something in hand
			k.slot.replace(n.k)
			return nil, nil
		}
	}
}

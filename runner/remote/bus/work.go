package bus

import (
	"brood/runner/remote/token"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// piece is work that was published, and is not done.
type piece struct {
	number   uint64
	to       *consumer
	frame    []byte
	sequence uint64 // in the stream; 0: that has not confirmed it
	first    time.Time
	sent     time.Time
	done     bool // as soon as it is confirmed, it is to be acknowledged
	taken    bool // back: as soon as it is confirmed, it is to be deleted
}

const (
	// retryAfter is how long it takes until what the stream had no room for is sent again.
	retryAfter = 20 * time.Millisecond
	// resendAfter is how long a confirmation is waited for from a cluster.
	resendAfter = 3 * time.Second
	// duplicates is how long a cluster knows a message by its ID, and giveUp how long one is sent again: less.
	duplicates = 2 * time.Minute
	giveUp     = 90 * time.Second
)

// MaxBody is how many bytes a piece of work, a letter, a question or an answer can have. What is above it an embedded
// server takes no notice of, and a cluster may have less.
func (h *Hub) MaxBody() int { return int(h.nc.MaxPayload()) - 256 }

// Work publishes one piece of work for a machine's slot. Number is unique in the epoch (its message ID). ErrFull: there is
// no room now. That it returns nil says that the stream will have it, or Lost be called.
func (h *Hub) Work(ctx context.Context, machine string, number uint64, isOnce bool, body []byte) error {
	k := again
	if isOnce {
		k = once
	}
	c, err := h.consumer(ctx, consumerOf{machine, k})
	if err != nil {
		return err
	}
	if len(body) > h.MaxBody() {
		return fmt.Errorf("a piece of work of %d bytes is more than the bus takes: %d", len(body), h.MaxBody())
	}
	now := time.Now()
	p := &piece{number: number, to: c, first: now, sent: now}
	if err := h.admit(p, body); err != nil {
		return err
	}
	if err := h.publish(p); err != nil && (h.inner != nil || !isDown(err)) {
		h.mu.Lock()
		h.drop(p)
		h.mu.Unlock()
		return fmt.Errorf("publish work for machine %s: %w", machine, err)
	}
	return nil // with a cluster that cannot be reached now it is sent again
}

// isDown says whether a link that is being made anew is why something was not sent.
func isDown(err error) bool {
	return errors.Is(err, nats.ErrReconnectBufExceeded) || errors.Is(err, nats.ErrConnectionReconnecting) || errors.Is(err, nats.ErrDisconnected)
}

// admit takes a piece in, if there is room.
func (h *Hub) admit(p *piece, body []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed {
		return ErrClosed
	}
	if h.open >= h.room {
		return ErrFull
	}
	if _, ok := h.pieces[p.number]; ok {
		return fmt.Errorf("work %d was published before", p.number)
	}
	p.frame = workFrame(p.number, body)
	h.pieces[p.number] = p
	h.open++
	return nil
}

// drop forgets a piece. The lock is held.
func (h *Hub) drop(p *piece) {
	if h.pieces[p.number] != p {
		return
	}
	delete(h.pieces, p.number)
	if !p.done && !p.taken {
		h.open--
	}
}

// publish sends a piece to the stream, which confirms it to the hub's inbox. A cluster gets an ID with it, by which it
// knows it when it is sent again; an embedded server is sent each once, as its link ends with this process.
func (h *Hub) publish(p *piece) error {
	number := strconv.FormatUint(p.number, 10)
	reply := h.inbox + ".c." + number
	if h.inner != nil {
		return h.nc.PublishRequest(p.to.subject, reply, p.frame)
	}
	return h.nc.PublishMsg(&nats.Msg{Subject: p.to.subject, Reply: reply, Data: p.frame, Header: nats.Header{nats.MsgIdHdr: {number}}})
}

// confirmed hears what the stream says to a piece.
func (h *Hub) confirmed(m *nats.Msg) {
	number, err := strconv.ParseUint(m.Subject[min(len(h.inbox)+len(".c."), len(m.Subject)):], 10, 64)
	if err != nil {
		return
	}
	sequence, err := parseConfirmation(m)
	h.mu.Lock()
	p := h.pieces[number]
	if p == nil || p.sequence != 0 {
		h.mu.Unlock()
		return
	}
	var do func()
	switch {
	case err == nil:
		p.sequence, p.frame = sequence, nil
		if p.done || p.taken {
			h.drop(p)
			do = func() { h.remove(p) }
		}
	case errors.Is(err, errNoRoom):
		h.refused = append(h.refused, p)
		select {
		case h.retry <- struct{}{}:
		default: // it is on its way
		}
	case h.inner != nil:
		do = func() { h.lost(fmt.Errorf("the stream with the machines' work: %w", err)) }
	}
	h.mu.Unlock()
	if do != nil {
		do()
	}
}

// remove takes a piece out of the stream: one that a machine has by an acknowledgement, for which any consumer but this one
// has no right; one that was taken back by its sequence, whether a machine has it or not.
func (h *Hub) remove(p *piece) {
	if !p.taken {
		h.acknowledge(p, nil)
		return
	}
	h.calls.run(func() {
		ctx, cancel := context.WithTimeout(h.ctx, stuck)
		defer cancel()
		if err := h.delete(ctx, p.sequence); err != nil {
			h.o.logf("take back work for machine %s: %v", p.to.machine, err)
		}
	})
}

// acknowledge says something about a piece to the consumer that has given it. With AckExplicit the server goes by the
// sequence in the stream alone; how often and when it was given, which the subject has as well, it knows itself.
func (h *Hub) acknowledge(p *piece, what []byte) {
	b := make([]byte, 0, 128)
	b = append(b, p.to.ack...)
	b = strconv.AppendUint(b, p.sequence, 10)
	b = append(b, ".1.0.0"...)
	subject := string(b)
	if err := h.nc.Publish(subject, what); err != nil && h.inner != nil {
		h.o.logf("acknowledge work of machine %s: %v", p.to.machine, err)
	}
	if h.inner == nil && what == nil {
		h.mu.Lock()
		h.acked.add(subject)
		h.mu.Unlock()
	}
}

// Done acknowledges, and so removes, a piece on behalf of the machine that has it, after what came of it was committed.
func (h *Hub) Done(machine string, number uint64) {
	h.mu.Lock()
	p := h.pieces[number]
	if p == nil || p.done || p.taken || p.to.machine != machine {
		h.mu.Unlock()
		return
	}
	known := p.sequence != 0
	if known {
		h.drop(p)
	} else { // the machine was faster than the confirmation
		p.done = true
		h.open--
	}
	next := h.takeRefused()
	h.mu.Unlock()
	if known {
		h.remove(p)
	}
	h.send(next)
}

// takeRefused takes out what the stream had no room for, some of it. The lock is held.
func (h *Hub) takeRefused() []*piece {
	n := min(len(h.refused), 16)
	if n == 0 {
		return nil
	}
	next := slices.Clone(h.refused[:n])
	h.refused = slices.Delete(h.refused, 0, n)
	return next
}

// send publishes pieces again.
func (h *Hub) send(list []*piece) {
	now := time.Now()
	for _, p := range list {
		h.mu.Lock()
		wanted := h.pieces[p.number] == p && p.sequence == 0
		p.sent = now
		h.mu.Unlock()
		if !wanted {
			continue
		}
		if err := h.publish(p); err != nil && !isDown(err) {
			h.o.logf("publish work for machine %s again: %v", p.to.machine, err)
		}
	}
}

var progress = []byte("+WPI") // AckProgress

// Renew gives a machine another lease for work that it still has.
func (h *Hub) Renew(machine string, numbers []uint64) {
	list := make([]*piece, 0, len(numbers))
	h.mu.Lock()
	for _, n := range numbers {
		if p := h.pieces[n]; p != nil && p.sequence != 0 && !p.done && p.to.machine == machine {
			list = append(list, p)
		}
	}
	h.mu.Unlock()
	for _, p := range list {
		h.acknowledge(p, progress)
	}
}

// Withdraw takes back all work of a machine that is not done, whether the machine has it or not, and returns when it cannot
// be given any more. Work for it must not be called meanwhile.
func (h *Hub) Withdraw(ctx context.Context, machine string) error {
	if err := token.CheckMachine(machine); err != nil {
		return err
	}
	h.mu.Lock()
	for _, p := range h.pieces {
		if p.to.machine != machine {
			continue
		}
		if p.sequence != 0 {
			h.drop(p)
		} else if !p.done && !p.taken {
			p.taken = true
			h.open--
		}
	}
	h.mu.Unlock()
	return h.purge(ctx, machine)
}

// SetRoom sets how many pieces there may be that are not done: about two for each slot.
func (h *Hub) SetRoom(n int) {
	h.mu.Lock()
	h.room = max(1, n)
	grow := int64(h.room)*2 > h.bound
	for int64(h.room)*2 > h.bound {
		h.bound *= 2
	}
	h.mu.Unlock()
	if grow {
		h.calls.run(h.widen)
	}
}

// tend sends again what the stream had no room for or what a cluster has not confirmed, until the hub is closed.
func (h *Hub) tend() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	var soon <-chan time.Time
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-h.retry:
			soon = time.After(retryAfter)
		case <-soon:
			h.mu.Lock()
			list := h.takeRefused()
			h.mu.Unlock()
			h.send(list)
		case now := <-t.C:
			list, lost := h.overdue(now)
			h.send(list)
			if lost {
				h.lost(fmt.Errorf("the NATS cluster has not confirmed work for %v", giveUp))
			}
			if h.inner != nil {
				h.inner.door.turnOut()
			}
		}
	}
}

// overdue takes out what is to be sent again now, and says whether it has come to nothing for too long.
func (h *Hub) overdue(now time.Time) (list []*piece, lost bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	list = h.takeRefused()
	if h.inner != nil {
		return list, false
	}
	for _, p := range h.pieces {
		if p.sequence == 0 && now.Sub(p.sent) > resendAfter && !slices.Contains(h.refused, p) {
			list = append(list, p)
			lost = lost || now.Sub(p.first) > giveUp
		}
	}
	return list, lost
}

// reconnected sends again what may have been lost with a link to a cluster.
func (h *Hub) reconnected() {
	h.o.logf("NATS: the link to %s is there again", redacted(h.nc.ConnectedUrl()))
	h.calls.do(func() {
		h.mu.Lock()
		var list []*piece
		for _, p := range h.pieces {
			if p.sequence == 0 {
				list = append(list, p)
			}
		}
		h.refused = nil
		acks := h.acked.all()
		h.mu.Unlock()
		for _, subject := range acks {
			if err := h.nc.Publish(subject, nil); err != nil {
				break // the next link will tell
			}
		}
		h.send(list)
	})
}

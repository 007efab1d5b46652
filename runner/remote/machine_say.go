package remote

import (
	"brood/jobs"
	"context"
	"errors"
	"time"
)

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
	if m.out.coming {
		m.dispatch() // its sender may be held up by an earlier one
	}
	again := m.line.Overdue(now, resendAfter)
	quiet := now.Sub(m.told) > lease/beats
	if quiet {
		m.told = now
	}
	got := m.line.Got()
	m.mu.Unlock()
	m.flush()
	m.tell(again)
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
	m.dispatch()
	bodies := m.number(k, parts...)
	m.mu.Unlock()
	m.tell(bodies)
}

// tell sends messages. What is lost is sent again.
func (m *machine) tell(bodies [][]byte) {
	for _, body := range bodies {
		_ = m.d.post.Tell(m.name, body)
	}
}

// number makes a message, in pieces if need be, and keeps it until the other end has it. The caller holds the lock.
func (m *machine) number(k kind, parts ...[]byte) (bodies [][]byte) {
	now := m.d.now()
	m.told = now
	cut(k, parts, func(k kind, parts ...[]byte) {
		body := pack(head{instance: m.instance(), number: m.line.last + 1, got: m.line.Got(), kind: k}, parts...)
		m.line.Send(body, now)
		bodies = append(bodies, body)
	})
	return bodies
}

// put puts a piece of work into the stream, and reports whether there was room for it.
func (m *machine) put(n uint64, body []byte) bool {
	err := m.d.post.Work(context.Background(), m.name, n, m.d.effect != jobs.EffectNone, body)
	if errors.Is(err, ErrFull) {
		return false
	}
	if err != nil {
		m.complain(err)
	}
	return true // what is lost is sent again, and told
}

// complain says once why the stream does not take work for a machine.
func (m *machine) complain(err error) {
	m.mu.Lock()
	first := !m.complained && m.status == Present
	m.complained = m.complained || first
	m.mu.Unlock()
	if first {
		m.d.logf("machine %s is told what to do by another way, and later, as the stream of work does not take it: %v", m.name, err)
	}
}

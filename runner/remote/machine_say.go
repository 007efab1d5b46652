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
	m.dispatch()
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

// put puts a piece of work into the stream, and reports whether there was room for it.
func (m *machine) put(n uint64, body []byte) bool {
	err := m.d.post.Work(context.Background(), m.name, n, m.d.effect != jobs.EffectNone, body)
	return !errors.Is(err, ErrFull) // what is lost is sent again
}

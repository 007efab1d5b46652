package table

import "sync"

// bell wakes those who wait for jobs.
type bell struct {
	mu   sync.Mutex
	ring chan struct{}
	stop func() // ends who rings, and returns when they have gone
}

// rings is closed at the next ring; nil, for ever, if nobody rings.
func (b *bell) rings() <-chan struct{} {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ring == nil {
		b.ring = make(chan struct{})
	}
	return b.ring
}

func (b *bell) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ring != nil {
		close(b.ring)
		b.ring = nil
	}
}

func (b *bell) close() { b.stop() }

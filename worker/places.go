package worker

import (
	"slices"
	"sync"
)

// places are those that are free of a worker that can have several records in hand. The lowest is taken
// first: where there is less to do than there are places, the same ones are used again and again, and
// what the others have open, such as connections, is not kept awake.
type places struct {
	some chan struct{} // a token for each that is free
	mu   sync.Mutex
	free []bool
}

func newPlaces(n int) *places {
	p := &places{some: make(chan struct{}, n), free: make([]bool, n)}
	for at := range n {
		p.give(at)
	}
	return p
}

// take takes the lowest, for who has taken a token.
func (p *places) take() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := slices.Index(p.free, true)
	p.free[at] = false
	return at
}

// give makes a place free.
func (p *places) give(at int) {
	p.mu.Lock()
	p.free[at] = true
	p.mu.Unlock()
	p.some <- struct{}{}
}

// all reports whether nothing is in hand.
func (p *places) all() bool { return len(p.some) == cap(p.some) }

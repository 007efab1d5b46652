package runner

import (
	"brood/runner/hand"
	"brood/runner/ledger"
	"sync"
)

// tally is what the workers of a session have used.
type tally struct {
	mu  sync.Mutex
	sum ledger.Usage
}

// add counts a hand that has gone.
func (t *tally) add(e hand.Exit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Workers++
	t.sum.CPU += e.CPU
	t.sum.MaxRSS = max(t.sum.MaxRSS, e.MaxRSS)
}

// total is what it comes to.
func (t *tally) total() ledger.Usage {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sum
}

package runner

import (
	"brood/runner/feed"
	"sync"
	"time"
)

// batchTime is how much work a batch should be: enough to make the way to the
// worker and back cheap, little enough that no record waits long behind others.
const batchTime = time.Millisecond

// windowTime is how much work a program should have before it.
const windowTime = 2 * batchTime

// tempo measures how long records take and sizes the batches of a slot.
type tempo struct {
	mu   sync.Mutex
	each time.Duration // per record, a moving average; 0 while nothing is known
	last int           // size of the last batch
	most int           // the largest there may be; 0: the largest there is
	far  bool          // the worker is on another machine
}

// Where the worker is on another machine a batch is more work, as the way is longer, and not more records than farBatch: larger ones do not
// make it cheaper.
const (
	farTime  = 25 * time.Millisecond
	farBatch = 256
)

func (p *tempo) batchTime() time.Duration {
	if p.far {
		return farTime
	}
	return batchTime
}

// batched is about how many records all workers may have in a batch each: the parent
// remembers every one that is in hand.
const batched = 1 << 16

// share makes room for so many slots.
func (p *tempo) share(slots int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.most = max(1, min(batched/slots, feed.BatchRecords))
}

// note takes in that n records took the worker busy.
func (p *tempo) note(n int, busy time.Duration) {
	if n == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	each := max(busy/time.Duration(n), 1)
	switch {
	case p.each == 0:
		p.each = each
	case each > p.each: // believe bad news sooner
		p.each = (p.each + each) / 2
	default:
		p.each += (each - p.each) / 8
	}
}

// size is how many records the next batch should have. It grows at most
// fourfold from one to the next.
func (p *tempo) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 1
	if p.each > 0 {
		n = int(min(p.batchTime()/p.each, feed.BatchRecords))
	}
	if p.far {
		n = min(n, farBatch)
	}
	if p.most > 0 {
		n = min(n, p.most)
	}
	n = max(1, min(n, 4*max(p.last, 1)))
	p.last = n
	return n
}

// window is how many records a program should have that works on one after the other: as few as it
// takes for it not to wait for the next.
func (p *tempo) window() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.each == 0 {
		return 1
	}
	return max(1, int(windowTime/p.each))
}

// ahead is how many records a worker that has several in hand should be given beside those.
func (p *tempo) ahead() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.each == 0 {
		return 0
	}
	return int(min(batchTime/p.each, feed.BatchRecords))
}

// depth is how many batches a worker may have at a time. Up to twice the length that a batch should have it is given the next one before
// it has answered the last. Where records take longer, a record waits better here, where any free worker can have it.
func (p *tempo) depth() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.each > 0 && p.each*time.Duration(max(p.last, 1)) < 2*p.batchTime() {
		return 2
	}
	return 1
}

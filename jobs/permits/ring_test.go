package permits

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestOlderTime has two processes look at the clock one after the other, and take the only place the other
// way round. Who has looked first finds a place that is taken for longer than he would take it.
func TestOlderTime(t *testing.T) {
	mem := make([]byte, pageBytes)
	const looked, later = int64(time.Hour), int64(time.Hour) + 300_000
	clock := func() int64 { return later + 100 }
	mine, other := newRing(mem, 1, clock), newRing(mem, 1, clock)
	if i, _ := other.take(later); i != 0 {
		t.Fatalf("the first has place %d", i)
	}
	if wait := mine.free(looked); wait <= 0 || wait > mine.window+int64(grace) {
		t.Errorf("the place is taken for %v", time.Duration(wait))
	}
	if i, _ := mine.take(looked); i >= 0 {
		t.Errorf("both have place %d", i)
	}
	// What nobody can have written is free, whenever one looks.
	mine.place(0).Store(later + int64(time.Hour))
	if i, _ := mine.take(looked); i != 0 {
		t.Error("a damaged place is never free again")
	}

	p := &page{mem: make([]byte, pageBytes)}
	const interval = int64(time.Millisecond)
	far := looked + p.ahead(interval) + 1000
	word(p.mem, atNext).Store(far)
	if _, wait := p.next(looked, interval, 0, interval, func() int64 { return looked + 2000 }); wait <= 0 || word(p.mem, atNext).Load() != far {
		t.Errorf("what another has set was taken back: %d, wait %d", word(p.mem, atNext).Load()-looked, wait)
	}
}

// TestRingTogether has several take places of one ring at the same time, each by the system's clock: no
// place is had by two.
func TestRingTogether(t *testing.T) {
	mem := make([]byte, pageBytes)
	const rate = 2000
	var taken atomic.Int64
	var all sync.WaitGroup
	begun := systemClock{}.mono()
	for range 4 {
		r := newRing(mem, rate, systemClock{}.mono)
		all.Go(func() {
			for {
				if i, _ := r.take(systemClock{}.mono()); i < 0 {
					return
				}
				taken.Add(1)
			}
		})
	}
	all.Wait()
	if took := systemClock.mono(systemClock{}) - begun; took < int64(time.Second) && taken.Load() != rate {
		t.Errorf("%d places were taken of %d", taken.Load(), rate)
	}
}

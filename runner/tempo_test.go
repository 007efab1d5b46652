package runner

import (
	"brood/runner/feed"
	"brood/runner/spec"
	"testing"
	"time"
)

// A batch is about a millisecond of work; it grows fourfold at most, and is one record where
// records are slow.
func TestTempo(t *testing.T) {
	var p tempo
	if n := p.size(); n != 1 || p.depth() != 1 {
		t.Errorf("at first %d records, %d batches", n, p.depth())
	}
	for _, want := range []int{4, 16, 64, 100, 100} {
		p.note(10, 100*time.Microsecond) // 10 µs each
		if n := p.size(); n != want {
			t.Errorf("%d records, want %d", n, want)
		}
	}
	if p.depth() != 2 {
		t.Error("a fast worker is not given the next batch ahead")
	}
	p.note(1, 10*time.Millisecond) // bad news are believed sooner
	p.note(1, 10*time.Millisecond)
	if n := p.size(); n != 1 || p.depth() != 1 {
		t.Errorf("of slow records %d at a time, %d batches", n, p.depth())
	}
	p.note(0, time.Hour) // of nothing
	for range 200 {
		p.note(1000000, time.Millisecond)
	}
	for range 20 {
		p.size()
	}
	if n := p.size(); n != feed.BatchRecords {
		t.Errorf("%d records at the most, want %d", n, feed.BatchRecords)
	}
}

// Of many workers each gets less: what all have in hand is bounded.
func TestTempoIsShared(t *testing.T) {
	for slots, want := range map[int]int{1: feed.BatchRecords, 8: feed.BatchRecords, 64: batched / 64, 1000: batched / 1000, 10 * batched: 1} {
		var p tempo
		p.share(slots)
		n := 0
		for range 20 {
			p.note(1000000, time.Millisecond)
			n = p.size()
		}
		if n != want {
			t.Errorf("%d slots: %d records, want %d", slots, n, want)
		}
	}
}

func TestMedian(t *testing.T) {
	var m median
	for i := range timeoutLeast - 1 {
		m.note(time.Duration(i) * time.Second)
		if m.value() != 0 {
			t.Errorf("a median of %d records: %s", i+1, m.value())
		}
	}
	m.note(time.Hour)
	if m.value() != time.Second {
		t.Errorf("the median of 0 s, 1 s and an hour is %s", m.value())
	}
	for range timeoutSample {
		m.note(time.Minute) // what is old does not count any more
	}
	if m.value() != time.Minute {
		t.Errorf("%s", m.value())
	}
}

func TestPatience(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  spec.Config
		took time.Duration // of each of many records
		want time.Duration
		stop bool // a record may be asked to stop
	}{
		{"none", spec.Config{KillAfter: time.Second}, time.Second, 0, false},
		{"fixed", spec.Config{Timeout: 3 * time.Second, KillAfter: time.Second}, time.Hour, 3 * time.Second, true},
		{"fixed, killed at once", spec.Config{Timeout: 3 * time.Second}, time.Hour, 3 * time.Second, false},
		{"a share", spec.Config{TimeoutPercent: 200, KillAfter: time.Second}, time.Second, 2 * time.Second, true},
		{"a share of next to nothing", spec.Config{TimeoutPercent: 200, KillAfter: time.Second}, time.Microsecond, shortestTimeout, true},
		{"processor time", spec.Config{Limits: spec.Limits{CPU: time.Second}, KillAfter: time.Second}, time.Second, 0, true},
	} {
		p := patience{cfg: &c.cfg}
		if c.cfg.TimeoutPercent > 0 && p.timeout() != 0 {
			t.Errorf("%s: %s before anything is known", c.name, p.timeout())
		}
		for range 9 {
			p.median.note(c.took)
		}
		if got := p.timeout(); got != c.want || p.stoppable() != c.stop {
			t.Errorf("%s: %s, may be asked to stop %v; want %s, %v", c.name, got, p.stoppable(), c.want, c.stop)
		}
	}
}

// A worker is worn by records, age and memory, whichever comes first; each has a limit of
// its own, so that they do not all go at one time, and that of memory is never above what was
// asked for.
func TestWear(t *testing.T) {
	r := &session{cfg: &spec.Config{Recycle: spec.Recycle{Tasks: 100, Age: time.Hour, Mem: 1 << 30}}}
	seen := make(map[uint64]bool)
	for range 200 {
		w := r.newWear()
		seen[w.most.Tasks] = true
		if w.most.Tasks < 90 || w.most.Tasks > 110 || w.most.Age < 54*time.Minute || w.most.Age > 66*time.Minute || w.most.Mem > 1<<30 || w.most.Mem < 1<<30*8/10 {
			t.Fatalf("%+v", w.most)
		}
	}
	if len(seen) < 5 {
		t.Errorf("200 workers have %d limits", len(seen))
	}
	c := &child{wear: wear{most: spec.Recycle{Tasks: 10}, given: 9, since: time.Now()}}
	if got := c.Worn(); got != 0.9 || c.Allowance() != 1 {
		t.Errorf("worn %g, %d more", got, c.Allowance())
	}
	c.wear.given = 12
	if got := c.Worn(); got < 1 || c.Allowance() != 0 {
		t.Errorf("worn %g, %d more", got, c.Allowance())
	}
	c = &child{wear: wear{most: spec.Recycle{Age: time.Hour}, since: time.Now().Add(-30 * time.Minute)}}
	if got := c.Worn(); got < 0.49 || got > 0.51 {
		t.Errorf("half an hour of one: worn %g", got)
	}
}

// The larger a worker is, and the faster it grows, the sooner it is looked at again.
func TestWearLooks(t *testing.T) {
	begun := time.Now()
	w := wear{most: spec.Recycle{Mem: 1000}, looked: begun}
	now := begun.Add(100 * time.Millisecond)
	w.look(now, 10) // slow: 0.1 a millisecond
	if got := w.next.Sub(now); got != memSeldom {
		t.Errorf("a small one is looked at after %s", got)
	}
	now = now.Add(100 * time.Millisecond)
	w.look(now, 700) // 6.9 a millisecond, and 100 left to four fifths
	if got := w.next.Sub(now); got != memOften {
		t.Errorf("one that grows is looked at after %s", got)
	}
}

package book

import (
	"brood/jobs"
	"brood/runner/ledger"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Group commit: nothing waits longer than commitAfter, what somebody waits for goes at once,
// and the output is synced before the ledger says what it holds.
func TestCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := open(t, nil)
		x.book.NoteInput(9, 0)
		x.updates <- final(0)
		settleFor(commitAfter - time.Millisecond)
		x.updates <- final(1)
		synctest.Wait()
		if len(x.made()) != 0 {
			t.Fatal("it does not wait for others")
		}
		settleFor(2 * time.Millisecond)
		if len(x.made()) != 1 || x.made()[0].Totals.OK != 2 || x.made()[0].QuotaDay != "today" || x.made()[0].QuotaUsed != 7 {
			t.Fatalf("%d commits", len(x.made()))
		}
		if got := x.happened(); got != "sync input, sync output, commit" {
			t.Errorf("%s", got)
		}
		u := final(2)
		u.Durable = make(chan struct{})
		durable := u.Durable
		x.updates <- u
		synctest.Wait()
		select {
		case <-durable:
		default:
			t.Error("somebody waits, and it was not committed at once")
		}
		x.happened()
		u = NewUpdate() // nothing for the output
		u.Retries = []ledger.Retry{{Seq: 5, Attempts: 1}}
		x.updates <- u
		time.Sleep(commitAfter)
		synctest.Wait()
		if got := x.happened(); got != "sync input, commit" {
			t.Errorf("%s: the output has not changed", got)
		}
		before := len(x.made())
		settleFor(3 * beatAfter)
		if beats := len(x.made()) - before; beats < 2 || !x.made()[len(x.made())-1].Beat {
			t.Errorf("%d signs of life while nothing happens", beats)
		}
		if err := x.close(); err != nil {
			t.Fatal(err)
		}
	})
}

// While a commit is under way what comes waits for the next one.
func TestCommitsFollowOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := open(t, func(_ *Config, w *world) { w.took = time.Second })
		x.book.NoteInput(3, 0)
		x.updates <- final(0)
		time.Sleep(commitAfter + time.Millisecond) // it has begun
		x.updates <- final(1)
		settleFor(commitAfter + time.Millisecond)
		x.updates <- final(2)
		if err := x.close(); err != nil {
			t.Fatal(err)
		}
		var ok []uint64
		for _, c := range x.made() {
			ok = append(ok, c.Totals.OK)
		}
		if !slices.Equal(ok, []uint64{1, 3}) {
			t.Errorf("the commits say %v", ok)
		}
	})
}

// A record that was sent back and has ended since the last commit has ended.
func TestLastWordCounts(t *testing.T) {
	x := open(t, nil)
	x.book.NoteInput(2, 0)
	u := NewUpdate()
	u.Retries = []ledger.Retry{{Seq: 0, Attempts: 1}, {Seq: 1, Attempts: 1}}
	x.updates <- u
	u = final(0)
	u.LeftRetries = []jobs.Seq{0}
	x.updates <- u
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	if c := x.made()[0]; len(c.Retries) != 1 || c.Retries[0].Seq != 1 || !slices.Equal(c.LeftRetries, []jobs.Seq{0}) {
		t.Errorf("retries %+v, ended %v", c.Retries, c.LeftRetries)
	}
}

// acks remembers what it was told.
type acks struct {
	mu   sync.Mutex
	upTo []uint64
}

func (a *acks) Slot() int { return 3 }

func (a *acks) Ack(upTo uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.upTo = append(a.upTo, upTo)
}

func (a *acks) all() []uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.upTo)
}

// Notes are acknowledged when the ledger has what they say, and not before.
func TestAcks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := open(t, func(_ *Config, w *world) { w.took = time.Second })
		x.book.NoteInput(4, 0)
		var a acks
		for i, upTo := range []uint64{1, 2, 1} { // a slot may be told late what was settled early
			u := final(jobs.Seq(i))
			u.Ack, u.AckUpTo = &a, upTo
			x.updates <- u
		}
		settleFor(commitAfter + time.Millisecond)
		if len(a.all()) != 0 {
			t.Error("acknowledged while the commit is under way")
		}
		settleFor(time.Second)
		if !slices.Equal(a.all(), []uint64{2}) {
			t.Errorf("acknowledged up to %v", a.all())
		}
		x.breaks(func(w *world) { w.commitErr = errors.New("disk full") })
		u := final(3)
		u.Ack, u.AckUpTo = &a, 3
		x.updates <- u
		if x.close() == nil || len(a.all()) != 1 {
			t.Errorf("a commit failed, and acknowledged is %v", a.all())
		}
	})
}

// The last commit is durable with the end of the session, unless somebody waits for it.
func TestSoft(t *testing.T) {
	for name, c := range map[string]struct {
		last func() *Update
		soft bool
	}{
		"nobody waits": {func() *Update { return final(1) }, true},
		"keys go back": {func() *Update {
			u := final(1)
			u.Freed = []string{"ann"}
			return u
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := open(t, nil)
				x.book.NoteInput(2, 0)
				x.updates <- final(0)
				settleFor(commitAfter + time.Millisecond)
				x.updates <- c.last()
				if err := x.close(); err != nil {
					t.Fatal(err)
				}
				made := x.made()
				if len(made) < 2 || made[0].Soft || made[1].Soft != c.soft {
					t.Errorf("%d commits, the first soft: %v", len(made), made[0].Soft)
				}
			})
		})
	}
}

// A header is no reason to sync the output before there are results.
func TestHeaderAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := open(t, nil)
		x.book.NoteInput(1, 0)
		if err := x.book.cfg.File.Write([]byte("header\n")); err != nil {
			t.Fatal(err)
		}
		x.updates <- NewUpdate()
		settleFor(beatAfter + time.Millisecond)
		made := x.made()
		if got := x.happened(); got != "sync input, commit" || len(made) != 1 || made[0].OutputBytes != 0 {
			t.Errorf("%s: %+v", got, made)
		}
		x.updates <- final(0)
		if err := x.close(); err != nil {
			t.Fatal(err)
		}
		last := x.made()[len(x.made())-1]
		if got := x.happened(); got != "sync input, sync output, commit" || last.OutputBytes != int64(len(x.file)) {
			t.Errorf("%s: %d bytes of %d", got, last.OutputBytes, len(x.file))
		}
	})
}

// TestHaste: what becomes final while somebody waits for it is not gathered for long, and an empty update makes the book ask again.
func TestHaste(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var haste atomic.Bool
		x := open(t, func(c *Config, _ *world) { c.Haste = haste.Load })
		x.book.NoteInput(9, 0)
		x.updates <- final(0)
		settleFor(commitAfter / 2)
		haste.Store(true)
		settleFor(hasteAfter)
		if len(x.made()) != 0 {
			t.Error("nobody has told it that somebody waits")
		}
		x.updates <- NewUpdate()
		settleFor(hasteAfter)
		if len(x.made()) != 1 || x.made()[0].Totals.OK != 1 {
			t.Errorf("%d commits", len(x.made()))
		}
		x.updates <- final(1)
		settleFor(hasteAfter)
		if len(x.made()) != 2 {
			t.Errorf("%d commits", len(x.made()))
		}
		before := len(x.made())
		haste.Store(false)
		x.updates <- final(2)
		settleFor(commitAfter - time.Millisecond)
		if len(x.made()) != before {
			t.Error("nobody waits, and it does not gather")
		}
		if err := x.close(); err != nil {
			t.Fatal(err)
		}
	})
}

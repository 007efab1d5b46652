package book

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/spec"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// In whatever order and stretches results come, they are written in the order of the input,
// and the books, the bitmaps and the ledger agree.
func TestOrderOfTheInput(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(rt, "records")
		perm := rapid.Permutation(func() (s []jobs.Seq) {
			for i := range n {
				s = append(s, jobs.Seq(i))
			}
			return s
		}()).Draw(rt, "order")
		bad := map[jobs.Seq]bool{}
		x := open(t, nil)
		x.book.NoteInput(jobs.Seq(n))
		for len(perm) > 0 {
			k := min(rapid.IntRange(1, 9).Draw(rt, "at a time"), len(perm))
			u := final(perm[:k]...)
			if k == 1 && rapid.Bool().Draw(rt, "failed") {
				u = failed(perm[0], jobs.StatusFailed)
				bad[perm[0]] = true
			}
			perm = perm[k:]
			x.updates <- u
		}
		x.book.InputEnds()
		if err := x.close(); err != nil {
			rt.Fatal(err)
		}
		var want []string
		for i := range n {
			want = append(want, fmt.Sprint(i))
		}
		if got := x.lines(); got != strings.Join(want, " ") {
			rt.Errorf("the output is %q", got)
		}
		tot := x.book.Totals()
		if tot.Pending() != 0 || int(tot.Failed) != len(bad) || int(tot.OK) != n-len(bad) {
			rt.Errorf("%s, %d failed", tot, len(bad))
		}
		if err := x.book.Check(ledger.StateDone); err != nil {
			rt.Error(err)
		}
		last := x.made()[len(x.made())-1]
		if int(last.NextSeq) != n || last.OutputBytes != int64(len(x.file)) || !last.InputDone || last.Totals != tot {
			rt.Errorf("the last commit says %d, %d bytes, %v, %s", last.NextSeq, last.OutputBytes, last.InputDone, last.Totals)
		}
		var bits Bitmap
		for _, c := range x.made() {
			for _, ch := range c.Chunks {
				bits = Bitmap{}
				bits.Load(ch.Bits)
			}
		}
		for i := range n {
			if bits.Has(uint(i)) == bad[jobs.Seq(i)] {
				rt.Errorf("record %d, failed %v: bit %v", i, bad[jobs.Seq(i)], bits.Has(uint(i)))
			}
		}
	})
}

// What is early is held in the ledger at the next commit, and written when its turn comes.
func TestEarlyResultsAreHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := open(t, nil)
		x.book.NoteInput(5)
		x.updates <- final(1, 2)
		x.updates <- final(4)
		settleFor(time.Second)
		x.want("")
		if c := x.made()[0]; len(c.Held) != 2 || c.Held[0].First != 1 || c.Held[0].Count != 2 || string(c.Held[0].Bytes) != "1\n2\n" || c.NextSeq != 0 || c.Totals.OK != 3 {
			t.Errorf("%+v", c)
		}
		x.updates <- final(0)
		settleFor(time.Second)
		x.want("0 1 2")
		if c := x.made()[1]; c.NextSeq != 3 || len(c.Held) != 0 {
			t.Errorf("%+v", c)
		}
		if err := x.close(); err != nil {
			t.Fatal(err)
		}
	})
}

// A session takes over what the ledger holds: it is written as its turn comes, and no row
// is there twice.
func TestHeldOfAnEarlierSession(t *testing.T) {
	x := open(t, func(c *Config, w *world) {
		w.held[1], w.held[3] = []byte("1\n2\n"), []byte("3\n")
		c.Held = []ledger.Held{{First: 1, Count: 2}, {First: 3, Count: 1}}
		c.Totals = ledger.Totals{Input: 5, OK: 3}
	})
	x.updates <- final(0)
	x.updates <- final(4)
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	x.want("0 1 2 3 4")
	if err := x.book.Check(ledger.StateDone); err != nil {
		t.Error(err)
	}
}

func TestHeldRowIsGone(t *testing.T) {
	x := open(t, func(c *Config, _ *world) {
		c.Held = []ledger.Held{{First: 1, Count: 2}}
		c.Totals = ledger.Totals{Input: 3, OK: 2}
	})
	x.updates <- final(0)
	var writeErr *spec.WriteError
	if err := x.close(); !errors.As(err, &writeErr) || len(x.failed) != 1 {
		t.Errorf("%v, told %v", err, x.failed)
	}
}

// Group commit: nothing waits longer than commitAfter, what somebody waits for goes at once,
// and the output is synced before the ledger says what it holds.
func TestCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := open(t, nil)
		x.book.NoteInput(9)
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
		x.book.NoteInput(3)
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
	x.book.NoteInput(2)
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
		x.book.NoteInput(3)
		var a acks
		for i := range 2 {
			u := final(jobs.Seq(i))
			u.Ack, u.AckUpTo = &a, uint64(i+1)
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
		u := final(2)
		u.Ack, u.AckUpTo = &a, 3
		x.updates <- u
		if x.close() == nil || len(a.all()) != 1 {
			t.Errorf("a commit failed, and acknowledged is %v", a.all())
		}
	})
}

// Whatever fails, it is said once, nothing is acknowledged or recorded after it, and nobody
// is held up.
func TestFailures(t *testing.T) {
	full := fmt.Errorf("write: %w", syscall.ENOSPC)
	for name, breaks := range map[string]func(*world){
		"write":       func(w *world) { w.writeErr = full },
		"sync output": func(w *world) { w.syncErr = full },
		"sync input":  func(w *world) { w.inputErr = full },
		"commit":      func(w *world) { w.commitErr = full },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := open(t, nil)
				x.book.NoteInput(100)
				x.updates <- final(0)
				settleFor(time.Second)
				x.breaks(breaks)
				u := final(1)
				u.Durable = make(chan struct{})
				durable := u.Durable
				x.updates <- u
				settleFor(time.Second)
				for seq := range jobs.Seq(90) {
					x.updates <- final(seq + 2)
				}
				err := x.close()
				var writeErr *spec.WriteError
				if !errors.As(err, &writeErr) || !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("%v", err)
				}
				if len(x.failed) != 1 || !x.book.Broken() {
					t.Errorf("told %v, broken %v", x.failed, x.book.Broken())
				}
				if len(x.made()) != 1 || x.made()[0].Totals.OK != 1 {
					t.Errorf("%d commits", len(x.made()))
				}
				select {
				case <-durable:
					t.Error("what is not in the ledger was said to be")
				default:
				}
			})
		})
	}
}

// Standard output that loses its reader: what it did not take is held, in order, and a resume
// goes on with it.
func TestReaderLeaves(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		t.Run(fmt.Sprint("unordered ", unordered), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := open(t, func(c *Config, w *world) { w.stdout, c.Unordered = true, unordered })
				x.book.NoteInput(6)
				x.updates <- final(0, 1)
				x.updates <- final(2)
				settleFor(time.Second)
				x.breaks(func(w *world) { w.writeErr, w.takes = syscall.EPIPE, 3 })
				x.updates <- final(3)
				x.updates <- final(4)
				x.updates <- final(5)
				if err := x.close(); err != nil {
					t.Fatalf("it is no failure of writing: %v", err)
				}
				if len(x.failed) != 1 || !errors.Is(x.failed[0], syscall.EPIPE) {
					t.Errorf("told %v", x.failed)
				}
				if string(x.file) != "0\n1\n2\n3\n4" {
					t.Fatalf("it took %q", x.file)
				}
				last := x.made()[len(x.made())-1]
				var held []ledger.Held
				for first, b := range x.held {
					held = append(held, ledger.Held{First: first, Count: max(bytes.Count(b, []byte("\n")), 1)})
				}
				slices.SortFunc(held, func(a, b ledger.Held) int { return int(a.First) - int(b.First) })
				y := open(t, func(c *Config, w *world) {
					w.held = x.held
					w.stdout, c.Unordered, c.NextSeq = true, unordered, last.NextSeq
					if unordered {
						c.NextSeq = 0
					}
					c.Held, c.Totals = held, last.Totals
				})
				if err := y.close(); err != nil {
					t.Fatal(err)
				}
				all := string(x.file) + string(y.file)
				if all != "0\n1\n2\n3\n4\n5\n" {
					t.Errorf("%q, then %q", x.file, y.file)
				}
			})
		})
	}
}

// Rows that replace others do not go to the output, but to the ledger.
func TestAmendments(t *testing.T) {
	x := open(t, func(c *Config, _ *world) { c.NextSeq, c.Totals = 2, ledger.Totals{Input: 2, OK: 1} })
	u := NewUpdate()
	u.Buf = append(u.Buf, "0 again\n"...)
	u.Final(0, true)
	x.updates <- u
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	x.want("")
	if c := x.made()[0]; len(c.Amended) != 1 || c.Amended[0].Seq != 0 || string(c.Amended[0].Bytes) != "0 again\n" {
		t.Errorf("%+v", c.Amended)
	}
}

// Keys go back to their scope when the ledger says so, once, and what could not be given back
// is left to the next session.
func TestKeysAreGivenBack(t *testing.T) {
	x := open(t, func(c *Config, _ *world) { c.Freed = []string{"old"} })
	x.book.NoteInput(1)
	u := failed(0, jobs.StatusFailed)
	u.Freed = []string{"ann"}
	x.updates <- u
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(x.given)
	var said []string
	for _, c := range x.made() {
		said = append(said, c.GivenBack...)
	}
	slices.Sort(said)
	if want := []string{"ann", "old"}; !slices.Equal(x.given, want) || !slices.Equal(said, want) {
		t.Errorf("given back %q, the ledger says %q", x.given, said)
	}

	x = open(t, func(c *Config, w *world) { c.Freed, w.giveErr = []string{"old"}, errors.New("busy") })
	x.updates <- failed(0, jobs.StatusSkipped)
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range x.made() {
		if len(c.GivenBack) > 0 {
			t.Errorf("the ledger says that %q were given back", c.GivenBack)
		}
	}
	if x.kept != 1 {
		t.Errorf("%d keys were said to stay taken", x.kept)
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name   string
		totals ledger.Totals
		state  ledger.State
		next   jobs.Seq
		ok     bool
	}{
		{"done", ledger.Totals{Input: 3, OK: 1, Failed: 1, Unknown: 1}, ledger.StateDone, 3, true},
		{"done, one is missing", ledger.Totals{Input: 3, OK: 2}, ledger.StateDone, 3, false},
		{"interrupted", ledger.Totals{Input: 3, OK: 2}, ledger.StateInterrupted, 2, true},
		{"more than there are", ledger.Totals{Input: 3, OK: 2, Skipped: 2}, ledger.StateInterrupted, 3, false},
		{"done, a row is missing", ledger.Totals{Input: 3, OK: 3}, ledger.StateDone, 2, false},
	} {
		x := open(t, func(cfg *Config, _ *world) { cfg.Totals, cfg.NextSeq = c.totals, c.next })
		if err := x.close(); err != nil {
			t.Fatal(err)
		}
		if err := x.book.Check(c.state); (err == nil) != c.ok || (err != nil && !errors.Is(err, spec.ErrBooks)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// The first records that failed are remembered, with why.
func TestTrouble(t *testing.T) {
	x := open(t, nil)
	x.book.NoteInput(9)
	x.updates <- failed(0, jobs.StatusSkipped)
	for seq := range jobs.Seq(5) {
		x.updates <- failed(seq+1, jobs.StatusUnknown)
	}
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	if got := x.book.Trouble(); len(got) != troubleShown || got[0].Seq != 1 {
		t.Errorf("%+v", got)
	}
}

package book

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/spec"
	"errors"
	"fmt"
	"strings"
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
		x.book.NoteInput(jobs.Seq(n), 0)
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
		x.book.NoteInput(5, 0)
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
				x.book.NoteInput(100, 0)
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

// Two failures at a time are told as one, the first.
func TestFailsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := open(t, func(c *Config, w *world) {
			w.took, w.commitErr = time.Second, errors.New("disk full")
			c.Held = []ledger.Held{{First: 2, Count: 1}} // and the row is gone
			c.Totals = ledger.Totals{Input: 3, OK: 1}
		})
		x.updates <- final(0)
		time.Sleep(commitAfter + time.Millisecond)
		x.updates <- final(1) // while the commit is under way
		settleFor(2 * time.Second)
		err := x.close()
		if len(x.failed) != 1 || err == nil || !errors.Is(err, x.failed[0]) || !strings.Contains(err.Error(), "no row 2") {
			t.Errorf("%v, told %v", err, x.failed)
		}
	})
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

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name   string
		totals ledger.Totals
		state  ledger.State
		next   jobs.Seq
		held   jobs.Seq // of an earlier session; 0: none
		ok     bool
	}{
		{"done", ledger.Totals{Input: 3, OK: 1, Failed: 1, Unknown: 1}, ledger.StateDone, 3, 0, true},
		{"done, one is missing", ledger.Totals{Input: 3, OK: 2}, ledger.StateDone, 3, 0, false},
		{"interrupted", ledger.Totals{Input: 3, OK: 2}, ledger.StateInterrupted, 2, 0, true},
		{"more than there are", ledger.Totals{Input: 3, OK: 2, Skipped: 2}, ledger.StateInterrupted, 3, 0, false},
		{"done, a row is missing", ledger.Totals{Input: 3, OK: 3}, ledger.StateDone, 2, 0, false},
		{"done, a row waits behind the last", ledger.Totals{Input: 3, OK: 3}, ledger.StateDone, 3, 5, false},
		{"interrupted, a row waits", ledger.Totals{Input: 9, OK: 4}, ledger.StateInterrupted, 3, 5, true},
	} {
		x := open(t, func(cfg *Config, _ *world) {
			cfg.Totals, cfg.NextSeq = c.totals, c.next
			if c.held > 0 {
				cfg.Held = []ledger.Held{{First: c.held, Count: 1}}
			}
		})
		if err := x.close(); err != nil {
			t.Fatal(err)
		}
		if err := x.book.Check(c.state); (err == nil) != c.ok || (err != nil && !errors.Is(err, spec.ErrBooks)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

package book

import (
	"brood/jobs"
	"brood/runner/ledger"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// leaves makes the reader of standard output leave, after so many more bytes.
func (w *world) leaves(takes int) {
	w.breaks(func(w *world) { w.writeErr, w.takes = syscall.EPIPE, takes })
}

// wantHeld checks which rows the ledger holds.
func (w *world) wantHeld(want map[jobs.Seq]string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !maps.EqualFunc(w.held, want, func(got []byte, want string) bool { return string(got) == want }) {
		w.t.Errorf("the ledger holds %q\nwant %q", fmt.Sprint(w.held), fmt.Sprint(want))
	}
}

// index are the rows that are held as a resume reads them. One row in here is that of one
// record.
func (w *world) index() []ledger.Held {
	var out []ledger.Held
	for _, first := range slices.Sorted(maps.Keys(w.held)) {
		out = append(out, ledger.Held{First: first, Count: max(strings.Count(string(w.held[first]), "\n"), 1)})
	}
	return out
}

// resumed is a book that goes on where another has ended.
func (x *fixture) resumed(unordered bool, change func(*Config, *world)) *fixture {
	made := x.made()
	last := made[len(made)-1]
	return open(x.t, func(c *Config, w *world) {
		w.held, w.stdout = maps.Clone(x.held), true
		c.Unordered, c.Held, c.Totals = unordered, x.index(), last.Totals
		if !unordered {
			c.NextSeq = last.NextSeq
		}
		if change != nil {
			change(c, w)
		}
	})
}

// Standard output that loses its reader: what it did not take is held, byte by byte, with all
// that ends afterwards, and a resume goes on with it, once.
func TestReaderLeaves(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		t.Run(fmt.Sprint("unordered ", unordered), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := open(t, func(c *Config, w *world) { w.stdout, c.Unordered = true, unordered })
				x.book.NoteInput(8, 0)
				x.updates <- final(0, 1)
				x.updates <- final(2)
				settleFor(time.Second)
				x.leaves(3)
				x.updates <- final(3)
				x.updates <- final(4)
				x.updates <- final(5)
				settleFor(time.Second)
				x.updates <- final(7)
				settleFor(time.Second)
				x.updates <- final(6)
				settleFor(time.Second)
				if err := x.close(); err != nil {
					t.Errorf("it is no failure of writing: %v", err)
				}
				if len(x.failed) != 1 || !errors.Is(x.failed[0], syscall.EPIPE) {
					t.Errorf("told %v", x.failed)
				}
				if string(x.file) != "0\n1\n2\n3\n4" || len(x.buffered) > 0 {
					t.Errorf("it took %q, and %q after it had gone", x.file, x.buffered)
				}
				x.wantHeld(map[jobs.Seq]string{4: "\n", 5: "5\n", 6: "6\n", 7: "7\n"})
				said := 0
				for _, c := range x.made() {
					said += len(c.Held)
				}
				if said != 4 {
					t.Errorf("the ledger was told %d times of 4 rows", said)
				}
				y := x.resumed(unordered, nil)
				if err := y.close(); err != nil {
					t.Error(err)
				}
				if all := string(x.file) + string(y.file); all != "0\n1\n2\n3\n4\n5\n6\n7\n" {
					t.Errorf("%q, then %q", x.file, y.file)
				}
				if err := y.book.Check(ledger.StateDone); err != nil {
					t.Error(err)
				}
				z := y.resumed(unordered, nil)
				if err := z.close(); err != nil || len(z.file) > 0 {
					t.Errorf("a resume of what is done writes %q, %v", z.file, err)
				}
			})
		})
	}
}

// The reader leaves while a resume still pays what is owed: the rest stays owed.
func TestReaderLeavesAgain(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		t.Run(fmt.Sprint("unordered ", unordered), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				owes := func(c *Config, w *world) {
					w.stdout, w.room, w.writeErr, w.takes = true, 3, syscall.EPIPE, 3
					w.held = map[jobs.Seq][]byte{1: []byte("1\n"), 2: []byte("2\n"), 3: []byte("3\n"), 4: []byte("4\n")}
					c.Unordered, c.Totals, c.Held = unordered, ledger.Totals{Input: 6, OK: 5}, w.index()
					if !unordered {
						c.NextSeq = 1
					}
				}
				x := open(t, owes)
				settleFor(2 * beatAfter)
				if !slices.Equal(x.read, []jobs.Seq{1, 2}) {
					t.Errorf("read from the ledger: %v, and the reader has left with the second", x.read)
				}
				// Of a record before those that are owed: what was written is not to be
				// dropped twice.
				late := jobs.Seq(0)
				if !unordered {
					late = 5 // there is none before, in order
				}
				x.updates <- final(late)
				settleFor(time.Second)
				x.updates <- NewUpdate()
				settleFor(time.Second)
				if err := x.close(); err != nil || len(x.failed) != 1 {
					t.Errorf("%v, told %v", err, x.failed)
				}
				if string(x.file) != "1\n2" || len(x.buffered) > 0 {
					t.Errorf("it took %q, and %q after it had gone", x.file, x.buffered)
				}
				x.wantHeld(map[jobs.Seq]string{2: "\n", 3: "3\n", 4: "4\n", late: fmt.Sprint(late, "\n")})
				if !unordered {
					return
				}
				if made := x.made(); made[0].NextSeq != 3 || made[len(made)-1].NextSeq != 0 {
					t.Errorf("written are all before %d, then %d", made[0].NextSeq, made[len(made)-1].NextSeq)
				}
				y := x.resumed(true, nil)
				if err := y.close(); err != nil || string(y.file) != "0\n\n3\n4\n" {
					t.Errorf("a resume writes %q, %v", y.file, err)
				}
			})
		})
	}
}

// Standard output that takes nothing more for another reason: nothing more is read of what is
// owed.
func TestPayingFails(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		x := open(t, func(c *Config, w *world) {
			w.room, w.writeErr = 1, syscall.EIO
			w.held = map[jobs.Seq][]byte{0: []byte("0\n"), 1: []byte("1\n")}
			c.Unordered, c.Totals, c.Held = unordered, ledger.Totals{Input: 2, OK: 2}, w.index()
		})
		if err := x.close(); !errors.Is(err, syscall.EIO) || len(x.failed) != 1 {
			t.Errorf("%v, told %v", err, x.failed)
		}
		if !slices.Equal(x.read, []jobs.Seq{0}) {
			t.Errorf("unordered %v: read from the ledger: %v, and the first could not be written", unordered, x.read)
		}
	}
}

// A row that is owed and gone from the ledger ends the run: the next would be out of order.
func TestOwedRowIsGone(t *testing.T) {
	x := open(t, func(c *Config, w *world) {
		w.held = map[jobs.Seq][]byte{2: []byte("2\n")}
		c.Unordered, c.Totals, c.Held = true, ledger.Totals{Input: 2, OK: 2}, []ledger.Held{{First: 1, Count: 1}, {First: 2, Count: 1}}
	})
	if err := x.close(); err == nil || len(x.failed) != 1 || len(x.read) != 1 {
		t.Errorf("%v, told %v, read %v", err, x.failed, x.read)
	}
}

// What standard output has taken is not written again, when the reader leaves later.
func TestOnlyWhatIsBufferedIsHeld(t *testing.T) {
	x := open(t, func(c *Config, w *world) { w.stdout, w.room = true, 3 })
	x.book.NoteInput(4, 0)
	x.updates <- final(0, 1) // is flushed, as there is no room for more
	x.updates <- final(2)
	x.updates <- NewUpdate()
	x.leaves(0)
	x.updates <- final(3)
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	x.wantHeld(map[jobs.Seq]string{2: "2\n", 3: "3\n"})
	if string(x.file) != "0\n1\n" {
		t.Errorf("it took %q", x.file)
	}
	if len(x.book.onStdout) > 0 {
		t.Errorf("%d rows are said to be in the buffer", len(x.book.onStdout))
	}
}

// The reader leaves before it has taken a single row: all are held, also those whose turn it
// is.
func TestReaderNeverTookARow(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			x := open(t, func(c *Config, w *world) {
				w.stdout, c.Unordered, w.buffered = true, unordered, []byte("header\n")
				w.writeErr = syscall.EPIPE
			})
			x.book.NoteInput(2, 0)
			settleFor(2 * beatAfter)
			x.updates <- final(0)
			x.updates <- final(1)
			if err := x.close(); err != nil || len(x.failed) != 1 {
				t.Errorf("%v, told %v", err, x.failed)
			}
			x.wantHeld(map[jobs.Seq]string{0: "0\n", 1: "1\n"})
			if last := x.made()[len(x.made())-1]; last.NextSeq != 0 || len(x.file)+len(x.buffered) > 0 {
				t.Errorf("unordered %v: written are all before %d, and %q", unordered, last.NextSeq, x.buffered)
			}
		})
	}
}

package book

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// rows is an update that comes to so many rows of the ledger, of all four kinds.
func rows(n int) *Update {
	u := NewUpdate()
	k := n / 4
	for seq := range jobs.Seq(n - 3*k) {
		u.Buf = append(u.Buf, '\n')
		u.Final(seq, false)
		u.Outcomes = append(u.Outcomes, ledger.Outcome{Seq: seq, Status: jobs.StatusSkipped})
	}
	u.Attempts, u.Retries, u.LeftRetries = make([]ledger.Attempt, k), make([]ledger.Retry, k), make([]jobs.Seq, k)
	return u
}

// pieceCost is what each result that waits counts beside its bytes, see sink.Order.
const pieceCost = 128

// early is an update with a result of so many bytes, whose turn has not come.
func early(seq jobs.Seq, size int) *Update {
	u := &Update{Buf: make([]byte, size)}
	u.Final(seq, false)
	return u
}

// A commit does not wait when there is much for it: rows of all kinds, or bytes in memory.
func TestFullCommitsAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		u    *Update
		want int
	}{
		"rows":             {rows(commitRows), 0},
		"one row more":     {rows(commitRows + 1), 1},
		"bytes in memory":  {early(7, heldMemory-pieceCost), 0},
		"one more of them": {early(7, heldMemory-pieceCost+1), 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := open(t, nil)
				x.book.NoteInput(2*commitRows, 0)
				x.updates <- c.u
				synctest.Wait()
				if n := len(x.made()); n != c.want {
					t.Errorf("%d commits at once, want %d", n, c.want)
				}
				if err := x.close(); err != nil {
					t.Error(err)
				}
				if n := len(x.made()); n < 1 {
					t.Errorf("%d commits", n)
				}
			})
		})
	}
}

// While a commit is under way, only so much is taken in for the next one.
func TestOverfullTakesNothingIn(t *testing.T) {
	type given = func(x *fixture)
	send := func(us ...*Update) given {
		return func(x *fixture) {
			for _, u := range us {
				x.updates <- u
			}
		}
	}
	unread := func(n int) given { // results that nobody reads
		return func(x *fixture) {
			u := NewUpdate()
			for i := range n {
				u.Buf = append(u.Buf, '\n')
				u.Final(jobs.Seq(10+2*i), false)
			}
			x.updates <- u
		}
	}
	for name, c := range map[string]struct {
		unordered bool
		given     given
		waits     bool
	}{
		"rows":                {false, send(rows(2 * commitRows)), false},
		"one row more":        {false, send(rows(2*commitRows + 1)), true},
		"bytes in memory":     {false, send(early(7, 2*heldMemory-pieceCost)), false},
		"one more of them":    {false, send(early(7, heldMemory), early(8, heldMemory-2*pieceCost+1)), true},
		"rows without reader": {true, unread(commitRows), false},
		"one more of these":   {true, unread(commitRows + 1), true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := open(t, func(cfg *Config, w *world) {
					cfg.Unordered, w.stdout, w.took = c.unordered, true, time.Second
					if c.unordered {
						w.writeErr = syscall.EPIPE
					}
				})
				x.book.NoteInput(3*commitRows, 0)
				x.updates <- NewUpdate()
				settleFor(commitAfter + time.Millisecond) // a commit is under way
				c.given(x)
				taken := make(chan struct{})
				go func() {
					x.updates <- NewUpdate()
					close(taken)
				}()
				synctest.Wait()
				if got := !closed(taken); got != c.waits {
					t.Errorf("the next update waits: %v", got)
				}
				settleFor(2 * time.Second) // bytes leave the memory with the next commit
				if !closed(taken) {
					t.Error("the commits have ended, and the next update still waits")
				}
				<-taken
				if err := x.close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func closed(ch chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// What is early is not kept in memory once the ledger has it, where there is little room, and is read
// from there when its turn comes.
func TestStoredIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := open(t, nil)
		x.book.NoteInput(4, 0)
		x.updates <- final(1, 2)
		settleFor(time.Second)
		x.book.order.Hold(3, 1, make([]byte, 3<<20)) // as if it were the row of record 3
		settleFor(time.Second)
		x.updates <- final(0)
		if err := x.close(); err != nil {
			t.Error(err)
		}
		if !slices.Equal(x.read, []jobs.Seq{1}) {
			t.Errorf("read from the ledger: %v", x.read)
		}
	})
}

// Records that follow one another may be of two chunks, each of which knows where it begins;
// a chunk that has not changed is not written again.
func TestChunkBorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const border = ledger.ChunkSize
		x := open(t, func(c *Config, _ *world) { c.NextSeq = border - 2 })
		x.book.NoteStart(0, dataset.Position{Line: 1})
		x.book.NoteStart(1, dataset.Position{File: 2, Offset: 300, Line: 40})
		x.book.NoteInput(border+5, 0)
		x.updates <- final(border-2, border-1, border, border+1, border+2)
		settleFor(time.Second)
		x.updates <- final(border + 3)
		settleFor(time.Second)
		x.updates <- NewUpdate()
		if err := x.close(); err != nil {
			t.Error(err)
		}
		if len(x.book.starts) > 0 {
			t.Errorf("%d beginnings are kept in memory though their chunks know them", len(x.book.starts))
		}
		made := x.made()
		if len(made) != 3 || len(made[0].Chunks) != 2 || len(made[1].Chunks) != 1 || len(made[2].Chunks) != 0 {
			t.Fatalf("%d commits", len(made))
		}
		slices.SortFunc(made[0].Chunks, func(a, b ledger.Chunk) int { return int(a.Chunk) - int(b.Chunk) })
		for i, c := range []struct {
			row      ledger.Chunk
			chunk    uint64
			at       dataset.Position
			first, n uint
		}{
			{made[0].Chunks[0], 0, dataset.Position{Line: 1}, border - 2, 2},
			{made[0].Chunks[1], 1, dataset.Position{File: 2, Offset: 300, Line: 40}, 0, 3},
			{made[1].Chunks[0], 1, dataset.Position{File: 2, Offset: 300, Line: 40}, 0, 4},
		} {
			var bits, want Bitmap
			bits.Load(c.row.Bits)
			want.set(c.first, c.n)
			at := dataset.Position{File: c.row.File, Offset: c.row.Offset, Line: c.row.Line}
			if c.row.Chunk != c.chunk || at != c.at || c.row.OK != int(c.n) || bits != want || c.row.Closed {
				t.Errorf("row %d: chunk %d at %+v with %d ok, %d bits, closed %v", i, c.row.Chunk, at, c.row.OK, bits.count(), c.row.Closed)
			}
		}
	})
}

// What is read only grows: who reads may say late what was read early.
func TestInputGrows(t *testing.T) {
	x := open(t, func(c *Config, _ *world) { c.Totals.Input = 4 })
	for _, c := range []struct{ seq, want jobs.Seq }{{3, 4}, {7, 7}, {5, 7}} {
		if x.book.NoteInput(c.seq, 0); x.book.Totals().Input != uint64(c.want) {
			t.Errorf("after %d: %d", c.seq, x.book.Totals().Input)
		}
	}
	if err := x.close(); err != nil {
		t.Error(err)
	}
}

// Rows are kept in the same memory from commit to commit, and none is in two of them.
func TestRowsAreRecordedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := open(t, nil)
		x.book.NoteInput(9, 0)
		for seq := range jobs.Seq(9) {
			u := failed(seq, jobs.StatusFailed)
			u.Attempts = append(u.Attempts, ledger.Attempt{Seq: seq, Error: "no"})
			x.updates <- u
			settleFor(time.Second)
		}
		if c := cap(x.book.next.Outcomes); c == 0 || c > 4*commitRows {
			t.Errorf("there is room for %d rows", c)
		}
		if err := x.close(); err != nil {
			t.Error(err)
		}
		var outcomes, attempts []jobs.Seq
		for _, c := range x.made() {
			for i := range c.Outcomes {
				outcomes = append(outcomes, c.Outcomes[i].Seq)
			}
			for i := range c.Attempts {
				attempts = append(attempts, c.Attempts[i].Seq)
			}
		}
		if want := []jobs.Seq{0, 1, 2, 3, 4, 5, 6, 7, 8}; !slices.Equal(outcomes, want) || !slices.Equal(attempts, want) {
			t.Errorf("recorded: %v and %v", outcomes, attempts)
		}
	})
}

// What a commit of very many rows has needed is not kept.
func TestMuchIsNotKept(t *testing.T) {
	full := ledger.Commit{Outcomes: make([]ledger.Outcome, 3, 4*commitRows+1), Attempts: make([]ledger.Attempt, 2, 4*commitRows)}
	full.Attempts[1].Error = "no"
	next := again(&full)
	if next.Outcomes != nil || len(next.Attempts) != 0 || cap(next.Attempts) != 4*commitRows || next.Attempts[:2][1].Error != "" {
		t.Errorf("room for %d outcomes and %d attempts", cap(next.Outcomes), cap(next.Attempts))
	}
}

package book

import (
	"brood/jobs"
	"brood/runner/ledger"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// frees is an update that says that a record has failed, and its key is free.
func frees(seq jobs.Seq, key string) *Update {
	u := failed(seq, jobs.StatusFailed)
	u.Freed = []string{key}
	return u
}

// saidGiven are the keys that the ledger says were given back.
func (w *world) saidGiven() []string {
	var out []string
	for _, c := range w.made() {
		out = append(out, c.GivenBack...)
	}
	slices.Sort(out)
	return out
}

// Keys go back to their scope when the ledger says so, once.
func TestKeysAreGivenBack(t *testing.T) {
	x := open(t, func(c *Config, _ *world) { c.Freed = []string{"old"} })
	x.book.NoteInput(1, 0)
	x.updates <- frees(0, "ann")
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(x.given)
	if want := []string{"ann", "old"}; !slices.Equal(x.given, want) || !slices.Equal(x.saidGiven(), want) {
		t.Errorf("given back %q, the ledger says %q", x.given, x.saidGiven())
	}
}

// A key goes back only when the ledger has it, and then at once, not at the end.
func TestKeysWaitForTheLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := open(t, func(_ *Config, w *world) { w.took = time.Second })
		x.book.NoteInput(2, 0)
		x.updates <- frees(0, "ann")
		settleFor(commitAfter + 500*time.Millisecond)
		x.updates <- final(1) // the book has something to do
		synctest.Wait()
		if keys, _ := x.givenBack(); len(keys) > 0 {
			t.Errorf("%q were given back while the commit is under way", keys)
		}
		settleFor(501 * time.Millisecond)
		if keys, _ := x.givenBack(); !slices.Equal(keys, []string{"ann"}) {
			t.Errorf("%q were given back when the ledger has it", keys)
		}
		settleFor(2 * beatAfter)
		if said := x.saidGiven(); !slices.Equal(said, []string{"ann"}) {
			t.Errorf("the ledger says that %q were given back", said)
		}
		if err := x.close(); err != nil {
			t.Fatal(err)
		}
		if keys, times := x.givenBack(); len(keys) != 1 || times != 1 {
			t.Errorf("%q were given back, in %d times", keys, times)
		}
	})
}

// A key that the ledger could not be told of is not given back.
func TestKeysOfAFailedCommit(t *testing.T) {
	x := open(t, func(_ *Config, w *world) { w.commitErr = errors.New("disk full") })
	x.updates <- frees(0, "ann")
	if x.close() == nil {
		t.Error("no error")
	}
	if keys, _ := x.givenBack(); len(keys) > 0 {
		t.Errorf("%q were given back, and no ledger has them", keys)
	}
}

// What could not be given back is left to the next session, and so is what comes after it.
func TestKeysStayTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := open(t, func(c *Config, w *world) { c.Freed, w.giveErr = []string{"old"}, errors.New("busy") })
		x.book.NoteInput(3, 0)
		x.updates <- failed(0, jobs.StatusSkipped)
		settleFor(time.Second)
		x.updates <- frees(1, "ann")
		settleFor(time.Second)
		x.updates <- frees(2, "bob")
		if err := x.close(); err != nil {
			t.Fatal(err)
		}
		if said := x.saidGiven(); len(said) > 0 {
			t.Errorf("the ledger says that %q were given back", said)
		}
		if keys, times := x.givenBack(); times != 1 || x.kept != 1 {
			t.Errorf("tried %d times with %q; %d keys were said to stay taken", times, keys, x.kept)
		}
		if x.book.Check(ledger.StateDone) != nil || x.book.Broken() {
			t.Error("it is no failure of the run")
		}
	})
}

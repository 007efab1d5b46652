package feed

import (
	"brood/jobs"
	"brood/runner/ledger"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// group makes the next group of intents, if any are needed now.
func (x *fixture) group() *Group {
	x.feed.mu.Lock()
	defer x.feed.mu.Unlock()
	g, _ := x.feed.collect(7, time.Now())
	return g
}

// rows are "first+count/attempt" of the intents of a group.
func rows(g *Group) string {
	var out []string
	for _, r := range g.Rows {
		out = append(out, fmt.Sprintf("%d+%d/%d", r.First, r.Count, r.Attempt))
	}
	return strings.Join(out, " ")
}

// No record leaves before its intent is durable.
func TestIntentFirst(t *testing.T) {
	x := newFixture(t, Config{Intents: true, Slots: 2})
	x.push("a", "b", "c")
	x.want(x.take(9), "")
	g := x.group()
	if got := rows(g); got != "0+3/1" || g.Rows[0].Epoch != 7 {
		t.Fatalf("%+v", g.Rows)
	}
	x.want(x.take(9), "") // asked for, and not durable
	x.feed.Grant(g)
	x.want(x.take(2), "0/1 1/1")
	if again := x.group(); !again.empty() {
		t.Errorf("a second intent for the same: %+v", again.Rows)
	}
	x.want(x.take(2), "2/1")
}

// An intent covers records that follow one another, in one chunk of the ledger.
func TestIntentsOfStretches(t *testing.T) {
	x := newFixture(t, Config{Intents: true, Slots: 9})
	x.next = ledger.ChunkSize - 2
	x.push("a", "b", "c")
	x.next += 10 // these are final already
	x.push("d")
	g := x.group()
	if got, want := rows(g), "65534+2/1 65536+1/1 65547+1/1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestIntentKeys(t *testing.T) {
	x := newFixture(t, Config{Intents: true, Slots: 2})
	b := x.feed.Blank(t.Context())
	var want []byte
	for i := range 3 {
		key := slices.Repeat([]byte{byte(i + 1)}, ledger.KeySize)
		b.Add(&Item{Seq: jobs.Seq(i)}, shape, []byte("x"), nil, false, key)
		want = append(want, key...)
	}
	x.feed.Push(b)
	if g := x.group(); len(g.Rows) != 1 || !slices.Equal(g.Rows[0].Keys, want) {
		t.Errorf("%+v", g.Rows)
	}
}

// A retry gets an intent of its own, shortly before it is due; one that no worker has seen
// keeps the one it has.
func TestIntentsOfRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Intents: true})
		for seq, has := range []bool{false, true} {
			r := retry(jobs.Seq(seq), time.Now().Add(time.Minute))
			r.HasIntent, r.Key = has, []byte("key")
			x.feed.Adopt()
			if err := x.feed.Again(r); err != nil {
				t.Fatal(err)
			}
		}
		if g := x.group(); !g.empty() {
			t.Errorf("a minute before: %+v", g.Rows)
		}
		time.Sleep(time.Minute - retryAhead)
		g := x.group()
		if len(g.Rows) != 1 || g.Rows[0].First != 0 || g.Rows[0].Attempt != 2 || string(g.Rows[0].Keys) != "key" {
			t.Fatalf("%+v", g.Rows)
		}
		time.Sleep(retryAhead)
		x.want(x.take(9), "1/2")
		x.feed.Grant(g)
		x.want(x.take(9), "0/2")
	})
}

// A key that may have been forgotten is not used again, wherever its record has waited.
func TestKeysDie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Intents: true, KeyLifetime: time.Hour})
		sent := time.Now().UnixMilli()
		for seq, has := range []bool{false, true} {
			r := retry(jobs.Seq(seq), time.Now().Add(50*time.Minute))
			r.HasIntent, r.FirstSentMS = has, sent
			x.feed.Adopt()
			if err := x.feed.Again(r); err != nil {
				t.Fatal(err)
			}
		}
		fresh := retry(2, time.Now().Add(50*time.Minute)) // was never sent
		fresh.HasIntent = false
		if err := x.feed.Again(fresh); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		x.want(x.take(9), "") // the one with an intent is looked at again, and has lost it
		g := x.group()
		var expired []jobs.Seq
		for _, r := range g.Expired {
			if expired = append(expired, r.Seq); r.HasIntent {
				t.Errorf("record %d has an intent still", r.Seq)
			}
		}
		slices.Sort(expired)
		if !slices.Equal(expired, []jobs.Seq{0, 1}) || len(g.Rows) != 1 || g.Rows[0].First != 2 {
			t.Errorf("expired %v, intents %+v", expired, g.Rows)
		}
		if !x.feed.keysDie() || !x.feed.OneByOne() {
			t.Error("a record may wait behind another until its key has died")
		}
	})
}

// NextGroup waits until there is something to make an intent for, and ends with the feed.
func TestNextGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Intents: true})
		groups := make(chan *Group)
		go func() {
			defer close(groups)
			for {
				g := x.feed.NextGroup(t.Context(), 1)
				if g == nil {
					return
				}
				groups <- g
				x.feed.Grant(g)
			}
		}()
		synctest.Wait()
		x.push("a")
		if g := <-groups; len(g.Rows) != 1 {
			t.Errorf("%+v", g.Rows)
		}
		r := retry(5, time.Now().Add(time.Hour))
		r.HasIntent = false
		x.feed.Adopt()
		if err := x.feed.Again(r); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if g := <-groups; len(g.Rows) != 1 || g.Rows[0].First != 5 || time.Since(begun) != time.Hour-retryAhead {
			t.Errorf("%+v after %s", g.Rows, time.Since(begun))
		}
		x.feed.End()
		x.feed.CloseRecords(2)
		if g, more := <-groups; more {
			t.Errorf("a group of nothing: %+v", g)
		}
	})
}

package feed

import (
	"brood/jobs"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestOrder(t *testing.T) {
	x := newFixture(t, Config{})
	x.push("a", "b", "c")
	x.push("d")
	x.want(x.take(2), "0/1 1/1")
	x.want(x.take(2), "2/1") // a batch is of one block
	x.want(x.take(2), "3/1")
	x.want(x.take(2), "")
}

// Those whose retry is due go first, in the order of their time; those whose is not are not
// waited for.
func TestRetriesComeInBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{})
		x.push("a", "b", "c")
		x.want(x.take(1), "0/1")
		for seq, after := range map[jobs.Seq]time.Duration{10: time.Second, 11: time.Minute, 12: 0} {
			x.feed.Adopt()
			if err := x.feed.Again(retry(seq, time.Now().Add(after))); err != nil {
				t.Fatal(err)
			}
		}
		x.want(x.take(9), "12/2")
		x.want(x.take(1), "1/1")
		time.Sleep(time.Second)
		x.want(x.take(9), "10/2")
		x.want(x.take(9), "2/1")
		x.want(x.take(9), "")
		time.Sleep(time.Minute)
		x.want(x.take(9), "11/2")
	})
}

// A record that may have killed a worker has no other beside it.
func TestSuspectsAreAlone(t *testing.T) {
	x := newFixture(t, Config{})
	for seq := range jobs.Seq(4) {
		r := retry(seq, time.Now().Add(-time.Duration(9-seq)*time.Second))
		r.Suspect = seq == 1 || seq == 2
		x.feed.Adopt()
		if err := x.feed.Again(r); err != nil {
			t.Fatal(err)
		}
	}
	x.want(x.take(9), "0/2")
	x.want(x.take(9), "1/2")
	x.want(x.take(9), "2/2")
	x.want(x.take(9), "3/2")
}

// A batch fits a worker's pipe, unless one record alone does not.
func TestBatchIsBounded(t *testing.T) {
	x := newFixture(t, Config{})
	big := strings.Repeat("x", 50<<10)
	x.push(big, big, big, strings.Repeat("y", 200<<10), "z")
	x.want(x.take(9), "0/1 1/1")
	x.want(x.take(9), "2/1")
	x.want(x.take(1), "3/1")
	x.want(x.take(9), "4/1")
}

// Records that are due together leave in the order of the input.
func TestDueTogether(t *testing.T) {
	x := newFixture(t, Config{})
	for seq, ago := range map[jobs.Seq]time.Duration{9: 3 * time.Second, 4: 2 * time.Second, 6: time.Second} {
		x.again(retry(seq, time.Now().Add(-ago)))
	}
	x.want(x.take(9), "4/2 6/2 9/2")
}

// A batch of retries fits a worker's pipe, unless one record alone does not.
func TestDueIsBounded(t *testing.T) {
	x := newFixture(t, Config{})
	const each = 100 << 10
	for seq := range jobs.Seq(5) {
		r := retry(seq, time.Now().Add(-time.Minute))
		r.Body = append(binary.AppendUvarint(nil, each), slices.Repeat([]byte{'x'}, each)...)
		x.again(r)
	}
	x.want(x.take(9), "0/2 1/2")
	x.want(x.take(9), "2/2 3/2")
	x.want(x.take(9), "4/2")
}

// Where keys die, a retry does not wait behind another in a worker.
func TestDueAloneWhereKeysDie(t *testing.T) {
	for lifetime, want := range map[time.Duration]string{0: "0/2 1/2", time.Hour: "0/2"} {
		x := newFixture(t, Config{Intents: true, KeyLifetime: lifetime})
		x.again(retry(0, time.Now().Add(-time.Second)))
		x.again(retry(1, time.Now().Add(-time.Second)))
		x.want(x.take(9), want)
	}
}

// The lifetime of a key counts from when its record left first, not from the last time.
func TestFirstSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Intents: true, KeyLifetime: time.Hour})
		check := func(what string, want time.Time) {
			t.Helper()
			if got := x.batch(1).Items[0].FirstSentMS; got != want.UnixMilli() {
				t.Errorf("%s: %d, want %d", what, got, want.UnixMilli())
			}
		}
		x.push("a", "b")
		x.feed.Grant(x.group())
		check("a new one", time.Now())
		time.Sleep(time.Minute)
		check("the next", time.Now())
		x.again(retry(5, time.Now()))
		check("a retry that was never sent", time.Now())
		before := retry(6, time.Now())
		sent := time.Now().Add(-10 * time.Minute)
		before.FirstSentMS = sent.UnixMilli()
		x.again(before)
		check("a retry that was", sent)
	})
}

// What comes back as it was has its intent still, and what it says of itself.
func TestBack(t *testing.T) {
	x := newFixture(t, Config{Intents: true})
	x.push("a", "b", "c")
	x.feed.Grant(x.group())
	b := x.batch(3)
	if err := b.Open(shape, false); err != nil {
		t.Fatal(err)
	}
	var rec jobs.Record
	for range 2 {
		if _, err := b.Next(&rec); err != nil {
			t.Fatal(err)
		}
	}
	if b.All() || b.NextSeq() != 2 {
		t.Errorf("all %v, the next is %d", b.All(), b.NextSeq())
	}
	x.again(b.Back(&rec))
	if g := x.group(); !g.empty() {
		t.Errorf("another intent: %+v", g.Rows)
	}
	x.want(x.take(9), "1/1")
}

package feed

import (
	"brood/jobs"
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

package feed

import (
	"brood/jobs"
	"brood/runner/jobserver"
	"brood/runner/ledger"
	"brood/runner/pace"
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// Whatever is pushed, sent again and taken in whatever way, every record leaves once for each
// time it was handed over, new ones in order, and the feed is over when all are closed.
func TestNothingIsLostOrDoubled(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := newFixture(t, Config{})
		var inHand []string
		expected, left := map[string]int{}, map[string]int{}
		last, ended := -1, false
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			switch rapid.IntRange(0, 3).Draw(rt, "step") {
			case 0:
				if len(x.feed.free) == 0 {
					continue // the source would wait
				}
				n := rapid.IntRange(1, 5).Draw(rt, "records")
				for i := range n {
					expected[fmt.Sprintf("%d/1", int(x.next)+i)]++
				}
				x.push(slices.Repeat([]string{"x"}, n)...)
			case 1, 2:
				for _, r := range x.take(rapid.IntRange(1, 4).Draw(rt, "most")) {
					left[r]++
					inHand = append(inHand, r)
					var seq, try int
					if _, err := fmt.Sscanf(r, "%d/%d", &seq, &try); err != nil {
						rt.Fatal(err)
					}
					if try == 1 {
						if seq != last+1 {
							rt.Fatalf("record %d left after record %d", seq, last)
						}
						last = seq
					}
				}
			case 3:
				if len(inHand) == 0 {
					continue
				}
				var seq jobs.Seq
				var try int
				if _, err := fmt.Sscanf(inHand[0], "%d/%d", &seq, &try); err != nil {
					rt.Fatal(err)
				}
				inHand = inHand[1:]
				if try > 3 || rapid.Bool().Draw(rt, "final") {
					x.feed.CloseRecords(1)
					continue
				}
				r := retry(seq, time.Now())
				r.Attempt = try + 1
				expected[fmt.Sprintf("%d/%d", seq, try+1)]++
				if err := x.feed.Again(r); err != nil {
					rt.Fatal(err)
				}
			}
		}
		for got := x.take(4); got != nil; got = x.take(4) {
			for _, r := range got {
				left[r]++
				inHand = append(inHand, r)
			}
		}
		for r, n := range expected {
			if left[r] != n {
				rt.Errorf("%s was handed over %d times and left %d times", r, n, left[r])
			}
		}
		x.feed.End()
		for range inHand {
			select {
			case <-x.feed.Over():
				ended = true
			default:
			}
			x.feed.CloseRecords(1)
		}
		select {
		case <-x.feed.Over():
		default:
			rt.Error("all records are closed, and the feed is not over")
		}
		if ended {
			rt.Error("the feed was over before the last record was closed")
		}
	})
}

func TestWaitsWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{})
		if got := x.feed.Waits(); got != "" {
			t.Errorf("an empty feed says %q", got)
		}
		for seq, after := range []time.Duration{time.Minute, time.Hour} {
			x.feed.Adopt()
			if err := x.feed.Again(retry(jobs.Seq(seq), time.Now().Add(after))); err != nil {
				t.Fatal(err)
			}
		}
		if got := x.feed.Waits(); got != "" {
			t.Errorf("while more may come it says %q", got)
		}
		x.feed.End()
		if got, want := x.feed.Waits(), "2 wait for their time, the next until "+time.Now().Add(time.Minute).Format(time.TimeOnly); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		time.Sleep(time.Minute)
		x.want(x.take(1), "0/2")
		if got, want := x.feed.Waits(), "the last one waits until "+time.Now().Add(59*time.Minute).Format(time.TimeOnly); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

func TestDepth(t *testing.T) {
	x := newFixture(t, Config{})
	x.push("a", "b", "c")
	x.take(1)
	x.feed.Adopt()
	if err := x.feed.Again(retry(9, time.Now().Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	if got := x.feed.Depth(); got != 3 {
		t.Errorf("%d records are in the feed, want 3", got)
	}
}

// A block that comes back through free is as good as new.
func TestBlocksComeBackBlank(t *testing.T) {
	x := newFixture(t, Config{Intents: true})
	for round := range 2 * intentBlocks {
		key := slices.Repeat([]byte{byte(round)}, ledger.KeySize)
		b := x.feed.Blank(t.Context())
		if b.Len() > 0 || b.Full() {
			t.Fatalf("round %d: there are %d records in it", round, b.Len())
		}
		b.Add(&Item{Seq: jobs.Seq(round)}, shape, []byte("x"), nil, false, key)
		x.feed.Push(b)
		g := x.group()
		if got, want := rows(g), fmt.Sprintf("%d+1/1", round); got != want || !slices.Equal(g.Rows[0].Keys, key) {
			t.Fatalf("intents of %s, want %s; %+v", got, want, g.Rows)
		}
		x.feed.Grant(g)
		x.want(x.take(9), fmt.Sprintf("%d/1", round))
	}
}

// A block of nothing is there to be filled again.
func TestPushNothing(t *testing.T) {
	x := newFixture(t, Config{})
	x.feed.Push(x.feed.Blank(t.Context()))
	if len(x.feed.free) != blockCount || len(x.feed.blocks) > 0 {
		t.Errorf("%d of %d blocks are free, %d are to be taken from", len(x.feed.free), blockCount, len(x.feed.blocks))
	}
	x.feed.End()
	select {
	case <-x.feed.Over():
	default:
		t.Error("nothing was pushed, and it is not over")
	}
}

func TestBlockIsBounded(t *testing.T) {
	for what, c := range map[string]struct {
		bytes, records int
		full           bool
	}{
		"little":               {1, 1, false},
		"almost full of bytes": {blockBytes - 8, 1, false},
		"full of bytes":        {blockBytes, 1, true},
		"almost full":          {1, blockRecords - 1, false},
		"full of records":      {1, blockRecords, true},
	} {
		b := &Block{}
		raw := make([]byte, c.bytes)
		for seq := range jobs.Seq(c.records) {
			b.Add(&Item{Seq: seq}, shape, raw, nil, false, nil)
		}
		if b.Full() != c.full || b.Len() != c.records {
			t.Errorf("%s: full %v, %d records", what, b.Full(), b.Len())
		}
	}
}

// While too many wait for a retry, wherever they do, no new ones are read.
func TestCrowded(t *testing.T) {
	for name, wait := range map[string]func(f *Feed, n int){
		"for their time": func(f *Feed, n int) { f.waiting = make(retries, n) },
		"without intent": func(f *Feed, n int) { f.intents.later = make(retries, n) },
		"for their key":  func(f *Feed, n int) { f.pacing.parkedCount = n },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := newFixture(t, Config{Intents: true})
				set := func(n int) {
					x.feed.mu.Lock()
					wait(x.feed, n)
					x.feed.mu.Unlock()
				}
				ctx, cancel := context.WithCancel(t.Context())
				got := make(chan *Block, 1)
				blank := func() { got <- x.feed.Blank(ctx) }
				set(maxWaiting)
				go blank()
				time.Sleep(time.Hour)
				synctest.Wait()
				if len(got) > 0 {
					t.Fatal("there are enough, and a block to read more")
				}
				set(maxWaiting - 1)
				if <-got == nil {
					t.Error("no block, though there is room")
				}
				set(maxWaiting)
				go blank()
				cancel()
				if <-got != nil {
					t.Error("a block after the end")
				}
			})
		})
	}
}

// How many workers have died with a record is counted, from what the ledger knows on.
func TestCrashes(t *testing.T) {
	x := newFixture(t, Config{})
	check := func(any bool, counts ...int) {
		t.Helper()
		if got := x.feed.AnyCrashes(); got != any {
			t.Errorf("any: %v", got)
		}
		for seq, want := range counts {
			if got := x.feed.CrashesOf(jobs.Seq(seq)); got != want {
				t.Errorf("%d with record %d, want %d", got, seq, want)
			}
		}
	}
	x.feed.SetCrashes(0, 0)
	if err := x.feed.Admit(retry(0, time.Now()), 0); err != nil {
		t.Fatal(err)
	}
	check(false, 0, 0)
	if n := x.feed.Crash(1); n != 1 {
		t.Errorf("%d at the first", n)
	}
	if n := x.feed.Crash(1); n != 2 {
		t.Errorf("%d at the second", n)
	}
	check(true, 0, 2)

	x = newFixture(t, Config{})
	if err := x.feed.Admit(retry(1, time.Now()), 3); err != nil {
		t.Fatal(err)
	}
	check(true, 0, 3)
	if n := x.feed.Crash(1); n != 4 {
		t.Errorf("%d after three", n)
	}
	x.want(x.take(1), "1/2")
	x.feed.End()
	x.feed.CloseRecords(1) // it is open, as it was admitted
	select {
	case <-x.feed.Over():
	default:
		t.Error("it is not over")
	}

	x = newFixture(t, Config{})
	x.feed.SetCrashes(2, 5)
	check(true, 0, 0, 5)
}

// A worker gets nothing more before it has answered where that may be a reason for less.
func TestOneByOne(t *testing.T) {
	breaker, err := pace.ParseBreaker("50%/4 for 1m")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		config Config
		want   bool
	}{
		"by itself":      {Config{}, false},
		"keys that live": {Config{Intents: true}, false},
		"keys that die":  {Config{Intents: true, KeyLifetime: time.Hour}, true},
		"adaptive":       {Config{Adaptive: true}, true},
		"breaker":        {Config{Breaker: breaker}, true},
		"jobserver":      {Config{Jobserver: &jobserver.Client{}}, true},
	} {
		if got := newFixture(t, c.config).feed.OneByOne(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

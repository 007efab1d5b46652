package feed

import (
	"brood/jobs"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

var shape = &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}, End: "\n"}

// fixture is a feed, and one slot that takes from it.
type fixture struct {
	t    testing.TB
	feed *Feed
	seat *Seat
	next jobs.Seq
	// waits are what the feed has told of waiting.
	waits []string
}

func newFixture(t testing.TB, c Config) *fixture {
	x := &fixture{t: t}
	if c.Slots == 0 {
		c.Slots = 2
	}
	c.Tell = func(why string, until time.Time) { x.waits = append(x.waits, why) }
	c.Waited = func() {}
	x.feed = New(c)
	x.seat = x.feed.Seat()
	return x
}

// push hands records over, as the source does.
func (x *fixture) push(lines ...string) {
	x.t.Helper()
	b := x.feed.Blank(context.Background())
	for _, l := range lines {
		b.Add(&Item{Seq: x.next, Line: int64(x.next) + 1}, shape.Kind, []byte(l), nil, false, nil)
		x.next++
	}
	x.feed.Push(b)
}

// retry is a record that waits for another try.
func retry(seq jobs.Seq, due time.Time) *Retry {
	body := fmt.Appendf(nil, "%c%s", len(fmt.Sprint("r", seq)), fmt.Sprint("r", seq))
	return &Retry{Item: Item{Seq: seq}, Attempt: 2, Due: due, HasIntent: true, Body: body}
}

// take takes up to n records now, without waiting, and returns "seq/attempt" of each.
func (x *fixture) take(n int) []string {
	x.t.Helper()
	return x.takeBy(x.seat, n)
}

func (x *fixture) takeBy(s *Seat, n int) []string {
	x.t.Helper()
	x.feed.mu.Lock()
	admitted := x.feed.gate.admits(s)
	b := &Batch{}
	ok, _, err := false, time.Duration(0), error(nil)
	if admitted {
		ok, _, err = x.feed.fill(b, n)
	}
	x.feed.mu.Unlock()
	if err != nil {
		x.t.Fatal(err)
	}
	if !ok {
		return nil
	}
	return x.read(b)
}

// read returns "seq/attempt" of the records of a batch.
func (x *fixture) read(b *Batch) []string {
	x.t.Helper()
	if err := b.Open(shape, false); err != nil {
		x.t.Fatal(err)
	}
	var out []string
	var rec jobs.Record
	for {
		more, err := b.Next(&rec)
		if err != nil {
			x.t.Fatal(err)
		}
		if !more {
			return out
		}
		if b.Item().Seq != rec.Seq {
			x.t.Errorf("the item is of record %d, the frame of %d", b.Item().Seq, rec.Seq)
		}
		out = append(out, fmt.Sprintf("%d/%d", rec.Seq, rec.Attempt))
	}
}

func (x *fixture) want(got []string, want string) {
	x.t.Helper()
	if s := strings.Join(got, " "); s != want {
		x.t.Errorf("%s has left, want %s", or(s), or(want))
	}
}

func or(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

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

// Bodies beyond what memory may hold come back from the disk as they were.
func TestSpill(t *testing.T) {
	dir := t.TempDir()
	x := newFixture(t, Config{Dir: dir})
	defer x.feed.Close()
	const each = 3 << 20
	for seq := range jobs.Seq(5) {
		body := append([]byte{0x80, 0x80, 0xc0, 0x01}, slices.Repeat([]byte{'a' + byte(seq)}, each)...) // a varint of 3 MiB
		x.feed.Adopt()
		if err := x.feed.Again(&Retry{Item: Item{Seq: seq}, Attempt: 2, HasIntent: true, Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	if x.feed.spill.stored != 3 || x.feed.spill.memory > spillMemory {
		t.Fatalf("%d bodies are on the disk, %d bytes in memory", x.feed.spill.stored, x.feed.spill.memory)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("it has a name: %v, %v", entries, err)
	}
	for seq := range jobs.Seq(5) {
		b := &Batch{}
		if ok, _, err := x.feed.fill(b, 1); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if err := b.Open(shape, false); err != nil {
			t.Fatal(err)
		}
		var rec jobs.Record
		if _, err := b.Next(&rec); err != nil || len(rec.Raw) != each || rec.Raw[0] != 'a'+byte(rec.Seq) || rec.Raw[each-1] != rec.Raw[0] {
			t.Errorf("record %d: %d bytes of %q, %v", seq, len(rec.Raw), rec.Raw[:1], err)
		}
	}
}

func TestSpillNeedsADirectory(t *testing.T) {
	x := newFixture(t, Config{Dir: "/no/such/directory"})
	x.feed.spill.memory = spillMemory
	if err := x.feed.Again(retry(1, time.Now())); err == nil {
		t.Error("a body was put nowhere")
	}
}

func TestPause(t *testing.T) {
	x := newFixture(t, Config{})
	x.push("a")
	x.feed.Pause(true)
	x.want(x.take(1), "")
	if !x.feed.State().Paused {
		t.Error("it does not say so")
	}
	x.feed.Pause(false)
	x.want(x.take(1), "0/1")
}

// Take waits until there is something, for as many as wait, and ends when all is over.
func TestTakeWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{})
		var mu sync.Mutex
		var got []string
		var slots sync.WaitGroup
		for range 5 {
			slots.Go(func() {
				seat := x.feed.Seat()
				for {
					b := &Batch{}
					ok, err := x.feed.Take(t.Context(), seat, nil, 1, b)
					if !ok || err != nil {
						return
					}
					mu.Lock()
					got = append(got, x.read(b)...)
					mu.Unlock()
					x.feed.CloseRecords(1)
				}
			})
		}
		synctest.Wait()
		x.push("a", "b", "c")
		synctest.Wait()
		x.push("d")
		x.feed.Adopt()
		if err := x.feed.Again(retry(9, time.Now().Add(time.Hour))); err != nil {
			t.Fatal(err)
		}
		x.feed.End()
		slots.Wait() // an hour, which passes at once
		slices.Sort(got)
		x.want(got, "0/1 1/1 2/1 3/1 9/2")
	})
}

func TestTakeEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() {
			ok, _ := x.feed.Take(ctx, x.seat, nil, 1, &Batch{})
			done <- ok
		}()
		synctest.Wait()
		cancel()
		if <-done {
			t.Error("it took something")
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

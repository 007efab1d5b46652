package feed

import (
	"brood/jobs"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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
	x.seat = x.feed.Seat(1)
	return x
}

// push hands records over, as the source does.
func (x *fixture) push(lines ...string) {
	x.t.Helper()
	b := x.feed.Blank(context.Background())
	for _, l := range lines {
		b.Add(&Item{Seq: x.next, Line: int64(x.next) + 1}, shape, []byte(l), nil, false, nil)
		x.next++
	}
	x.feed.Push(b)
}

// retry is a record that waits for another try.
func retry(seq jobs.Seq, due time.Time) *Retry {
	body := fmt.Appendf(nil, "%c%s", len(fmt.Sprint("r", seq)), fmt.Sprint("r", seq))
	return &Retry{Item: Item{Seq: seq}, Attempt: 2, Due: due, HasIntent: true, Body: body}
}

// again hands a record over that waits for another try.
func (x *fixture) again(r *Retry) {
	x.t.Helper()
	x.feed.Adopt()
	if err := x.feed.Again(r); err != nil {
		x.t.Fatal(err)
	}
}

// batch takes up to n records now, of which there must be some.
func (x *fixture) batch(n int) *Batch {
	x.t.Helper()
	x.feed.mu.Lock()
	defer x.feed.mu.Unlock()
	b := &Batch{}
	if ok, _, err := x.feed.fill(b, n, true); !ok || err != nil {
		x.t.Fatal("nothing has left", err)
	}
	return b
}

// take takes up to n records now, without waiting, and returns "seq/attempt" of each.
func (x *fixture) take(n int) []string {
	x.t.Helper()
	return x.takeBy(x.seat, n)
}

func (x *fixture) takeBy(s *Seat, n int) []string {
	x.t.Helper()
	x.feed.mu.Lock()
	admitted := x.feed.gate.admits(s, 0, n) > 0
	b := &Batch{}
	ok, _, err := false, time.Duration(0), error(nil)
	if admitted {
		ok, _, err = x.feed.fill(b, n, true)
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

// waiter is a slot in Take.
type waiter struct {
	x     *fixture
	seat  *Seat
	batch Batch
	err   error
	done  chan bool // what Take has returned
}

// waiting starts a Take for one record, by a slot with a worker or none, and returns when it
// waits.
func (x *fixture) waiting(ctx context.Context, s *Seat, w Taker) *waiter {
	x.t.Helper()
	k := &waiter{x: x, seat: s, done: make(chan bool, 1)}
	go func() {
		var ok bool
		ok, k.err = x.feed.Take(ctx, s, w, 1, &k.batch)
		k.done <- ok
	}()
	synctest.Wait()
	if len(k.done) > 0 {
		x.t.Fatalf("it does not wait: %v, %v", <-k.done, k.err)
	}
	return k
}

// has checks that it has a record now; where want is empty, that its Take has ended without
// one.
func (k *waiter) has(want string) {
	k.x.t.Helper()
	synctest.Wait()
	if len(k.done) == 0 {
		k.x.t.Errorf("the slot waits still, want %s", or(want))
		return
	}
	ok := <-k.done
	if k.err != nil || ok != (want != "") {
		k.x.t.Errorf("the slot has one: %v, %v; want %s", ok, k.err, or(want))
	} else if ok {
		k.x.want(k.x.read(&k.batch), want)
	}
}

// still checks that it waits.
func (k *waiter) still() {
	k.x.t.Helper()
	synctest.Wait()
	if len(k.done) > 0 {
		k.x.t.Errorf("it waits no more: %v", <-k.done)
	}
}

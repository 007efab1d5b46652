package feed

import (
	"brood/jobs"
	"context"
	"fmt"
	"strings"
	"testing"
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
	if ok, _, err := x.feed.fill(b, n); !ok || err != nil {
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

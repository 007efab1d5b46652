package feed

import (
	"brood/jobs"
	"brood/runner/pace"
	"brood/runner/spec"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

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
				seat := x.feed.Seat(1)
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

// A slot that waits in Take has its record, or its end, as soon as something happens that
// makes that so: no time passes but what the event itself takes.
func TestWhatWakes(t *testing.T) {
	one := &Item{}
	byKey := Config{Pace: pace.Spec{MaxPerKey: 1}, PaceKey: spec.PaceKey{Column: "line"}}
	breaking := Config{Breaker: breaker(t, "100%/1 of policy for 1m")}
	var g *Group
	// trial leaves record 1 as the trial of a breaker.
	trial := func(x *fixture, other *Seat) {
		x.push("a", "b", "c")
		x.want(x.takeBy(other, 1), "0/1")
		x.trip(0)
		time.Sleep(time.Minute)
		x.want(x.takeBy(other, 1), "1/1")
	}
	// full is a gate that has admitted as many as are allowed.
	full := func(x *fixture, other *Seat) {
		x.push("a", "b", "c")
		x.want(x.takeBy(other, 1), "0/1")
	}
	for _, c := range []struct {
		name   string
		config Config
		before func(x *fixture, other *Seat)
		event  func(x *fixture, other *Seat)
		want   string
	}{
		{"a block", Config{}, nil, func(x *fixture, _ *Seat) { x.push("a") }, "0/1"},
		{"a retry", Config{}, nil, func(x *fixture, _ *Seat) { x.again(retry(7, time.Now())) }, "7/2"},
		{
			"a retry is due",
			Config{},
			func(x *fixture, _ *Seat) { x.again(retry(7, time.Now().Add(time.Hour))) },
			func(*fixture, *Seat) { time.Sleep(time.Hour) }, "7/2",
		},
		{"the end", Config{}, nil, func(x *fixture, _ *Seat) { x.feed.End() }, ""},
		{
			"the last record is closed",
			Config{},
			func(x *fixture, other *Seat) { x.push("a"); x.takeBy(other, 1); x.feed.End() },
			func(x *fixture, _ *Seat) { x.feed.CloseRecords(1) }, "",
		},
		{
			"it goes on",
			Config{},
			func(x *fixture, _ *Seat) { x.push("a"); x.feed.Pause(true) },
			func(x *fixture, _ *Seat) { x.feed.Pause(false) }, "0/1",
		},
		{
			"an intent is durable",
			Config{Intents: true},
			func(x *fixture, _ *Seat) { x.push("a"); g = x.group() },
			func(x *fixture, _ *Seat) { x.feed.Grant(g) }, "0/1",
		},
		{
			"no rate any more",
			Config{Pace: pace.Spec{Rate: rate(t, "1/h"), Burst: 1}},
			full, func(x *fixture, _ *Seat) { x.feed.SetRate(nil) }, "1/1",
		},
		{
			"a throttle is over",
			Config{},
			func(x *fixture, _ *Seat) { x.feed.Slow(one, time.Hour, jobs.DelaysAll); x.push("a") },
			func(*fixture, *Seat) { time.Sleep(time.Hour) }, "0/1",
		},
		{
			"another slot leaves",
			Config{Slots: 1, Adaptive: true},
			full,
			func(x *fixture, other *Seat) { x.feed.Leave(other) }, "1/1",
		},
		{"more slots may work", Config{Slots: 1, Adaptive: true}, full, func(x *fixture, _ *Seat) {
			x.feed.SetSlots(2)
			x.feed.Observe(0, &good, "", time.Millisecond)
		}, "1/1"},
		{"another of its key has ended", byKey, func(x *fixture, other *Seat) {
			x.loose("a", "a")
			x.want(x.takeBy(other, 9), "0/1")
		}, func(x *fixture, _ *Seat) { x.feed.EndKey(x.item("a")) }, "1/1"},
		{"another of its key will not be", byKey, func(x *fixture, other *Seat) {
			x.loose("a", "a")
			x.want(x.takeBy(other, 9), "0/1")
			x.feed.pacing.EndKey(x.item("a").Pace)
		}, func(x *fixture, _ *Seat) { x.feed.PassBy(x.item("a")) }, "1/1"},
		{"the trial comes back", breaking, trial, func(x *fixture, _ *Seat) { x.feed.Undecided(1) }, "2/1"},
		{
			"the trial goes well", breaking, trial,
			func(x *fixture, _ *Seat) { x.feed.Observe(1, &good, "", time.Millisecond) }, "2/1",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := newFixture(t, c.config)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				other := x.feed.Seat(1)
				if c.before != nil {
					c.before(x, other)
				}
				k := x.waiting(ctx, x.seat, nil)
				c.event(x, other)
				k.has(c.want)
				x.feed.mu.Lock()
				if x.feed.gate.barred != 0 {
					t.Errorf("%d slots wait at the gate, it says", x.feed.gate.barred)
				}
				x.feed.mu.Unlock()
			})
		})
	}
}

// item is of a record whose pace goes by a key.
func (x *fixture) item(key string) *Item {
	return &Item{Pace: x.feed.PaceKey(&jobs.Record{Raw: []byte(key), Shape: shape})}
}

// One token wakes all that are needed.
func TestOneWakesTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{})
		first, second, third := x.waiting(t.Context(), x.seat, nil), x.waiting(t.Context(), x.feed.Seat(1), nil), x.waiting(t.Context(), x.feed.Seat(1), nil)
		x.push("a", "b")
		first.has("0/1")
		second.has("1/1")
		third.still()
		fourth := x.waiting(t.Context(), x.feed.Seat(1), nil)
		x.feed.CloseRecords(2)
		x.feed.End()
		third.has("")
		fourth.has("")
	})
}

// A slot that is woken and must not work lets another have the record.
func TestBarredWakesAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{})
		x.feed.mu.Lock()
		x.feed.gate.allow(1)
		x.feed.mu.Unlock()
		barred := x.waiting(t.Context(), x.feed.Seat(1), nil)            // it gave back its permit
		admitted := x.waiting(t.Context(), x.feed.Seat(1), idler(false)) // it keeps its own, as it has something in hand
		x.push("a")                                                      // who waits longest is woken
		admitted.has("0/1")
		barred.still()
		x.feed.Leave(admitted.seat)
		x.push("b")
		barred.has("1/1")
	})
}

// ending is a context that may end while nobody is told.
type ending struct {
	context.Context
	over *atomic.Bool
}

func (e ending) Done() <-chan struct{} { return nil }
func (e ending) Err() error {
	if e.over.Load() {
		return context.Canceled
	}
	return nil
}

// A slot that ends just when it is woken lets another have the record.
func TestEndingWakesAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{})
		over := &atomic.Bool{}
		ends := x.waiting(ending{t.Context(), over}, x.seat, nil)
		stays := x.waiting(t.Context(), x.feed.Seat(1), nil)
		over.Store(true)
		x.push("a") // who waits longest is woken
		ends.has("")
		stays.has("0/1")
	})
}

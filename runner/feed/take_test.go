package feed

import (
	"context"
	"slices"
	"sync"
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

package feed

import (
	"testing"
	"testing/synctest"
)

// idler is a worker that is idle, or is not.
type idler bool

func (w idler) InHand() int {
	if w {
		return 0
	}
	return 1
}

// The gate counts slots that work; one that has something in hand keeps its permit until its
// next record.
func TestGateCountsSlots(t *testing.T) {
	x := newFixture(t, Config{})
	x.push("a", "b", "c", "d")
	first, second := x.feed.Seat(1), x.feed.Seat(1)
	x.feed.mu.Lock()
	x.feed.gate.allow(1)
	x.feed.mu.Unlock()
	x.want(x.takeBy(first, 1), "0/1")
	x.want(x.takeBy(second, 1), "")
	x.want(x.takeBy(first, 1), "1/1") // it has its permit
	x.feed.Leave(first)
	x.want(x.takeBy(second, 1), "2/1")
	x.want(x.takeBy(first, 1), "")
	if x.feed.gate.working != 1 {
		t.Errorf("%d slots have a permit", x.feed.gate.working)
	}
}

// While the gate is shut nothing leaves; who waits goes on when it opens, and idle workers are
// to leave where memory is short.
func TestGateShut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{})
		x.push("a", "b")
		x.feed.Shut("--load 1: 9 processes run", false)
		took := make(chan bool, 1)
		take := func(w Taker) {
			b := &Batch{}
			ok, err := x.feed.Take(t.Context(), x.seat, w, 1, b)
			if err != nil {
				t.Error(err)
			}
			took <- ok
		}
		go take(idler(true))
		synctest.Wait()
		if got := x.feed.State().Waits; got != "--load 1: 9 processes run" {
			t.Errorf("it waits, it says, for %q", got)
		}
		x.feed.Shut("", false)
		if !<-took {
			t.Error("nothing left though the gate is open")
		}
		x.feed.Shut("--memfree 9 GiB", true)
		go take(idler(true))
		if <-took {
			t.Error("a record left through a gate that is shut")
		}
		go take(nil) // there is no worker that could leave
		synctest.Wait()
		select {
		case ok := <-took:
			t.Errorf("a slot without a worker ended: %v", ok)
		default:
		}
		x.feed.Shut("", false)
		if !<-took {
			t.Error("nothing left though the gate is open")
		}
	})
}

// Await does not take, and waits for the gate as well.
func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{})
		done := make(chan bool, 1)
		await := func() { done <- x.feed.Await(t.Context()) }
		go await()
		synctest.Wait()
		x.push("a")
		if !<-done {
			t.Error("there is something")
		}
		x.feed.Shut("busy", false)
		go await()
		synctest.Wait()
		select {
		case <-done:
			t.Error("the gate is shut")
		default:
		}
		x.feed.Shut("", false)
		if !<-done {
			t.Error("the gate is open")
		}
		x.want(x.take(1), "0/1")
		x.feed.CloseRecords(1)
		x.feed.End()
		if x.feed.Await(t.Context()) {
			t.Error("it is over")
		}
	})
}

// A slot that has nothing in hand does not keep its permit while it waits; one that has does.
func TestIdleGivesItsPermitBack(t *testing.T) {
	for idle, want := range map[idler]int{true: 0, false: 1} {
		synctest.Test(t, func(t *testing.T) {
			x := newFixture(t, Config{})
			k := x.waiting(t.Context(), x.seat, idle)
			x.feed.mu.Lock()
			if x.feed.gate.working != want || (x.seat.permits > 0) != (want == 1) {
				t.Errorf("idle %v: %d permits are out, want %d", idle, x.feed.gate.working, want)
			}
			x.feed.mu.Unlock()
			x.push("a")
			k.has("0/1")
		})
	}
}

// When fewer slots may work, one that asks for more loses its permit.
func TestPermitTaken(t *testing.T) {
	x := newFixture(t, Config{Slots: 2, Adaptive: true})
	x.push("a", "b", "c", "d")
	first, second := x.feed.Seat(1), x.feed.Seat(1)
	x.want(x.takeBy(first, 1), "0/1")
	x.want(x.takeBy(second, 1), "1/1")
	x.feed.SetSlots(1)
	x.want(x.takeBy(first, 1), "")
	x.want(x.takeBy(second, 1), "2/1")
	if first.permits > 0 || x.feed.gate.working != 1 {
		t.Errorf("%d slots have a permit", x.feed.gate.working)
	}
}

// That workers are to leave is news for who waits at a gate that is shut already; that the
// reason reads differently is none.
func TestShed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{})
		x.push("a")
		x.feed.Shut("--load 1: 9 processes run", false)
		k := x.waiting(t.Context(), x.seat, idler(true))
		changed := x.feed.gate.changed
		x.feed.Shut("--load 1: 8 processes run", false)
		if x.feed.gate.changed != changed {
			t.Error("all are woken for a word")
		}
		k.still()
		x.feed.Shut("--memfree 9 GiB", true)
		k.has("")
		if x.feed.gate.barred != 0 {
			t.Errorf("%d wait at the gate, it says", x.feed.gate.barred)
		}
	})
}

// A bound holds whatever else would allow more, and counts slots that have their permit.
func TestGateBound(t *testing.T) {
	x := newFixture(t, Config{})
	x.push("a", "b", "c", "d")
	first, second := x.feed.Seat(1), x.feed.Seat(1)
	x.feed.Bound(1)
	x.want(x.takeBy(first, 1), "0/1")
	x.want(x.takeBy(second, 1), "")
	x.feed.mu.Lock()
	x.feed.gate.allow(2)
	x.feed.mu.Unlock()
	x.want(x.takeBy(second, 1), "")
	x.feed.Bound(0)
	x.want(x.takeBy(first, 1), "")
	x.feed.Bound(2)
	x.want(x.takeBy(first, 1), "1/1")
	x.want(x.takeBy(second, 1), "2/1")
}

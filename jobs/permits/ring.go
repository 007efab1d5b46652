package permits

import (
	"sync/atomic"
	"time"
)

// ring holds the promise about any second, whatever happens to requests on their way. It has as many
// places as requests may come in a window; a request has one from when it leaves until a window after
// its answer has come, as by then it came at the latest. Of a slow answer nobody waits for the end, and who
// has failed may never have one: such a request has come some time (grace) after it left, unless the network holds things back
// for longer than that. So the rate is what was asked for, by 1 + the latency in seconds, but the
// latency is grace at most.
//
// A place is the nanosecond of CLOCK_MONOTONIC from which on it is free. Of who is killed it is free
// when its time is over.
type ring struct {
	places []byte // of the mapping, 8 bytes each
	n      int
	window int64
	clock  func() int64
	from   atomic.Int64 // where to look first
}

// grace is how long a request may be on its way.
const grace = 250 * time.Millisecond

// newRing makes the ring of a rate; nil if there is no room for it: then the margin has to do.
func newRing(mem []byte, perSecond float64, clock func() int64) *ring {
	n := max(int(perSecond), 1)
	if atRing+8*n > len(mem) {
		return nil
	}
	return &ring{places: mem[atRing:], n: n, window: int64(float64(n) / perSecond * float64(time.Second)), clock: clock}
}

func (r *ring) place(i int) *atomic.Int64 { return word(r.places, 8*i) }

// busy is for how long a place is still taken, of which v was read. What lies further ahead than anybody
// sets it is of an earlier boot, or damage. But by the clock as it is after v was read: another process
// may have looked at it later than this one did, and have taken the place since. With the older time
// that looked like damage, and two had one place: one request too many in some seconds of a long run.
func (r *ring) busy(v, now int64) int64 {
	if most := r.window + int64(grace); v > now+most {
		if now = r.clock(); v > now+most {
			return 0
		}
	}
	return max(v-now, 0)
}

// free is for how long there is no place; 0 if there is one.
func (r *ring) free(now int64) (wait int64) {
	wait = r.window
	from := int(r.from.Load())
	for i := range r.n {
		b := r.busy(r.place((from+i)%r.n).Load(), now)
		if b == 0 {
			r.from.Store(int64((from + i) % r.n))
			return 0
		}
		wait = min(wait, b)
	}
	return wait
}

// take takes a place; -1 if another process has just taken the last one.
func (r *ring) take(now int64) (i int, until int64) {
	until = now + r.window + int64(grace)
	from := int(r.from.Load())
	for k := range r.n {
		i := (from + k) % r.n
		p := r.place(i)
		if v := p.Load(); r.busy(v, now) == 0 && p.CompareAndSwap(v, until) {
			r.from.Store(int64((i + 1) % r.n))
			return i, until
		}
	}
	return -1, 0
}

// leave says that the request of a place left only now, and reports whether the place was still its own.
func (r *ring) leave(i int, until, now int64) (later int64, ok bool) {
	later = now + r.window + int64(grace)
	return later, r.place(i).CompareAndSwap(until, later)
}

// answered gives the place back a window after now, if it is still its own.
func (r *ring) answered(i int, until, now int64) {
	if at := now + r.window; at < until {
		r.place(i).CompareAndSwap(until, at)
	}
}

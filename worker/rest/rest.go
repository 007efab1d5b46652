// Package rest gives memory back that a process does not need while it waits, for its parent and for workers alike: what the
// collector has kept, and the pages of the executable that were needed for the start and by what was done last. A page of the
// executable is mapped, again, when it is needed, without the disk as long as the system has it; until then it counts for
// nobody, and is the first that can go where memory is short.
//
// It promises that nothing of the process is lost: only pages that nothing but the file has are let go of. When to rest is for
// others to say, but for workers, which have a Watch. Where it cannot be told which pages those are, as in a program with cgo, only
// what the collector has is given back.
package rest

import (
	"sync/atomic"
	"time"
)

// GiveBack gives memory back. Collect is debug.FreeOSMemory, which takes some milliseconds, as all that is in use is looked through; workers
// do not import it, as that would have them begin later, see package worker/early.
func GiveBack(collect func()) {
	collect()
	letGo() // after it, as it needs code too
}

// after is for how long a process has had nothing new to do before it rests.
const after = 3 * time.Second

// Watch is for workers, which have a small heap: when nothing has come for a while it lets go of the pages of the executable, once,
// until something comes again. To collect garbage takes more memory there, of the collector's own, than it gives back.
type Watch struct {
	came    atomic.Uint64
	resting atomic.Bool
	timer   *time.Timer
	last    uint64 // of the timer's function
}

// NewWatch begins to watch.
func NewWatch() *Watch { return newWatch(after, letGo) }

func newWatch(after time.Duration, give func()) *Watch {
	w := &Watch{}
	w.timer = time.AfterFunc(time.Hour, func() {
		if n := w.came.Load(); n != w.last {
			w.last = n
			w.timer.Reset(after)
			return
		}
		give()
		w.resting.Store(true)
	})
	w.timer.Reset(after)
	return w
}

// Comes says that there is something to do. It is cheap.
func (w *Watch) Comes() {
	w.came.Add(1)
	if w.resting.Load() && w.resting.CompareAndSwap(true, false) {
		w.timer.Reset(after)
	}
}

// Stop ends the watch.
func (w *Watch) Stop() { w.timer.Stop() }

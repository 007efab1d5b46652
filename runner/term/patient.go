package term

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// hurryTime is how long a write may take when the run is being killed.
const hurryTime = time.Second

var errNobodyReads = errors.New("nobody reads what is written")

// patient writes for as long as that takes, until it is told to hurry: a terminal
// that was stopped with ^S, or a pipe that nobody reads, must not keep a run from
// ending. It is for one goroutine at a time, but for hurry.
type patient struct {
	w     io.Writer
	once  sync.Once
	hurry chan struct{}
	stuck atomic.Bool // a write has been given up, and goes on
}

func newPatient(w io.Writer) *patient { return &patient{w: w, hurry: make(chan struct{})} }

// Write writes p in a goroutine, which is left behind if it does not end.
func (w *patient) Write(p []byte) (int, error) {
	if w.stuck.Load() {
		return 0, errNobodyReads
	}
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	b := append([]byte(nil), p...)
	go func() {
		n, err := w.w.Write(b)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return r.n, r.err
	case <-w.hurry:
	}
	t := time.NewTimer(hurryTime)
	defer t.Stop()
	select {
	case r := <-done:
		return r.n, r.err
	case <-t.C:
		w.stuck.Store(true)
		return 0, errNobodyReads
	}
}

// Hurry says that from now on what cannot be written is to be left out: the run is
// being killed.
func (t *Term) Hurry() { t.out.once.Do(func() { close(t.out.hurry) }) }

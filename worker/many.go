package worker

import (
	"brood/jobs"
	"brood/jobs/quickio"
	"brood/worker/wire"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// many is the working state of a worker that has several records in hand at a time, each at a
// place. The loop that reads the work hands out the places and waits for one to be free; records
// end in any order. If the job breaks the worker leaves at once, with what it has in hand.
type many struct {
	*server
	work  *quickio.File // to be interrupted
	free  *places
	fails sync.Once
	err   error         // why it leaves; read after failed
	fail  chan struct{} // closed when it is to leave at once
	flows chan struct{} // a token: something has ended, see flusher
	since time.Duration // since when there is something in hand that is not accounted for; guarded by mu
}

// errLeaving is that the loop ends before the work does.
var errLeaving = errors.New("leaving")

// serveMany works until the work pipe ends.
func (s *server) serveMany(work *quickio.File) error {
	m := &many{server: s, work: work, fail: make(chan struct{}), flows: make(chan struct{}, 1), free: newPlaces(s.hello.Places)}
	if job, ok := s.job.(jobs.Stream); ok {
		return m.stream(job)
	}
	return m.lanes()
}

// read gives batches to take until the work ends. After that what is in hand is still to be waited
// for, unless there is an error.
func (m *many) read(take func(p []byte) error) error {
	for {
		t, p, err := m.in.Next()
		m.watch.Comes()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return m.why()
		case err != nil:
			return fmt.Errorf("read work: %w", err)
		case t != wire.TypeBatch:
			return fmt.Errorf("read work: %w: type %d instead of Batch", wire.ErrFrame, t)
		}
		err = take(p)
		switch {
		case errors.Is(err, errOrphaned):
			return nil
		case errors.Is(err, errLeaving):
			return m.why()
		case err != nil:
			return err
		}
	}
}

// why is why the worker leaves at once: nil, if that is no error.
func (m *many) why() error {
	<-m.fail
	if errors.Is(m.err, errOrphaned) || errors.Is(m.err, errWornOut) {
		return nil
	}
	return m.err
}

// leave ends the loop.
func (m *many) leave(err error) {
	m.fails.Do(func() {
		m.err = err
		close(m.fail)
		m.work.Interrupt()
	})
}

// place waits for a free place. Before it does so it calls idle.
func (m *many) place(idle func() error) (int, error) {
	select {
	case <-m.fail:
		return 0, errLeaving
	default:
	}
	select {
	case <-m.free.some:
		return m.free.take(), nil
	default:
	}
	if err := idle(); err != nil {
		return 0, err
	}
	select {
	case <-m.free.some:
		return m.free.take(), nil
	case <-m.fail:
		return 0, errLeaving
	}
}

// begins notes that something is in hand from now on.
func (m *many) begins(now time.Duration) {
	m.mu.Lock()
	if m.since == 0 {
		m.since = now
	}
	m.mu.Unlock()
}

// send sends the answers that there are. The time is that since the last ones: what records take
// where several are worked on.
func (m *many) send() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := wire.Now()
	if m.since > 0 {
		m.busy = now - m.since
	}
	m.since = now
	if m.free.all() {
		m.since = 0
	}
	return m.flushLocked()
}

// flusher sends answers when no other record ends at once: it lets everybody go first who can.
func (m *many) flusher() {
	for range m.flows {
		runtime.Gosched()
		if err := m.send(); err != nil {
			m.leave(m.orphan(err))
		}
	}
}

// flow says that there is an answer to be sent.
func (m *many) flow() {
	select {
	case m.flows <- struct{}{}:
	default:
	}
}

// orphan looks at an error of sending: if the parent has gone, what is in hand is finished and
// noted, and nothing else is begun.
func (m *many) orphan(err error) error {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, errOrphaned) {
		m.orphaned.Store(true)
		return errOrphaned
	}
	return err
}

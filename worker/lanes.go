package worker

import (
	"brood/jobs"
	"brood/worker/wire"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"
)

// lane is a place with a runner and a goroutine of its own.
type lane struct {
	at    int
	job   jobs.Runner
	rec   jobs.Record
	res   jobs.Result
	frame *frame // what rec borrows
	begin chan struct{}
}

// frame is a batch while records of it are in hand.
type frame struct {
	buf []byte
	use int // of the loop and of each record in hand; guarded by frames
}

// frames are those that are in use, and those that are not.
type frames struct {
	mu    sync.Mutex
	spare []*frame
}

// keep copies a batch, as the reader's buffer is about to be used again.
func (f *frames) keep(p []byte) *frame {
	f.mu.Lock()
	defer f.mu.Unlock()
	x := &frame{}
	if n := len(f.spare); n > 0 {
		x, f.spare = f.spare[n-1], f.spare[:n-1]
	}
	x.buf, x.use = append(x.buf[:0], p...), 1
	return x
}

func (f *frames) share(x *frame) {
	f.mu.Lock()
	x.use++
	f.mu.Unlock()
}

func (f *frames) drop(x *frame) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if x.use--; x.use == 0 && cap(x.buf) <= flushSize {
		f.spare = append(f.spare, x)
	}
}

// lanes works with a runner for each place.
func (m *many) lanes() error {
	m.whole = false // each ends by itself
	lanes, err := m.fork()
	if err != nil {
		return err
	}
	go m.flusher()
	var kept frames
	var busy sync.WaitGroup
	for _, l := range lanes {
		busy.Go(func() {
			for range l.begin {
				ended := m.run(l)
				kept.drop(l.frame)
				if ended { // otherwise the page goes on saying what is at this place
					m.free.give(l.at)
				}
			}
		})
	}
	err = m.read(func(p []byte) error { return m.deal(p, lanes, &kept) })
	if err != nil {
		return err // at once: what is in hand is seen by the page
	}
	for _, l := range lanes {
		close(l.begin)
	}
	busy.Wait()
	if err = m.send(); errors.Is(err, syscall.EPIPE) {
		err = nil
	}
	for i := len(lanes) - 1; i >= 0; i-- { // the first one last
		err = errors.Join(err, lanes[i].job.Close())
	}
	return err
}

// fork makes the runners.
func (m *many) fork() ([]*lane, error) {
	first, ok := m.job.(jobs.Forker)
	if !ok {
		return nil, fmt.Errorf("job %s cannot have %d records in hand", m.hello.Job, m.hello.Places)
	}
	lanes := []*lane{{job: first}}
	for len(lanes) < m.hello.Places {
		job, err := first.Fork()
		if err != nil {
			return nil, err
		}
		lanes = append(lanes, &lane{at: len(lanes), job: job})
	}
	for _, l := range lanes {
		l.begin = make(chan struct{}, 1)
	}
	return lanes, nil
}

// deal begins with the records of a batch.
func (m *many) deal(p []byte, lanes []*lane, kept *frames) error {
	f := kept.keep(p)
	defer kept.drop(f)
	b, err := wire.ReadBatch(f.buf, &m.hello.Shape, m.hello.SendRaw)
	if err != nil {
		return err
	}
	for range b.Len() {
		at, err := m.place(func() error { return nil })
		if err != nil {
			return err
		}
		if m.orphaned.Load() {
			m.free.give(at)
			return errOrphaned
		}
		l := lanes[at]
		if _, err := b.Next(&l.rec); err != nil {
			return err
		}
		kept.share(f)
		l.frame = f
		l.begin <- struct{}{}
	}
	_, err = b.Next(&jobs.Record{})
	return err
}

// run works on the record of a lane, and reports whether its place is free again.
func (m *many) run(l *lane) bool {
	if m.orphaned.Load() {
		return true
	}
	begun := wire.Now()
	m.begins(begun)
	m.page.Start(l.at, l.rec.Seq, l.rec.Attempt, begun)
	l.res.Reset()
	if err := m.do(l.at, l.job, &l.rec, &l.res); err != nil {
		m.leave(err)
		return false
	}
	ended := m.end(l.at, &l.rec, &l.res, begun)
	m.flow()
	return ended
}

// end takes in what the record at a place has come to, whose time began to run then. It reports
// whether the place is free again: if the answer could not be noted the record stays there.
func (m *many) end(at int, rec *jobs.Record, res *jobs.Result, begun time.Duration) bool {
	now := wire.Now()
	if !res.ElapsedKnown {
		res.Elapsed = now - begun
	}
	worn := m.refused(res)
	m.page.Answering(at)
	if _, err := m.answer(at, rec, res, now, now-begun); err != nil {
		err = m.orphan(err)
		m.leave(err)
		return errors.Is(err, errOrphaned)
	}
	if worn {
		m.leave(errWornOut)
	}
	return true
}

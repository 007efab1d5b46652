package pipe

import (
	"brood/jobs"
	"brood/jobs/quickio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"
)

const (
	// ownWindow is how many records a quick program has at a time where repeating one costs
	// nothing.
	ownWindow = 64
	// mostInHand is how many it may be given.
	mostInHand = 1024
	// writeSize is how much is collected before it is written though more is to come.
	writeSize = 32 << 10
	// readSize is how much is read at once, at first.
	readSize = 64 << 10
)

// window is a program that has several records at a time: it reads requests as fast as it likes,
// and answers them by their id, in any order.
type window struct {
	r      *runner
	report jobs.Reporter
	in     *quickio.File
	buf    []byte // requests that were begun and not written; of who begins

	mu      sync.Mutex
	asked   []request      // by place
	place   map[string]int // of each id
	begun   int64          // bytes of all requests
	deaf    error          // why it cannot be asked any more
	over    error          // why it has ended, with nothing in hand
	leaving bool           // what it prints from now on is nobody's
}

// request is a record that the program has; the zero value is none.
type request struct {
	id   string
	from int64 // where its request begins in the program's input
}

// The methods of jobs.Stream.
var _ jobs.Stream = (*runner)(nil)

// Stream lets the program have several records.
func (r *runner) Stream(places int, report jobs.Reporter) {
	w := &window{r: r, report: report, asked: make([]request, places), place: make(map[string]int, places)}
	r.window = w
	in, err := quickio.Of(r.in.f)
	if err != nil {
		report.Fail(err)
		return
	}
	out, err := quickio.Of(r.pipe)
	if err != nil {
		report.Fail(err)
		return
	}
	w.in = in
	go w.listen(out)
}

// Begin asks the program about a record.
func (r *runner) Begin(at int, rec *jobs.Record) error {
	w := r.window
	start := len(w.buf)
	w.buf = appendRequest(w.buf, rec, r.setup.Key.Of(rec))
	id := string(requestID(nil, rec))
	w.mu.Lock()
	over := w.over
	w.asked[at] = request{id: id, from: w.begun}
	w.begun += int64(len(w.buf) - start)
	w.place[id] = at
	w.mu.Unlock()
	if over != nil {
		return fmt.Errorf("%w; %w", over, jobs.ErrNotBegun)
	}
	if len(w.buf) >= writeSize {
		return r.Flush()
	}
	return nil
}

// Flush writes what the program is asked. It waits until the program has read enough of it. If it
// reads no more, who listens finds out why.
func (r *runner) Flush() error {
	w := r.window
	if len(w.buf) == 0 || w.in == nil {
		return nil
	}
	n, err := w.in.Write(w.buf)
	r.in.wrote(n)
	if w.buf = w.buf[:0]; cap(w.buf) > 1<<20 {
		w.buf = nil
	}
	if err != nil {
		w.mu.Lock()
		w.deaf = err
		w.mu.Unlock()
		_ = r.pipe.SetReadDeadline(time.Now().Add(lastWords))
	}
	return nil
}

// listen takes answers in until the program ends, or breaks the protocol.
func (w *window) listen(out io.Reader) {
	buf := make([]byte, 0, readSize)
	var res jobs.Result
	var g gathering
	for {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, 1)
		}
		n, err := out.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if w.isLeaving() {
			if buf = buf[:0]; err != nil {
				return
			}
			continue
		}
		used, answers, bad := w.takeAll(buf, &res)
		w.report.Flush()
		if bad != nil {
			w.report.Fail(bad)
			return
		}
		buf = append(buf[:0], buf[used:]...)
		if err = w.ending(buf, err); err != nil {
			w.gone(err)
			return
		}
		g.gather(answers, w.unanswered())
	}
}

// unanswered is how many records the program has.
func (w *window) unanswered() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.place)
}

// ending is why the program is done with, after what was read; nil: it is not.
func (w *window) ending(left []byte, err error) error {
	switch {
	case len(left) > w.r.setup.MaxOutput:
		return errTooLong
	case errors.Is(err, io.EOF) && len(left) > 0:
		return fmt.Errorf("it ended in the middle of an answer: %s", quoteLine(left))
	case errors.Is(err, io.EOF):
		return errors.New("it closed its standard output without an answer")
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.mu.Lock()
		defer w.mu.Unlock()
		return fmt.Errorf("write to it: %w", w.deaf)
	case err != nil:
		return fmt.Errorf("read its answer: %w", err)
	}
	return nil
}

// takeAll takes the answers in that are whole, and returns how much that was, and how many.
func (w *window) takeAll(b []byte, res *jobs.Result) (used, answers int, err error) {
	for {
		i := bytes.IndexByte(b[used:], '\n')
		if i < 0 {
			return used, answers, nil
		}
		line := b[used : used+i+1]
		used += i + 1
		if err := w.take(line, res); err != nil {
			return used, answers, err
		}
		answers++
	}
}

// take takes an answer in.
func (w *window) take(line []byte, res *jobs.Result) error {
	if len(line) > w.r.setup.MaxOutput {
		return errTooLong
	}
	a, line, err := w.r.parse(line)
	if err != nil {
		return err
	}
	w.mu.Lock()
	at, ok := w.place[a.ID]
	w.mu.Unlock()
	if !ok {
		return fmt.Errorf("the program broke the protocol: an answer with id %q, which it was not asked about, or has answered before: %s", a.ID, quoteLine(line))
	}
	res.Reset()
	if err := w.r.answered(&a, line, res); err != nil {
		return err
	}
	w.mu.Lock()
	delete(w.place, a.ID)
	w.asked[at] = request{}
	w.mu.Unlock()
	w.report.End(at, res)
	return nil
}

// gone says how the program ended. That is nobody's fault while it has nothing in hand.
func (w *window) gone(err error) {
	err = w.r.gone(w.first(), err)
	w.mu.Lock()
	if w.leaving {
		w.mu.Unlock()
		return
	}
	if len(w.place) == 0 {
		w.over = err
		w.mu.Unlock()
		return
	}
	asked := slices.Clone(w.asked)
	w.mu.Unlock()
	for at, x := range asked {
		if x.id != "" && w.r.in.untouched(x.from) {
			w.report.GiveBack(at)
		}
	}
	w.report.Fail(err)
}

// first is where the first of the requests begins that have no answer.
func (w *window) first() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := w.begun
	for _, x := range w.asked {
		if x.id != "" {
			first = min(first, x.from)
		}
	}
	return first
}

// close lets the program leave.
func (w *window) close() {
	w.mu.Lock()
	w.leaving = true
	w.mu.Unlock()
}

func (w *window) isLeaving() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.leaving
}

package book

import (
	"brood/jobs"
	"brood/runner/ledger"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// world is what a book works with, in memory. It says in which order things happen.
type world struct {
	t  testing.TB
	mu sync.Mutex

	file     []byte // what the output has been given
	buffered []byte
	missing  []byte // what a failed flush has not written
	stdout   bool
	writeErr error // of a flush, from now on
	takes    int   // how many bytes a flush that fails still writes
	syncErr  error
	checkErr error // the file is not where it was
	room     int   // how much is buffered before a write flushes; 0: no end

	commits   []*ledger.Commit
	took      time.Duration // a commit
	commitErr error
	held      map[jobs.Seq][]byte
	read      []jobs.Seq // the rows of held that were read
	inputErr  error

	events  []string
	failed  []error
	given   []string // keys given back
	gives   int      // how often that was asked for
	giveErr error
	kept    int
	tried   []ledger.TryVerdict
}

// givenBack are the keys that were given back so far, and how often that was asked for.
func (w *world) givenBack() (keys []string, times int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.given), w.gives
}

// made are the commits there were.
func (w *world) made() []*ledger.Commit {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.commits)
}

// happened is what has happened since it was asked last.
func (w *world) happened() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := strings.Join(w.events, ", ")
	w.events = nil
	return out
}

func (w *world) event(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, what)
}

// output is the Output of a world.
type output struct{ *world }

func (o output) Write(p []byte) error {
	o.buffered = append(o.buffered, p...)
	if o.room > 0 && len(o.buffered) > o.room {
		return o.Flush()
	}
	return nil
}

func (o output) Sum() uint32 { return crc32.ChecksumIEEE(o.file) }

func (o output) Check(size int64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.checkErr == nil && int64(len(o.file)) < size {
		return errors.New("the file is shorter than what the commit says")
	}
	return o.checkErr
}

func (o output) Flush() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.buffered)
	if o.writeErr != nil {
		n = min(n, o.takes)
		o.missing = slices.Clone(o.buffered[n:])
	}
	o.file = append(o.file, o.buffered[:n]...)
	o.buffered = o.buffered[:0]
	return o.writeErr
}

// breaks makes something fail from now on.
func (w *world) breaks(how func(*world)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	how(w)
}

func (o output) Sync() error {
	o.event("sync output")
	return o.syncErr
}
func (o output) Close() error        { return nil }
func (o output) Size() int64         { return int64(len(o.file) + len(o.buffered)) }
func (o output) Buffered() int       { return len(o.buffered) }
func (o output) Undelivered() []byte { return o.missing }
func (o output) IsStdout() bool      { return o.stdout }

func (w *world) Commit(_ context.Context, c *ledger.Commit) error {
	w.event("commit")
	time.Sleep(w.took)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.commitErr != nil {
		return w.commitErr
	}
	maps.DeleteFunc(w.held, func(first jobs.Seq, _ []byte) bool { return first < c.NextSeq })
	for _, h := range c.Held {
		w.held[h.First] = slices.Clone(h.Bytes)
	}
	made := *c // whose rows are the book's again when it has ended
	made.Outcomes, made.Attempts = slices.Clone(c.Outcomes), slices.Clone(c.Attempts)
	made.Owed = slices.Clone(c.Owed)
	made.Retries, made.LeftRetries = slices.Clone(c.Retries), slices.Clone(c.LeftRetries)
	w.commits = append(w.commits, &made)
	return nil
}

func (w *world) Held(_ context.Context, first jobs.Seq) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read = append(w.read, first)
	b, ok := w.held[first]
	if !ok {
		return nil, fmt.Errorf("there is no row %d", first)
	}
	return b, nil
}

// fixture is a book at work.
type fixture struct {
	*world
	book    *Book
	updates chan *Update
	done    chan error
}

func open(t testing.TB, change func(*Config, *world)) *fixture {
	w := &world{t: t, held: make(map[jobs.Seq][]byte)}
	c := Config{
		Ledger: w, Reader: w, Past: &Past{},
		SyncInput: func() (ledger.Spooled, error) {
			w.event("sync input")
			return ledger.Spooled{Bytes: 9, Sum: 3}, w.inputErr
		},
		Quota: func() (string, int) { return "today", 7 },
		GiveBack: func(_ context.Context, keys []string) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.given = append(w.given, keys...)
			w.gives++
			return w.giveErr
		},
		KeysKept:  func(n int, _ error) { w.kept += n },
		Failed:    func(err error) { w.failed = append(w.failed, err) },
		Tried:     func(v ledger.TryVerdict) { w.tried = append(w.tried, v) },
		Committed: func(time.Duration) {},
	}
	c.File = output{w}
	if change != nil {
		change(&c, w)
	}
	x := &fixture{world: w, book: New(c), updates: make(chan *Update), done: make(chan error, 1)}
	go func() { x.done <- x.book.Keep(x.updates) }()
	return x
}

// settleFor lets time pass, and waits until all that happens in it has happened.
func settleFor(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// final is an update that says of records that they are ok, each with its row.
func final(seqs ...jobs.Seq) *Update {
	u := NewUpdate()
	for _, seq := range seqs {
		u.Buf = fmt.Appendf(u.Buf, "%d\n", seq)
		u.Final(seq, false)
	}
	return u
}

// failed is an update that says of a record that it has ended otherwise.
func failed(seq jobs.Seq, status jobs.Status) *Update {
	u := final(seq)
	u.Outcomes = append(u.Outcomes, ledger.Outcome{Seq: seq, Status: status})
	return u
}

// close ends the book and returns what Keep does.
func (x *fixture) close() error {
	close(x.updates)
	return <-x.done
}

// lines are the rows that are in the output.
func (w *world) lines() string {
	return strings.ReplaceAll(strings.TrimSpace(string(w.file)), "\n", " ")
}

func (x *fixture) want(lines string) {
	x.t.Helper()
	if got := x.lines(); got != lines {
		x.t.Errorf("the output is %q, want %q", got, lines)
	}
}

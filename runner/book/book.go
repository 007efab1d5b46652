// Package book is what is final, in order, and durable: it puts results in the order of
// the input, writes them out, and keeps the ledger by commits at most 200 ms apart. First
// the output is synced, then the ledger says so. It decides nothing about a record: it is
// told, by updates.
package book

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// commitAfter is how long the first result waits for its commit. With the
	// commit itself this stays under 200 ms on any disk that deserves the name.
	commitAfter = 120 * time.Millisecond
	// beatAfter is Config.Beat where nobody wants another.
	beatAfter = 5 * time.Second
	// heldMemory is how many bytes of early results are kept in memory before
	// a commit moves them into the ledger; at twice as much, nothing is taken
	// in until it has.
	heldMemory = 4 << 20
	// hasteAfter is the same where the run ends with what has become final.
	hasteAfter = 2 * time.Millisecond
	// commitRows is how many rows bring a commit forward. So many cost the ledger many times
	// what a sync of the disk does.
	commitRows = 8192
)

// Ledger is what makes commits durable, see ledger.Ledger.
type Ledger interface {
	Commit(ctx context.Context, c *ledger.Commit) error
}

// Reader brings back what the ledger holds until it is its turn, see ledger.Reader.
type Reader interface {
	Held(ctx context.Context, first jobs.Seq) ([]byte, error)
}

// Output is where results go, see sink.File.
type Output interface {
	Write(p []byte) error
	Flush() error
	Sync() error
	Close() error
	// Check reports an error if so many bytes are no longer where they were written.
	Check(size int64) error
	// Sum is the CRC-32C of the Size bytes, after a Flush.
	Sum() uint32
	// Size is how many bytes have been written, with those that are buffered.
	Size() int64
	Buffered() int
	// Undelivered are the bytes that a Flush which failed has not written.
	Undelivered() []byte
	IsStdout() bool
}

// Folder is where what commands have printed goes, see sink.Folder.
type Folder interface {
	Put(p *sink.Printed) error
	Sync() error
	Close() error
}

// Config is what a book works with, and where the run stood when it was opened.
type Config struct {
	Ledger Ledger
	Reader Reader
	File   Output
	// Joblog is a log of the records as they become final; nil: there is none.
	Joblog Output
	// Folder takes what commands have printed; nil: it is not wanted.
	Folder Folder
	// Synced is how many bytes of the output are durable.
	Synced int64
	// Unordered writes results as they come; otherwise NextSeq is the first that is not
	// in the output.
	Unordered bool
	NextSeq   jobs.Seq
	// Part says that the run is about a part of the dataset, so that its records have gaps.
	Part bool
	// Held are the results in the ledger that are not in the output, without their
	// bytes, and Freed the keys that are to be given back to their scope.
	Held   []ledger.Held
	Freed  []string
	Totals ledger.Totals
	Past   *Past
	// SyncInput makes durable what has been read and is in no file of its own, and returns
	// how much of that there is.
	SyncInput func() (ledger.Spooled, error)
	// Quota is what is used of the quota of the day.
	Quota func() (day string, used int)
	// GiveBack gives keys back; KeysKept is told when that has failed, and is not
	// tried again.
	GiveBack func(ctx context.Context, keys []string) error
	KeysKept func(n int, err error)
	// Failed is told why nothing is written or recorded any more, once.
	Failed func(error)
	// Tried is told of each try that is recorded, and Committed how long each commit
	// took, from another goroutine.
	Tried     func(ledger.TryVerdict)
	Committed func(time.Duration)
	// Beat is how long nothing happens before the ledger is told that this session is alive all the
	// same; 0: beatAfter.
	Beat time.Duration
	// Owed is told of answers that a queue is owed, when the ledger has them, and must not keep the slice; Replied is asked
	// at each commit what has come of answers since the last. Nil: there is no queue.
	Owed    func([]ledger.Owed)
	Replied func() []ledger.Replied
	// Rebase tells the spool that what stands before an offset, whose checksum is sum, is not part of it from this commit on.
	Rebase func(offset int64, sum uint32)
	// Haste reports whether somebody waits for what becomes final, so that a commit need not gather more; nil: nobody does. An
	// update, also an empty one, makes the book ask again.
	Haste func() bool
	// Waits says what holds the run up at the moment; nil: nobody knows.
	Waits func() ledger.Wait
}

// New opens the book of a session.
func New(c Config) *Book {
	if c.Beat == 0 {
		c.Beat = beatAfter
	}
	b := &Book{
		cfg: c, synced: c.Synced,
		chunks: make(map[uint64]*chunk), touched: make(map[uint64]bool), starts: make(map[uint64]dataset.Position), acks: make(map[Ack]uint64),
		freed: freedKeys{done: make(chan error, 1), waiting: c.Freed},
		work:  make(chan *ledger.Commit), done: make(chan error, 1),
	}
	t := c.Totals
	b.input.Store(t.Input)
	b.ok.Store(t.OK)
	b.failed.Store(t.Failed)
	b.skipped.Store(t.Skipped)
	b.unknown.Store(t.Unknown)
	if c.Unordered {
		b.owed = c.Held
	} else {
		stored := make([]sink.Segment, len(c.Held))
		for i, h := range c.Held {
			stored[i] = sink.Segment{First: h.First, Count: h.Count, Stored: true}
		}
		b.order = sink.NewOrder(c.NextSeq, stored)
	}
	for id, c := range c.Past.Chunks {
		if c.Closed {
			continue
		}
		k := &chunk{start: dataset.Position{File: c.File, Offset: c.Offset, Line: c.Line}, ok: c.OK, final: b.cfg.Past.final[id].count()}
		k.bits.Load(c.Bits)
		b.chunks[id] = k
	}
	b.cfg.Past, b.counted = nil, t
	b.course.begin(time.Now(), c.Waits)
	return b
}

// Book puts results in order, writes them out, and keeps the ledger. All but
// the commits themselves happens in one goroutine.
type Book struct {
	cfg   Config
	order *sink.Order // nil if the output is unordered

	chunks  map[uint64]*chunk
	touched map[uint64]bool // chunks changed since the last commit
	next    ledger.Commit   // what the next commit will hold
	making  *ledger.Commit  // the commit under way
	spare   ledger.Commit   // empty, to be the next after that
	rows    int
	since   time.Time // the first change after the last commit; zero if none

	urgent bool // somebody waits for the next commit
	due    bool // it is time for the next commit
	busy   bool // a commit is under way
	work   chan *ledger.Commit
	done   chan error
	stored []*sink.Segment // held segments that the commit under way stores
	synced int64           // output bytes at the last sync
	logged int64           // bytes of the joblog then
	put    bool            // something was put into the folder since the last commit
	begun  bool            // results were written to the output in this session
	ending bool            // nothing more will come
	err    error           // nothing is written or recorded any more
	// hasFailed says the same to others.
	hasFailed atomic.Bool

	freed freedKeys

	counted ledger.Totals // at the last commit, of a run with a queue
	course  course
	lasted  time.Duration // of the last commit, which the one that is told of its end may read

	// What is told when the next commit, and the one under way, have ended: to
	// whoever waits, and to the pages how many of their notes are settled.
	toNotify, notifying []chan struct{}
	acks, acking        map[Ack]uint64
	acked               []byte   // see ledger.Commit
	issued              jobs.Seq // all records that have, or had, an intent are before it

	// Standard output may lose its reader. What was not delivered is then
	// held in the ledger like any result whose turn has not come.
	onStdout []span // segments in the file's buffer; end is the length here
	gone     bool   // the reader has left
	extra    []ledger.Held
	owed     []ledger.Held // unordered: of earlier sessions
	dropHeld jobs.Seq      // unordered: held results before it were written

	input, ok, failed, skipped, unknown atomic.Uint64
	read                                atomic.Uint64 // how far the source has come in this session
	inputDone                           atomic.Bool

	startMu sync.Mutex
	starts  map[uint64]dataset.Position
}

// NoteStart notes where a chunk begins. The source calls it before it hands
// over any record of the chunk.
func (b *Book) NoteStart(n uint64, p dataset.Position) {
	b.startMu.Lock()
	defer b.startMu.Unlock()
	b.starts[n] = p
}

func (b *Book) startOf(n uint64) dataset.Position {
	b.startMu.Lock()
	defer b.startMu.Unlock()
	p := b.starts[n]
	delete(b.starts, n)
	return p
}

// NoteInput notes how far the source has read: all records before seq, of which so many are of other shards.
func (b *Book) NoteInput(seq jobs.Seq, passed uint64) {
	b.read.Store(max(b.read.Load(), uint64(seq)))
	if n := uint64(seq) - passed; n > b.input.Load() {
		b.input.Store(n)
	}
}

// InputEnds notes that the source has read everything.
func (b *Book) InputEnds() { b.inputDone.Store(true) }

// Complete reports whether all there is to read is final.
func (b *Book) Complete() bool { return b.inputDone.Load() && b.Totals().Pending() == 0 }

// Failed reports whether writing or recording has become impossible. It may be called at
// any time.
func (b *Book) Failed() bool { return b.hasFailed.Load() }

// Broken reports whether writing or recording has become impossible. It is called when
// Keep has returned.
func (b *Book) Broken() bool { return b.err != nil }

// Close closes the output and the joblog. It is called when Keep has returned.
func (b *Book) Close() error {
	err := b.cfg.File.Close()
	if b.cfg.Joblog != nil {
		err = errors.Join(err, b.cfg.Joblog.Close())
	}
	if b.cfg.Folder != nil {
		err = errors.Join(err, b.cfg.Folder.Close())
	}
	return err
}

// Keep is the book's goroutine. It ends when updates is closed and all of it
// is committed, or returns the error that made that impossible; then it goes
// on reading updates, so that nobody is held up, and throws them away.
func (b *Book) Keep(updates <-chan *Update) error {
	go b.commitLoop()
	defer close(b.work)
	timer := newAlarm()
	var pace calm
	b.payOff()
	for updates != nil {
		in := updates
		if b.busy && b.overfull() {
			in = nil
		}
		switch {
		case b.busy || b.err != nil:
			timer.set(time.Time{})
		case b.since.IsZero():
			timer.within(b.cfg.Beat)
		default:
			timer.set(b.since.Add(b.gathers()))
		}
		select {
		case u, ok := <-in:
			if !ok {
				updates = nil
				break
			}
			b.apply(u)
			if !b.urgent { // otherwise somebody waits
				pace.rest(len(updates) == 0)
			}
		case <-timer.C:
			timer.rang()
			b.due = true
		case err := <-b.done:
			b.committed(err)
		case err := <-b.freed.done:
			b.keysGivenBack(err)
		}
		b.giveKeysBack()
		if !b.busy && (b.due || b.urgent || b.full()) {
			b.startCommit()
		}
	}
	b.ending = true
	if b.busy {
		b.committed(<-b.done)
	}
	if b.startCommit(); b.busy {
		b.committed(<-b.done)
	}
	// What has only now become final has keys to give back as well.
	for b.giveKeysBack(); b.freed.busy; b.giveKeysBack() {
		b.keysGivenBack(<-b.freed.done)
	}
	if len(b.next.GivenBack) > 0 {
		if b.startCommit(); b.busy {
			b.committed(<-b.done)
		}
	}
	return b.err
}

// gathers is for how long a commit gathers what becomes final.
func (b *Book) gathers() time.Duration {
	if b.cfg.Haste != nil && b.cfg.Haste() {
		return hasteAfter
	}
	return commitAfter
}

// overfull reports whether nothing more should be taken in until the commit
// under way has ended.
func (b *Book) overfull() bool {
	return b.rows > 2*commitRows || len(b.extra) > commitRows || (b.order != nil && b.order.Memory() > 2*heldMemory)
}

func (b *Book) full() bool {
	return b.rows > commitRows || (b.order != nil && b.order.Memory() > heldMemory)
}

// fail stops the book for good.
func (b *Book) fail(err error) {
	if err != nil && b.err == nil {
		b.err = &spec.WriteError{Err: err}
		b.hasFailed.Store(true)
		b.cfg.Failed(b.err)
	}
}

// Totals are the books as they stand.
func (b *Book) Totals() ledger.Totals {
	return ledger.Totals{
		Input: b.input.Load(), OK: b.ok.Load(), Failed: b.failed.Load(),
		Skipped: b.skipped.Load(), Unknown: b.unknown.Load(),
	}
}

// Check compares the books with themselves.
func (b *Book) Check(state ledger.State) error {
	t := b.Totals()
	if p := t.Pending(); p < 0 || (state == ledger.StateDone && p != 0) {
		return fmt.Errorf("%w: input %d, ok %d, failed %d, skipped %d, unknown %d", spec.ErrBooks, t.Input, t.OK, t.Failed, t.Skipped, t.Unknown)
	}
	end := t.Input
	if b.cfg.Part {
		end = b.read.Load()
	}
	if state == ledger.StateDone && b.order != nil && (b.order.Waiting() > 0 || uint64(b.order.Next()) != end) {
		return fmt.Errorf("%w: %d of %d results written, %d held", spec.ErrBooks, b.order.Next(), end, b.order.Waiting())
	}
	return nil
}

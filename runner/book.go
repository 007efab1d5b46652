package runner

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"brood/worker/wire"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// commitAfter is how long the first result waits for its commit. With the
	// commit itself this stays under 200 ms on any disk that deserves the name.
	commitAfter = 120 * time.Millisecond
	// beatAfter is how long nothing happens before the ledger is told that this
	// session is alive all the same.
	beatAfter = 5 * time.Second
	// holdMemory is how many bytes of early results are kept in memory before
	// a commit moves them into the ledger; at twice as much, nothing is taken
	// in until it has.
	heldMemory = 8 << 20
	// commitRows is how many rows bring a commit forward.
	commitRows = 20000
)

// troubleShown is how many failed or unknown records a report names.
const troubleShown = 3

// book puts results in order, writes them out, and keeps the ledger. All but
// the commits themselves happens in one goroutine.
type book struct {
	r      *session
	file   *sink.File
	order  *sink.Order // nil if the output is unordered
	ledger *ledger.Ledger
	reader *ledger.Reader
	// syncInput makes durable what has been read and is in no file of its own.
	syncInput func() error

	chunks  map[uint64]*chunk
	touched map[uint64]bool // chunks changed since the last commit
	next    ledger.Commit   // what the next commit will hold
	rows    int
	since   time.Time // the first change after the last commit; zero if none

	urgent bool // somebody waits for the next commit
	due    bool // it is time for the next commit
	busy   bool // a commit is under way
	work   chan *ledger.Commit
	done   chan error
	stored []*sink.Segment // held segments that the commit under way stores
	synced int64           // output bytes at the last sync
	err    error           // nothing is written or recorded any more

	freed freedKeys

	// What is told when the next commit, and the one under way, have ended: to
	// whoever waits, and to the pages how many of their notes are settled.
	toNotify, notifying []chan struct{}
	acks, acking        map[*wire.Page]uint64

	// Standard output may lose its reader. What was not delivered is then
	// held in the ledger like any result whose turn has not come.
	onStdout []span // segments in the file's buffer; end is the length here
	gone     bool   // the reader has left
	extra    []ledger.Held
	owed     []ledger.Held // unordered: of earlier sessions
	dropHeld jobs.Seq      // unordered: held results before it were written

	ok, failed, skipped, unknown atomic.Uint64
	trouble                      []ledger.Outcome // the first few of this session

	startMu sync.Mutex
	starts  map[uint64]dataset.Position
}

// chunk is the state of a chunk that is not closed.
type chunk struct {
	start dataset.Position
	bits  bitmap // ok
	ok    int
	final int
}

// noteStart notes where a chunk begins. The source calls it before it hands
// over any record of the chunk.
func (b *book) noteStart(n uint64, p dataset.Position) {
	b.startMu.Lock()
	defer b.startMu.Unlock()
	b.starts[n] = p
}

func (b *book) startOf(n uint64) dataset.Position {
	b.startMu.Lock()
	defer b.startMu.Unlock()
	p := b.starts[n]
	delete(b.starts, n)
	return p
}

// keep is the book's goroutine. It ends when updates is closed and all of it
// is committed, or returns the error that made that impossible; then it goes
// on reading updates, so that nobody is held up, and throws them away.
func (b *book) keep(updates <-chan *update) error {
	go b.commitLoop()
	defer close(b.work)
	timer := time.NewTimer(time.Hour)
	b.payOff()
	for updates != nil {
		in := updates
		if b.busy && b.overfull() {
			in = nil
		}
		switch {
		case b.busy || b.err != nil:
			timer.Stop()
		case b.since.IsZero():
			timer.Reset(beatAfter)
		default:
			timer.Reset(time.Until(b.since.Add(commitAfter)))
		}
		select {
		case u, ok := <-in:
			if !ok {
				updates = nil
				break
			}
			b.apply(u)
		case <-timer.C:
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

// overfull reports whether nothing more should be taken in until the commit
// under way has ended.
func (b *book) overfull() bool {
	return b.rows > 2*commitRows || len(b.extra) > commitRows || (b.order != nil && b.order.Memory() > 2*heldMemory)
}

func (b *book) full() bool {
	return b.rows > commitRows || (b.order != nil && b.order.Memory() > heldMemory)
}

// fail stops the book for good.
func (b *book) fail(err error) {
	if err != nil && b.err == nil {
		b.err = &spec.WriteError{Err: err}
		b.r.fail(b.err)
	}
}

// apply takes an update in.
func (b *book) apply(u *update) {
	defer u.free()
	if b.err != nil {
		return
	}
	if b.since.IsZero() {
		b.since = time.Now()
	}
	at, ok := 0, -len(u.outcomes)
	for _, s := range u.spans {
		ok += s.count
		b.markFinal(s.first, s.count)
		b.emit(s, u.buf[at:s.end])
		at = s.end
	}
	for i := range u.outcomes {
		b.markOutcome(&u.outcomes[i])
	}
	b.ok.Add(uint64(ok)) // the outcomes are among the spans, so it never falls
	b.next.Outcomes = append(b.next.Outcomes, u.outcomes...)
	for i := range u.attempts {
		b.r.metrics.noteAttempt(u.attempts[i].Verdict)
	}
	b.next.Attempts = append(b.next.Attempts, u.attempts...)
	b.next.Deaths = append(b.next.Deaths, u.deaths...)
	b.next.Retries = append(b.next.Retries, u.retries...)
	b.next.Settled = append(b.next.Settled, u.leftRetries...)
	b.next.Intents = append(b.next.Intents, u.intents...)
	b.next.Noted = append(b.next.Noted, u.settledNotes...)
	b.next.Freed = append(b.next.Freed, u.freed...)
	b.next.Slots = max(b.next.Slots, u.slots)
	if u.durable != nil {
		b.toNotify, b.urgent = append(b.toNotify, u.durable), true
	}
	if u.page != nil {
		b.acks[u.page] = max(b.acks[u.page], u.noted)
	}
	b.rows += len(u.outcomes) + len(u.attempts) + len(u.retries) + len(u.leftRetries)
}

// markFinal marks records as final and, for now, as ok.
func (b *book) markFinal(first jobs.Seq, count int) {
	for count > 0 {
		id := uint64(first / ledger.ChunkSize)
		at := uint(first % ledger.ChunkSize)
		n := min(count, int(ledger.ChunkSize-at))
		c := b.chunk(id)
		c.bits.set(at, uint(n))
		c.ok += n
		c.final += n
		b.touched[id] = true
		first += jobs.Seq(n)
		count -= n
	}
}

// markOutcome corrects what markFinal has said.
func (b *book) markOutcome(o *ledger.Outcome) {
	c := b.chunk(uint64(o.Seq / ledger.ChunkSize))
	c.bits.clear(uint(o.Seq % ledger.ChunkSize))
	c.ok--
	if o.Status != jobs.StatusSkipped && len(b.trouble) < troubleShown {
		b.trouble = append(b.trouble, *o)
	}
	switch o.Status {
	case jobs.StatusFailed:
		b.failed.Add(1)
	case jobs.StatusSkipped:
		b.skipped.Add(1)
	default:
		b.unknown.Add(1)
	}
}

func (b *book) chunk(id uint64) *chunk {
	c := b.chunks[id]
	if c == nil {
		c = &chunk{start: b.startOf(id)}
		b.chunks[id] = c
	}
	return c
}

// begin starts a commit of all that has come so far, unless writing has failed.
func (b *book) startCommit() {
	if b.err != nil {
		return
	}
	if b.flush(); b.err != nil {
		return
	}
	c := b.next
	b.next = ledger.Commit{}
	b.rows, b.since, b.due, b.urgent = 0, time.Time{}, false, false
	b.notifying, b.toNotify = b.toNotify, nil
	b.freed.committing = c.Freed
	b.acking, b.acks = b.acks, make(map[*wire.Page]uint64)
	c.InputDone = b.r.inputDone.Load()
	c.Totals = b.totals()
	c.Beat = true
	c.QuotaDay, c.QuotaUsed = b.r.feed.Quota()
	c.OutputBytes = b.file.Size()
	if b.order != nil {
		c.NextSeq = b.order.Next()
		b.stored = b.order.Unstored()
		for _, s := range b.stored {
			c.Held = append(c.Held, ledger.Held{First: s.First, Count: s.Count, Bytes: s.Bytes})
		}
	} else {
		c.NextSeq, c.Held = b.dropHeld, b.extra
		b.dropHeld, b.extra = 0, nil
	}
	for id := range b.touched {
		c.Chunks = append(c.Chunks, b.chunkRow(id))
	}
	clear(b.touched)
	// A record may have been queued again and settled since the last commit:
	// the later word counts.
	if len(c.Settled) > 0 && len(c.Retries) > 0 {
		final := make(map[jobs.Seq]bool, len(c.Settled))
		for _, seq := range c.Settled {
			final[seq] = true
		}
		c.Retries = slices.DeleteFunc(c.Retries, func(r ledger.Retry) bool { return final[r.Seq] })
	}
	b.busy = true
	b.work <- &c
}

func (b *book) chunkRow(id uint64) ledger.Chunk {
	c := b.chunks[id]
	row := ledger.Chunk{
		Chunk: id, File: c.start.File, Offset: c.start.Offset, Line: c.start.Line,
		Closed: c.final == ledger.ChunkSize, OK: c.ok,
	}
	if c.ok < ledger.ChunkSize {
		row.Bits = c.bits.bytes()
	}
	if row.Closed {
		delete(b.chunks, id)
	}
	return row
}

// totals are the books as they stand.
func (b *book) totals() ledger.Totals {
	return ledger.Totals{
		Input: b.r.input.Load(), OK: b.ok.Load(), Failed: b.failed.Load(),
		Skipped: b.skipped.Load(), Unknown: b.unknown.Load(),
	}
}

// finish takes note that the commit under way has ended.
func (b *book) committed(err error) {
	b.busy = false
	if err != nil {
		b.fail(err)
		return
	}
	for _, s := range b.stored {
		b.order.Forget(s)
	}
	b.stored = nil
	for page, number := range b.acking {
		page.Ack(number)
	}
	for _, ch := range b.notifying {
		close(ch)
	}
	b.acking, b.notifying = nil, nil
	b.freed.waiting = append(b.freed.waiting, b.freed.committing...)
	b.freed.committing = nil
}

// commitLoop makes commits durable: first what they speak of, then what they
// say.
func (b *book) commitLoop() {
	for c := range b.work {
		begun := time.Now()
		err := b.commit(c)
		b.r.metrics.noteCommit(time.Since(begun))
		b.done <- err
	}
}

func (b *book) commit(c *ledger.Commit) error {
	if err := b.syncInput(); err != nil {
		return err
	}
	if c.OutputBytes != b.synced {
		if err := b.file.Sync(); err != nil {
			return err
		}
		b.synced = c.OutputBytes
	}
	return b.ledger.Commit(context.Background(), c)
}

// check compares the books with themselves.
func (b *book) check(state ledger.State) error {
	t := b.totals()
	if p := t.Pending(); p < 0 || (state == ledger.StateDone && p != 0) {
		return fmt.Errorf("%w: input %d, ok %d, failed %d, skipped %d, unknown %d", spec.ErrBooks, t.Input, t.OK, t.Failed, t.Skipped, t.Unknown)
	}
	if state == ledger.StateDone && b.order != nil && (b.order.Waiting() > 0 || uint64(b.order.Next()) != t.Input) {
		return fmt.Errorf("%w: %d of %d results written, %d held", spec.ErrBooks, b.order.Next(), t.Input, b.order.Waiting())
	}
	return nil
}

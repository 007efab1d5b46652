package book

import (
	"brood/jobs"
	"brood/runner/ledger"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"
)

// startCommit starts a commit of all that has come so far, unless writing has failed.
func (b *Book) startCommit() {
	if b.err != nil {
		return
	}
	if b.flush(); b.err != nil {
		return
	}
	c := b.next
	// What it says is durable with the end of the session, which follows at once.
	c.Soft = b.ending && len(b.toNotify) == 0 && len(c.Freed) == 0 && len(c.GivenBack) == 0 && len(c.Owed) == 0
	b.next, b.spare = b.spare, ledger.Commit{}
	b.rows, b.since, b.due, b.urgent = 0, time.Time{}, false, false
	b.notifying, b.toNotify = b.toNotify, nil
	b.freed.committing = c.Freed
	b.acking, b.acks = b.acks, make(map[Ack]uint64)
	c.Course = b.course.take(time.Now(), b.ending)
	b.deliveries(&c, time.Now())
	c.InputDone = b.inputDone.Load()
	c.Totals = b.Totals()
	c.Beat = true
	c.QuotaDay, c.QuotaUsed = b.cfg.Quota()
	if c.OutputSum = b.cfg.File.Sum(); b.flushes() {
		c.OutputBytes = b.cfg.File.Size()
	} else {
		c.OutputBytes = b.synced
	}
	if b.cfg.Joblog != nil {
		size := b.cfg.Joblog.Size()
		c.JoblogBytes = &size
	}
	c.Printed, b.put = b.put, false
	if c.Issued = b.issued; c.Issued == 0 { // there are no intents, and need not be
		c.Issued = jobs.Seq(max(c.Totals.Input, b.read.Load()))
	}
	c.Acked = b.ackedNow()
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
	if len(c.LeftRetries) > 0 && len(c.Retries) > 0 {
		final := make(map[jobs.Seq]bool, len(c.LeftRetries))
		for _, seq := range c.LeftRetries {
			final[seq] = true
		}
		c.Retries = slices.DeleteFunc(c.Retries, func(r ledger.Retry) bool { return final[r.Seq] })
	}
	b.busy, b.making = true, &c
	b.work <- &c
}

// again makes a commit that has ended ready to be filled once more. Rows are kept in the
// same memory all along, as there are many where many records fail.
func again(c *ledger.Commit) ledger.Commit {
	return ledger.Commit{
		Outcomes: emptied(c.Outcomes), Attempts: emptied(c.Attempts), Retries: emptied(c.Retries), LeftRetries: emptied(c.LeftRetries),
		Owed: emptied(c.Owed),
	}
}

func emptied[T any](rows []T) []T {
	if cap(rows) > 4*commitRows {
		return nil
	}
	clear(rows) // what they point to goes
	return rows[:0]
}

// ackedNow is what the ledger is to know of settled notes, or nil if that is nothing new.
func (b *Book) ackedNow() []byte {
	if len(b.acking) == 0 {
		return nil
	}
	for ack, number := range b.acking {
		if n := 8 * ack.Slot(); n > len(b.acked) {
			b.acked = append(b.acked, make([]byte, n-len(b.acked))...)
		}
		binary.LittleEndian.PutUint64(b.acked[8*(ack.Slot()-1):], number)
	}
	return slices.Clone(b.acked)
}

func (b *Book) chunkRow(id uint64) ledger.Chunk {
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

// committed takes note that the commit under way has ended.
func (b *Book) committed(err error) {
	b.busy = false
	b.course.committed(b.lasted)
	if err != nil {
		b.fail(err)
		return
	}
	if b.cfg.Owed != nil && len(b.making.Owed) > 0 {
		b.cfg.Owed(b.making.Owed)
	}
	b.spare, b.making = again(b.making), nil
	for _, s := range b.stored {
		b.order.Forget(s)
	}
	b.stored = nil
	for ack, number := range b.acking {
		ack.Ack(number)
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
func (b *Book) commitLoop() {
	for c := range b.work {
		begun := time.Now()
		err := b.commit(c)
		b.lasted = time.Since(begun)
		b.cfg.Committed(b.lasted)
		b.done <- err
	}
}

func (b *Book) commit(c *ledger.Commit) error {
	if c.Bygone != nil {
		b.cfg.Rebase(c.Bygone.Offset, c.Bygone.Sum)
	}
	var err error
	if c.Spool, err = b.cfg.SyncInput(); err != nil {
		return err
	}
	if err := b.cfg.File.Check(c.OutputBytes); err != nil {
		return err
	}
	if c.OutputBytes != b.synced {
		if err := b.cfg.File.Sync(); err != nil {
			return err
		}
		b.synced = c.OutputBytes
	}
	if c.JoblogBytes != nil && *c.JoblogBytes != b.logged {
		if err := errors.Join(b.cfg.Joblog.Check(*c.JoblogBytes), b.cfg.Joblog.Sync()); err != nil {
			return onJoblog(err)
		}
		b.logged = *c.JoblogBytes
	}
	if c.Printed {
		if err := b.cfg.Folder.Sync(); err != nil {
			return err
		}
	}
	return b.cfg.Ledger.Commit(context.Background(), c)
}

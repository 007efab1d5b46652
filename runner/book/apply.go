package book

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"time"
)

// chunk is the state of a chunk that is not closed.
type chunk struct {
	start dataset.Position
	bits  Bitmap // ok
	ok    int
	final int
}

// apply takes an update in.
func (b *Book) apply(u *Update) {
	defer u.Free()
	if b.err != nil {
		return
	}
	if b.since.IsZero() {
		b.since = time.Now()
	}
	if len(u.Joblog) > 0 {
		b.fail(onJoblog(b.cfg.Joblog.Write(u.Joblog)))
	}
	for i := range u.Printed {
		if b.err == nil {
			b.fail(b.cfg.Folder.Put(&u.Printed[i]))
			b.put = true
		}
	}
	b.pass(u.passed)
	at, ok := 0, -len(u.Outcomes)
	for _, s := range u.spans {
		ok += s.count
		b.markFinal(s.first, s.count)
		b.emit(s, u.Buf[at:s.end])
		at = s.end
	}
	for i := range u.Outcomes {
		b.markOutcome(&u.Outcomes[i])
	}
	b.course.add(u, ok)
	b.ok.Add(uint64(ok)) // the outcomes are among the spans, so it never falls
	b.next.Outcomes = append(b.next.Outcomes, u.Outcomes...)
	for i := range u.Attempts {
		b.cfg.Tried(u.Attempts[i].Verdict)
	}
	b.next.Attempts = append(b.next.Attempts, u.Attempts...)
	b.next.Deaths = append(b.next.Deaths, u.Deaths...)
	b.next.Retries = append(b.next.Retries, u.Retries...)
	b.next.LeftRetries = append(b.next.LeftRetries, u.LeftRetries...)
	b.next.Intents = append(b.next.Intents, u.Intents...)
	for i := range u.Intents {
		b.issued = max(b.issued, u.Intents[i].First+jobs.Seq(u.Intents[i].Count))
	}
	b.next.SettledNotes = append(b.next.SettledNotes, u.SettledNotes...)
	b.next.Freed = append(b.next.Freed, u.Freed...)
	b.next.Owed = append(b.next.Owed, u.Owed...)
	if u.Bygone != nil {
		b.next.Bygone = u.Bygone
	}
	b.next.Slots = max(b.next.Slots, u.Slots)
	if u.Config != nil {
		b.next.Config = u.Config
	}
	if u.Durable != nil {
		b.toNotify, b.urgent = append(b.toNotify, u.Durable), true
	}
	if u.Ack != nil {
		b.acks[u.Ack] = max(b.acks[u.Ack], u.AckUpTo)
	}
	b.rows += len(u.Outcomes) + len(u.Attempts) + len(u.Retries) + len(u.LeftRetries) + len(u.Owed)
}

// pass takes note of records that other shards work on: they are nothing to wait for, and have no bit.
func (b *Book) pass(list []stretch) {
	for _, s := range list {
		if !s.known {
			b.eachChunk(s.first, s.count, func(c *chunk, _ uint, n int) { c.final += n })
		}
		if b.order != nil {
			b.order.Pass(s.first, s.count)
		}
	}
	if len(list) > 0 && b.order != nil {
		b.drainOrder()
	}
}

// markFinal marks records as final and, for now, as ok.
func (b *Book) markFinal(first jobs.Seq, count int) {
	b.eachChunk(first, count, func(c *chunk, at uint, n int) {
		c.bits.set(at, uint(n))
		c.ok += n
		c.final += n
	})
}

// eachChunk changes the chunks that records are in, each with where they begin there and how many they are.
func (b *Book) eachChunk(first jobs.Seq, count int, change func(c *chunk, at uint, n int)) {
	for count > 0 {
		id := uint64(first / ledger.ChunkSize)
		at := uint(first % ledger.ChunkSize)
		n := min(count, int(ledger.ChunkSize-at))
		change(b.chunk(id), at, n)
		b.touched[id] = true
		first += jobs.Seq(n)
		count -= n
	}
}

// markOutcome corrects what markFinal has said.
func (b *Book) markOutcome(o *ledger.Outcome) {
	c := b.chunk(uint64(o.Seq / ledger.ChunkSize))
	c.bits.clear(uint(o.Seq % ledger.ChunkSize))
	c.ok--
	switch o.Status {
	case jobs.StatusFailed:
		b.failed.Add(1)
	case jobs.StatusSkipped:
		b.skipped.Add(1)
	default:
		b.unknown.Add(1)
	}
}

func (b *Book) chunk(id uint64) *chunk {
	c := b.chunks[id]
	if c == nil {
		c = &chunk{start: b.startOf(id)}
		b.chunks[id] = c
	}
	return c
}

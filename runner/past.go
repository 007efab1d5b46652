package runner

import (
	"brood/jobs"
	"brood/runner/ledger"
	"context"
)

// past is what earlier sessions have left for the source.
type past struct {
	chunks  map[uint64]*ledger.Chunk
	final   map[uint64]*bitmap // which records of chunks that are not closed are final
	retries map[jobs.Seq]ledger.Retry
	notes   map[jobs.Seq]ledger.Note
}

// isFinal reports whether a record is done.
func (p *past) isFinal(seq jobs.Seq) bool {
	id := uint64(seq / ledger.ChunkSize)
	if c := p.chunks[id]; c != nil && c.Closed {
		return true
	}
	b := p.final[id]
	return b != nil && b.has(uint(seq%ledger.ChunkSize))
}

// skipFrom returns the first chunk after closed ones, if chunk is closed and
// it is known where that one begins.
func (p *past) skipFrom(chunk uint64) (uint64, bool) {
	at := chunk
	best, found := uint64(0), false
	for {
		c, ok := p.chunks[at]
		if !ok {
			return best, found
		}
		if at > chunk {
			best, found = at, true
		}
		if !c.Closed {
			return best, found
		}
		at++
	}
}

// takeFinal returns which records of a chunk are final. A chunk that is closed
// but had to be read all the same, as nothing behind it is known, is all final.
func (p *past) takeFinal(chunk uint64) *bitmap {
	if c := p.chunks[chunk]; c != nil && c.Closed {
		return allFinal
	}
	b := p.final[chunk]
	delete(p.final, chunk)
	return b
}

// loadPast reads what earlier sessions have left.
func loadPast(ctx context.Context, l *ledger.Reader) (*past, error) {
	p := &past{
		chunks: make(map[uint64]*ledger.Chunk), final: make(map[uint64]*bitmap),
		retries: make(map[jobs.Seq]ledger.Retry), notes: make(map[jobs.Seq]ledger.Note),
	}
	chunks, err := l.Chunks(ctx, ledger.BitsOfOpen)
	if err != nil {
		return nil, err
	}
	for i := range chunks {
		c := &chunks[i]
		p.chunks[c.Chunk] = c
		if c.Closed {
			continue
		}
		final := &bitmap{}
		final.load(c.Bits)
		others, err := l.OutcomesIn(ctx, c.Chunk)
		if err != nil {
			return nil, err
		}
		for _, o := range others {
			final.set(uint(o.Seq%ledger.ChunkSize), 1)
		}
		p.final[c.Chunk] = final
	}
	waiting, err := l.Retries(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range waiting {
		p.retries[r.Seq] = r
	}
	left, err := l.Notes(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range left {
		p.notes[n.Seq] = n
	}
	return p, nil
}

package book

import (
	"brood/jobs"
	"brood/runner/ledger"
	"context"
)

// Past is what earlier sessions have left for the source.
type Past struct {
	Chunks  map[uint64]*ledger.Chunk
	final   map[uint64]*Bitmap // which records of chunks that are not closed are final
	Retries map[jobs.Seq]ledger.Retry
	Notes   map[jobs.Seq]ledger.Note
}

// IsFinal reports whether a record is done.
func (p *Past) IsFinal(seq jobs.Seq) bool {
	id := uint64(seq / ledger.ChunkSize)
	if c := p.Chunks[id]; c != nil && c.Closed {
		return true
	}
	b := p.final[id]
	return b != nil && b.Has(uint(seq%ledger.ChunkSize))
}

// SkipFrom returns the first chunk after closed ones, if chunk is closed and
// it is known where that one begins.
func (p *Past) SkipFrom(chunk uint64) (uint64, bool) {
	at := chunk
	best, found := uint64(0), false
	for {
		c, ok := p.Chunks[at]
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

// TakeFinal returns which records of a chunk are final. A chunk that is closed
// but had to be read all the same, as nothing behind it is known, is all final.
func (p *Past) TakeFinal(chunk uint64) *Bitmap {
	if c := p.Chunks[chunk]; c != nil && c.Closed {
		return AllFinal()
	}
	b := p.final[chunk]
	delete(p.final, chunk)
	return b
}

// LoadPast reads what earlier sessions have left.
func LoadPast(ctx context.Context, l *ledger.Reader) (*Past, error) {
	p := &Past{
		Chunks: make(map[uint64]*ledger.Chunk), final: make(map[uint64]*Bitmap),
		Retries: make(map[jobs.Seq]ledger.Retry), Notes: make(map[jobs.Seq]ledger.Note),
	}
	gone, err := l.Bygone(ctx)
	if err != nil {
		return nil, err
	}
	chunks, err := l.Chunks(ctx, ledger.BitsOfOpen)
	if err != nil {
		return nil, err
	}
	for i := range chunks {
		c := &chunks[i]
		p.Chunks[c.Chunk] = c
		if c.Closed {
			continue
		}
		final := &Bitmap{}
		final.Load(c.Bits)
		others, err := l.OutcomesIn(ctx, c.Chunk)
		if err != nil {
			return nil, err
		}
		for _, o := range others {
			final.set(uint(o.Seq%ledger.ChunkSize), 1)
		}
		if first := jobs.Seq(c.Chunk * ledger.ChunkSize); gone.Records > first { // of these nothing else is known
			final.set(0, uint(min(gone.Records-first, ledger.ChunkSize)))
		}
		p.final[c.Chunk] = final
	}
	waiting, err := l.Retries(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range waiting {
		p.Retries[r.Seq] = r
	}
	left, err := l.Notes(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range left {
		p.Notes[n.Seq] = n
	}
	return p, nil
}

package ledger

import (
	"brood/jobs"
	"brood/runner/ledger/seal"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	mathbits "math/bits"
)

// Verify compares the ledger of a run that nobody works on with its seal, and has SQLite
// look for contradictions in it. An error wraps ErrDamaged, or tells why it could not look.
func Verify(ctx context.Context, path string) error {
	if err := Compare(path); err != nil {
		return err
	}
	r, err := OpenReader(ctx, path)
	if err != nil {
		return err
	}
	return errors.Join(explain(Integrity(ctx, r.db)), r.Close())
}

// Compare compares the ledger of a run that nobody works on with its seal, page by page. If
// there is no seal, OpenReader says whether there should be one.
func Compare(path string) error {
	if err := present(path); err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	if err := seal.Compare(sealPath(path), path, BootID()); err != nil && !errors.Is(err, seal.ErrNone) {
		return damaged(err)
	}
	return nil
}

// Recount counts what a ledger holds, row by row, and compares that with what it says of
// itself; of one that somebody writes to, not each bit of it. An error wraps ErrDamaged.
func (r *Reader) Recount(ctx context.Context, live bool) (Totals, error) {
	tx, err := r.db.BeginTx(ctx, nil) // one state of it, whoever writes
	if err != nil {
		return Totals{}, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	defer func() { _ = tx.Rollback() }()
	var said, found Totals
	var state string
	var final uint64
	for _, q := range []struct {
		sql string
		to  []any
	}{
		{`SELECT state, input, ok, failed, skipped, unknown FROM run`, []any{&state, &said.Input, &said.OK, &said.Failed, &said.Skipped, &said.Unknown}},
		{`SELECT ifnull(sum(ok), 0) FROM chunks`, []any{&found.OK}},
		{
			`SELECT count(*) FILTER (WHERE status = 'failed'), count(*) FILTER (WHERE status = 'skipped'), count(*) FILTER (WHERE status = 'unknown') FROM outcomes`,
			[]any{&found.Failed, &found.Skipped, &found.Unknown},
		},
		{`SELECT count(*) FROM retries JOIN outcomes USING (seq)`, []any{&final}},
	} {
		if err := tx.QueryRowContext(ctx, q.sql).Scan(q.to...); err != nil {
			return Totals{}, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
		}
	}
	g, err := r.Bygone(ctx)
	if err != nil {
		return said, err
	}
	found.Failed, found.Skipped = found.Failed+g.Failed, found.Skipped+g.Skipped
	found.Input = said.Input
	switch {
	case found != said:
		return said, fmt.Errorf("%w: its books say %s, and it holds %s", ErrDamaged, said, found)
	case found.Pending() < 0 || (State(state) == StateDone && found.Pending() != 0):
		return said, fmt.Errorf("%w: its books do not balance: %s", ErrDamaged, said)
	case final > 0:
		return said, fmt.Errorf("%w: %d records that wait for a retry are final", ErrDamaged, final)
	}
	if live {
		return said, nil
	}
	return said, r.recountChunks(ctx)
}

// recountChunks compares the bits of chunks with what is counted of them.
func (r *Reader) recountChunks(ctx context.Context) error {
	gone, err := r.Bygone(ctx)
	if err != nil {
		return err
	}
	chunks, err := r.Chunks(ctx, BitsOfAll)
	if err != nil {
		return err
	}
	part, err := r.ofPart(ctx)
	if err != nil {
		return err
	}
	for i := range chunks {
		c := &chunks[i]
		ok := ChunkSize
		if c.Bits != nil {
			ok = popcount(c.Bits)
		}
		if ok != c.OK {
			return fmt.Errorf("%w: %d records of chunk %d are marked as ok, and %d are counted", ErrDamaged, ok, c.Chunk, c.OK)
		}
		others, err := r.OutcomesIn(ctx, c.Chunk)
		if err != nil {
			return err
		}
		for j := range others {
			if at := uint64(others[j].Seq % ChunkSize); c.Bits == nil || marked(c.Bits, at) {
				return fmt.Errorf("%w: record %d is ok and %s", ErrDamaged, others[j].Seq, others[j].Status)
			}
		}
		if c.Closed && ok+len(others) != ChunkSize && !part && gone.Records <= jobs.Seq(c.Chunk*ChunkSize) {
			return fmt.Errorf("%w: chunk %d is closed with %d records", ErrDamaged, c.Chunk, ok+len(others))
		}
	}
	return nil
}

// ofPart reports whether the run is about a part of its dataset: a chunk is closed then also with records that are of
// other shards, of which nothing is known here.
func (r *Reader) ofPart(ctx context.Context) (bool, error) {
	sum, err := r.Summary(ctx)
	if err != nil {
		return false, err
	}
	var cfg struct {
		Shard json.RawMessage `json:"shard"`
	}
	if err := json.Unmarshal(sum.Config, &cfg); err != nil {
		return false, fmt.Errorf("%w: read the configuration of the run: %w", ErrDamaged, err)
	}
	return cfg.Shard != nil, nil
}

func marked(bits []byte, at uint64) bool {
	return at/8 < uint64(len(bits)) && bits[at/8]>>(at%8)&1 != 0
}

func popcount(bits []byte) (n int) {
	for _, b := range bits {
		n += mathbits.OnesCount8(b)
	}
	return n
}

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// statements are the prepared statements of the writer.
type statements struct {
	all                                                                             []*sql.Stmt
	totals, output, joblog, dropHeld                                                *sql.Stmt
	chunk, outcome, attempt, retry, settled, holdIt                                 *sql.Stmt
	death, intent, noted, amended, beat, free, given, quota, slots, progress, acked *sql.Stmt
}

func (l *Ledger) prepare(ctx context.Context) error {
	for _, p := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&l.stmts.totals, `UPDATE run SET input = ?, input_done = ?, ok = ?, failed = ?, skipped = ?, unknown = ?`},
		{&l.stmts.output, `UPDATE outputs SET bytes = ?, next_seq = ? WHERE output = 0`},
		{&l.stmts.joblog, `UPDATE outputs SET bytes = ? WHERE output = 1`},
		{&l.stmts.dropHeld, `DELETE FROM held WHERE first_seq < ?`},
		{&l.stmts.chunk, `INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (chunk) DO UPDATE SET closed = excluded.closed, ok = excluded.ok, bits = excluded.bits`},
		{&l.stmts.outcome, `INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&l.stmts.attempt, `INSERT INTO attempts (seq, attempt, at, verdict, class, error, ms, slot) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`},
		{&l.stmts.retry, `INSERT OR REPLACE INTO retries VALUES (?, ?, ?, ?, ?, (SELECT ifnull(max(id), 0) FROM intents))`},
		{&l.stmts.intent, `INSERT INTO intents (epoch, at, first_seq, count, attempt, keys) VALUES (?, ?, ?, ?, ?, ?)`},
		{&l.stmts.noted, `DELETE FROM notes WHERE seq = ?`},
		{&l.stmts.amended, `UPDATE amendments SET bytes = ? WHERE seq = ?`},
		{&l.stmts.free, `INSERT OR IGNORE INTO freed VALUES (?)`},
		{&l.stmts.given, `DELETE FROM freed WHERE key = ?`},
		{&l.stmts.slots, `UPDATE sessions SET slots = max(slots, ?) WHERE session = (SELECT max(session) FROM sessions)`},
		{&l.stmts.progress, `UPDATE progress SET number = number + 1, issued = max(issued, ?), output_sum = ?, spool = ?, spool_sum = ?`},
		{&l.stmts.acked, `UPDATE progress SET acked = ?`},
		{&l.stmts.quota, `INSERT OR REPLACE INTO quota VALUES (1, ?, ?)`},
		{&l.stmts.beat, `UPDATE owner SET beat_at = ?`},
		{&l.stmts.settled, `DELETE FROM retries WHERE seq = ?`},
		{&l.stmts.holdIt, `INSERT OR REPLACE INTO held VALUES (?, ?, ?)`},
		{&l.stmts.death, `INSERT INTO deaths (at, slot, pid, how, seq, cpu_ms, max_rss, said) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`},
	} {
		st, err := l.write.PrepareContext(ctx, p.sql) //nolint:sqlclosecheck // closed by Close
		if err != nil {
			return fmt.Errorf("prepare %q: %w", p.sql, err)
		}
		*p.to = st
		l.stmts.all = append(l.stmts.all, st)
	}
	return nil
}

func (s *statements) close() {
	for _, st := range s.all {
		_ = st.Close()
	}
}

// errBroken is what every commit after a failed one returns.
var errBroken = errors.New("an earlier commit failed; nothing more is recorded by this process")

// Commit records c in one transaction and returns when it is durable. It must
// be called from one goroutine at a time.
func (l *Ledger) Commit(ctx context.Context, c *Commit) (err error) {
	if l.broken {
		return fmt.Errorf("commit to ledger %s: %w", l.path, errBroken)
	}
	defer func() {
		if err != nil {
			l.broken = true
			err = fmt.Errorf("commit to ledger %s: %w", l.path, explain(err))
		}
	}()
	if err := l.inPlace(); err != nil {
		return err
	}
	// Not sql.Tx: it would prepare each statement anew for every row.
	if _, err := l.write.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, _ = l.write.ExecContext(ctx, "ROLLBACK") // the first error is the one that counts
		}
	}()
	b := batch{ctx: ctx}
	t := c.Totals
	b.exec(l.stmts.totals, t.Input, c.InputDone, t.OK, t.Failed, t.Skipped, t.Unknown)
	b.exec(l.stmts.output, c.OutputBytes, uint64(c.NextSeq))
	if c.JoblogBytes != nil {
		b.exec(l.stmts.joblog, *c.JoblogBytes)
	}
	b.exec(l.stmts.progress, uint64(c.Issued), c.OutputSum, c.Spool.Bytes, c.Spool.Sum)
	if c.Acked != nil {
		b.exec(l.stmts.acked, c.Acked)
	}
	b.exec(l.stmts.dropHeld, uint64(c.NextSeq))
	for i := range c.Chunks {
		r := &c.Chunks[i]
		var bits any
		if r.Bits != nil {
			bits = r.Bits
		}
		b.exec(l.stmts.chunk, r.Chunk, r.File, r.Offset, r.Line, r.Closed, r.OK, bits)
	}
	for i := range c.Outcomes {
		r := &c.Outcomes[i]
		b.exec(l.stmts.outcome, uint64(r.Seq), r.Status.String(), string(r.Class), r.Error, r.Attempts, r.Crashes,
			r.Place.File, r.Place.Line, r.Place.Offset, stamp(r.At))
	}
	for i := range c.Attempts {
		r := &c.Attempts[i]
		b.exec(l.stmts.attempt, uint64(r.Seq), r.Attempt, stamp(r.At), string(r.Verdict), string(r.Class), r.Error, r.Elapsed.Milliseconds(), r.Slot)
	}
	for i := range c.Retries {
		r := &c.Retries[i]
		b.exec(l.stmts.retry, uint64(r.Seq), r.Attempts, r.Crashes, stamp(r.Due), stamp(r.First))
	}
	for _, seq := range c.LeftRetries {
		b.exec(l.stmts.settled, uint64(seq))
	}
	for i := range c.Held {
		r := &c.Held[i]
		if r.Bytes == nil {
			r.Bytes = []byte{} // nil would be NULL
		}
		b.exec(l.stmts.holdIt, uint64(r.First), r.Count, r.Bytes)
	}
	for i := range c.Deaths {
		r := &c.Deaths[i]
		var seq any
		if r.Seq != nil {
			seq = uint64(*r.Seq)
		}
		b.exec(l.stmts.death, stamp(r.At), r.Slot, r.PID, r.How, seq, r.CPU.Milliseconds(), r.MaxRSS, r.Said)
	}
	// After the retries, each of which answers the intents so far.
	for i := range c.Intents {
		r := &c.Intents[i]
		var keys any
		if r.Keys != nil {
			keys = r.Keys
		}
		b.exec(l.stmts.intent, r.Epoch, stamp(r.At), uint64(r.First), r.Count, r.Attempt, keys)
	}
	for _, seq := range c.SettledNotes {
		b.exec(l.stmts.noted, uint64(seq))
	}
	for i := range c.Amended {
		r := &c.Amended[i]
		if r.Bytes == nil {
			r.Bytes = []byte{} // nil would be NULL
		}
		b.exec(l.stmts.amended, r.Bytes, uint64(r.Seq))
	}
	for _, key := range c.GivenBack {
		b.exec(l.stmts.given, key)
	}
	for _, key := range c.Freed {
		b.exec(l.stmts.free, key)
	}
	if c.Slots > 0 {
		b.exec(l.stmts.slots, c.Slots)
	}
	if c.QuotaDay != "" {
		b.exec(l.stmts.quota, c.QuotaDay, c.QuotaUsed)
	}
	if c.Beat {
		b.exec(l.stmts.beat, stamp(time.Now()))
	}
	if b.err != nil {
		return b.err
	}
	if _, err = l.write.ExecContext(ctx, "COMMIT"); err != nil {
		return err
	}
	return l.sealIt(uint64(c.Issued))
}

// batch runs statements until one fails.
type batch struct {
	ctx context.Context
	err error
}

func (b *batch) exec(st *sql.Stmt, args ...any) {
	if b.err == nil {
		_, b.err = st.ExecContext(b.ctx, args...)
	}
}

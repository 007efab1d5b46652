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
	all                                             []*sql.Stmt
	totals, output, dropHeld                        *sql.Stmt
	chunk, outcome, attempt, retry, settled, holdIt *sql.Stmt
	death                                           *sql.Stmt
}

func (l *Ledger) prepare(ctx context.Context) error {
	for _, p := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&l.stmts.totals, `UPDATE run SET input = ?, input_done = ?, ok = ?, failed = ?, skipped = ?, unknown = ?`},
		{&l.stmts.output, `UPDATE outputs SET bytes = ?, next_seq = ? WHERE output = 0`},
		{&l.stmts.dropHeld, `DELETE FROM held WHERE first_seq < ?`},
		{&l.stmts.chunk, `INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (chunk) DO UPDATE SET closed = excluded.closed, ok = excluded.ok, bits = excluded.bits`},
		{&l.stmts.outcome, `INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&l.stmts.attempt, `INSERT INTO attempts (seq, attempt, at, verdict, class, error, ms, slot) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`},
		{&l.stmts.retry, `INSERT OR REPLACE INTO retries VALUES (?, ?, ?, ?)`},
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
			err = fmt.Errorf("commit to ledger %s: %w", l.path, err)
		}
	}()
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
		b.exec(l.stmts.attempt, uint64(r.Seq), r.Attempt, stamp(r.At), r.Verdict, string(r.Class), r.Error, r.Elapsed.Milliseconds(), r.Slot)
	}
	for i := range c.Retries {
		r := &c.Retries[i]
		b.exec(l.stmts.retry, uint64(r.Seq), r.Attempts, r.Crashes, stamp(r.Due))
	}
	for _, seq := range c.Settled {
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
	if b.err != nil {
		return b.err
	}
	_, err = l.write.ExecContext(ctx, "COMMIT")
	return err
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

// BeginSession records that this process works on the run now.
func (l *Ledger) BeginSession(ctx context.Context, s Session) error {
	tx, err := l.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("write ledger %s: %w", l.path, err)
	}
	defer func() { _ = tx.Rollback() }()
	b := func(q string, args ...any) {
		if err == nil {
			_, err = tx.ExecContext(ctx, q, args...)
		}
	}
	b(`INSERT INTO sessions (started_at, version, pid, host, boot_id) VALUES (?, ?, ?, ?, ?)`,
		stamp(s.StartedAt), s.Version, s.PID, s.Host, s.BootID)
	b(`UPDATE run SET state = 'running', reason = '', finished_at = NULL`)
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return fmt.Errorf("write ledger %s: %w", l.path, err)
	}
	return nil
}

// EndSession records how the session ended.
func (l *Ledger) EndSession(ctx context.Context, state State, reason string, u Usage) error {
	at := time.Now()
	if l.broken {
		return fmt.Errorf("write ledger %s: %w", l.path, errBroken)
	}
	tx, err := l.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("write ledger %s: %w", l.path, err)
	}
	defer func() { _ = tx.Rollback() }()
	b := func(q string, args ...any) {
		if err == nil {
			_, err = tx.ExecContext(ctx, q, args...)
		}
	}
	b(`UPDATE run SET state = ?, reason = ?, finished_at = ?`, string(state), reason, stamp(at))
	b(`UPDATE sessions SET ended_at = ?, ended_as = ?, workers = ?, cpu_ms = ?, max_rss = ? WHERE session = (SELECT max(session) FROM sessions)`,
		stamp(at), string(state), u.Workers, u.CPU.Milliseconds(), u.MaxRSS)
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		l.broken = true
		return fmt.Errorf("write ledger %s: %w", l.path, err)
	}
	return nil
}

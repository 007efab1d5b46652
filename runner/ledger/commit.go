package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// statement is one of the writer's, which is prepared when it is first needed.
type statement struct {
	sql string
	st  *sql.Stmt
}

// statements are those of the writer.
type statements struct {
	totals, output, joblog, dropHeld                                                                statement
	chunk, outcome, attempt, retry, settled, holdIt                                                 statement
	death, intent, noted, amended, beat, free, given, quota, slots, config, progress, acked, course statement
	owed, done, doneMany, highest, answered, day                                                    statement
}

func newStatements() statements {
	of := func(q string) statement { return statement{sql: q} }
	return statements{
		totals:   of(`UPDATE run SET input = ?, input_done = ?, ok = ?, failed = ?, skipped = ?, unknown = ?`),
		output:   of(`UPDATE outputs SET bytes = ?, next_seq = ? WHERE output = 0`),
		joblog:   of(`UPDATE outputs SET bytes = ? WHERE output = 1`),
		dropHeld: of(`DELETE FROM held WHERE first_seq < ?`),
		chunk: of(`INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (chunk) DO UPDATE SET closed = excluded.closed, ok = excluded.ok, bits = excluded.bits`),
		outcome:  of(`INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
		attempt:  of(`INSERT INTO attempts (seq, attempt, at, verdict, class, error, ms, slot) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`),
		retry:    of(`INSERT OR REPLACE INTO retries VALUES (?, ?, ?, ?, ?, (SELECT ifnull(max(id), 0) FROM intents))`),
		intent:   of(`INSERT INTO intents (epoch, at, first_seq, count, attempt, keys) VALUES (?, ?, ?, ?, ?, ?)`),
		noted:    of(`DELETE FROM notes WHERE seq = ?`),
		amended:  of(`UPDATE amendments SET bytes = ? WHERE seq = ?`),
		free:     of(`INSERT OR IGNORE INTO freed VALUES (?)`),
		given:    of(`DELETE FROM freed WHERE key = ?`),
		slots:    of(`UPDATE sessions SET slots = max(slots, ?) WHERE session = (SELECT max(session) FROM sessions)`),
		config:   of(`UPDATE run SET config = ?`),
		progress: of(`UPDATE progress SET number = number + 1, issued = max(issued, ?), output_sum = ?, spool = ?, spool_sum = ?`),
		acked:    of(`UPDATE progress SET acked = ?`),
		quota:    of(`INSERT OR REPLACE INTO quota VALUES (1, ?, ?)`),
		beat:     of(`UPDATE owner SET beat_at = ?`),
		settled:  of(`DELETE FROM retries WHERE seq = ?`),
		holdIt:   of(`INSERT OR REPLACE INTO held VALUES (?, ?, ?)`),
		course:   of(addStretch),
		owed:     of(addOwed),
		done:     of(addDone),
		doneMany: of(addDone + strings.Repeat(", "+doneRow, doneRows-1)),
		highest:  of(raiseHighest),
		answered: of(setAnswered),
		day:      of(addDay),
		death:    of(`INSERT INTO deaths (at, slot, pid, how, seq, cpu_ms, max_rss, said) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`),
	}
}

func (s *statements) all() []*statement {
	return []*statement{
		&s.totals, &s.output, &s.joblog, &s.dropHeld, &s.chunk, &s.outcome, &s.attempt, &s.retry, &s.settled, &s.holdIt, &s.death,
		&s.intent, &s.noted, &s.amended, &s.beat, &s.free, &s.given, &s.quota, &s.slots, &s.config, &s.progress, &s.acked, &s.course,
		&s.owed, &s.done, &s.doneMany, &s.highest, &s.answered, &s.day,
	}
}

// prepare prepares all of them, but for those of tables that a ledger has only when they are needed.
func (s *statements) prepare(ctx context.Context, c *sql.Conn) error {
	for _, x := range s.all() {
		switch x {
		case &s.course, &s.config, &s.owed, &s.done, &s.doneMany, &s.highest, &s.answered, &s.day:
			continue
		}
		if err := x.prepare(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (x *statement) prepare(ctx context.Context, c *sql.Conn) (err error) {
	if x.st != nil {
		return nil
	}
	if x.st, err = c.PrepareContext(ctx, x.sql); err != nil {
		return fmt.Errorf("prepare %q: %w", x.sql, err)
	}
	return nil
}

func (s *statements) close() {
	for _, x := range s.all() {
		if x.st != nil {
			_ = x.st.Close()
		}
	}
}

// errBroken is what every commit after a failed one returns.
var errBroken = errors.New("an earlier commit failed; nothing more is recorded by this process")

// Commit records c in one transaction and returns when it is durable, unless it is soft. It must
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
	if err := l.soften(ctx, c.Soft); err != nil {
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
	b := batch{ctx: ctx, conn: l.write}
	t := c.Totals
	b.exec(&l.stmts.totals, t.Input, c.InputDone, t.OK, t.Failed, t.Skipped, t.Unknown)
	b.exec(&l.stmts.output, c.OutputBytes, uint64(c.NextSeq))
	if c.JoblogBytes != nil {
		b.exec(&l.stmts.joblog, *c.JoblogBytes)
	}
	b.exec(&l.stmts.progress, uint64(c.Issued), c.OutputSum, c.Spool.Bytes, c.Spool.Sum)
	if c.Acked != nil {
		b.exec(&l.stmts.acked, c.Acked)
	}
	b.exec(&l.stmts.dropHeld, uint64(c.NextSeq))
	for i := range c.Chunks {
		r := &c.Chunks[i]
		var bits any
		if r.Bits != nil {
			bits = r.Bits
		}
		b.exec(&l.stmts.chunk, r.Chunk, r.File, r.Offset, r.Line, r.Closed, r.OK, bits)
	}
	for i := range c.Outcomes {
		r := &c.Outcomes[i]
		b.exec(&l.stmts.outcome, uint64(r.Seq), r.Status.String(), string(r.Class), r.Error, r.Attempts, r.Crashes,
			r.Place.File, r.Place.Line, r.Place.Offset, stamp(r.At))
	}
	for i := range c.Attempts {
		r := &c.Attempts[i]
		b.exec(&l.stmts.attempt, uint64(r.Seq), r.Attempt, stamp(r.At), string(r.Verdict), string(r.Class), r.Error, r.Elapsed.Milliseconds(), r.Slot)
	}
	for i := range c.Retries {
		r := &c.Retries[i]
		b.exec(&l.stmts.retry, uint64(r.Seq), r.Attempts, r.Crashes, stamp(r.Due), stamp(r.First))
	}
	for _, seq := range c.LeftRetries {
		b.exec(&l.stmts.settled, uint64(seq))
	}
	for i := range c.Held {
		r := &c.Held[i]
		if r.Bytes == nil {
			r.Bytes = []byte{} // nil would be NULL
		}
		b.exec(&l.stmts.holdIt, uint64(r.First), r.Count, r.Bytes)
	}
	for i := range c.Deaths {
		r := &c.Deaths[i]
		var seq any
		if r.Seq != nil {
			seq = uint64(*r.Seq)
		}
		b.exec(&l.stmts.death, stamp(r.At), r.Slot, r.PID, r.How, seq, r.CPU.Milliseconds(), r.MaxRSS, r.Said)
	}
	// After the retries, each of which answers the intents so far.
	for i := range c.Intents {
		r := &c.Intents[i]
		var keys any
		if r.Keys != nil {
			keys = r.Keys
		}
		b.exec(&l.stmts.intent, r.Epoch, stamp(r.At), uint64(r.First), r.Count, r.Attempt, keys)
	}
	for _, seq := range c.SettledNotes {
		b.exec(&l.stmts.noted, uint64(seq))
	}
	for i := range c.Amended {
		r := &c.Amended[i]
		if r.Bytes == nil {
			r.Bytes = []byte{} // nil would be NULL
		}
		b.exec(&l.stmts.amended, r.Bytes, uint64(r.Seq))
	}
	for _, key := range c.GivenBack {
		b.exec(&l.stmts.given, key)
	}
	for _, key := range c.Freed {
		b.exec(&l.stmts.free, key)
	}
	for i := range c.Course {
		b.exec(&l.stmts.course, c.Course[i].values()...)
	}
	l.deliveries(&b, c)
	if c.Slots > 0 {
		b.exec(&l.stmts.slots, c.Slots)
	}
	if c.Config != nil {
		b.exec(&l.stmts.config, string(c.Config))
	}
	if c.QuotaDay != "" {
		b.exec(&l.stmts.quota, c.QuotaDay, c.QuotaUsed)
	}
	if c.Beat {
		b.exec(&l.stmts.beat, stamp(time.Now()))
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
	ctx  context.Context
	conn *sql.Conn
	err  error
}

func (b *batch) exec(x *statement, args ...any) {
	if b.err == nil {
		b.err = x.prepare(b.ctx, b.conn)
	}
	if b.err == nil {
		_, b.err = x.st.ExecContext(b.ctx, args...)
	}
}

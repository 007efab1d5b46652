package ledger

import (
	"brood/jobs"
	"brood/runner/ledger/seal"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Reader reads a ledger that another process may be writing.
type Reader struct {
	db   querier
	path string
	old  bool // of oldVersion
	open bool // by OpenReader, and not by a Ledger that writes

	migrated bool
}

const (
	passingLooks = 50
	passingTime  = 10 * time.Millisecond
)

// querier asks a database: by a connection of its own, or by that of the writer.
type querier interface {
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
	Close() error
}

// OpenReader opens a ledger for reading only. One that has lost its newest part is
// ErrDamaged; what it holds is not compared with its seal, as Open does.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	if err := present(path); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	// Before the ledger, which is ahead of it while somebody writes.
	id, at, sealErr := seal.Peek(sealPath(path))
	db, err := sql.Open("sqlite", dsn(path, howToRead(path)))
	if err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", path, explain(err))
	}
	err = checkVersion(ctx, db, SchemaVersion, plainVersion, oldVersion)
	for range passingLooks {
		if !isPassing(err) || ctx.Err() != nil {
			break
		}
		<-time.After(passingTime)
		err = checkVersion(ctx, db, SchemaVersion, plainVersion, oldVersion)
	}
	if errors.Is(err, ErrNotBegun) && !errors.Is(sealErr, seal.ErrNone) {
		err = fmt.Errorf("%w: all that was in it is gone", ErrDamaged)
	}
	r := &Reader{db: db, path: path, open: true}
	if err == nil {
		err = r.compare(ctx, id, at, sealErr)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger %s: %w", path, explain(err)), r.Close())
	}
	return r, nil
}

// compare compares how far the ledger goes with what was read of its seal.
func (r *Reader) compare(ctx context.Context, sealID seal.ID, at seal.State, sealErr error) error {
	if checkVersion(ctx, r.db, oldVersion) == nil {
		r.old = true // from before there were seals
		return nil
	}
	id, number, _, err := progressOf(ctx, r.db)
	if err != nil {
		return err
	}
	if errors.Is(sealErr, seal.ErrNone) {
		// It may have been made since it was looked for.
		if _, err := os.Lstat(sealPath(r.path)); err != nil && number > sealedUnseen {
			return fmt.Errorf("%w: its seal is gone", ErrDamaged)
		}
		return nil
	}
	if sealErr != nil {
		return damaged(sealErr)
	}
	return behind(id, number, sealID, at)
}

// Reader returns a reader over connections beside the writer's.
func (l *Ledger) Reader() *Reader { return &Reader{db: l.db, path: l.path, migrated: l.old} }

// InTurn returns a reader over the writer's connection: for the goroutine that writes, while
// it does not. Another connection has to read the whole schema first.
func (l *Ledger) InTurn() *Reader { return &Reader{db: l.write, path: l.path, migrated: l.old} }

// Migrated reports whether the ledger has been brought up to date just now: what lies
// beside it is then in the formats of that time.
func (r *Reader) Migrated() bool { return r.migrated }

// Summary is what a run's own row says.
type Summary struct {
	Name, Job, Effect string
	Config            json.RawMessage
	State             State
	Reason            string
	StartedAt         string
	FinishedAt        string // empty while no session has ended
	InputDone         bool
	Totals            Totals
}

// Summary reads the run's row.
func (r *Reader) Summary(ctx context.Context) (Summary, error) {
	var s Summary
	var config, state string
	var finished sql.NullString
	err := r.db.QueryRowContext(ctx, `SELECT name, job, effect, config, state, reason, started_at, finished_at, input, input_done, ok, failed, skipped, unknown FROM run`).
		Scan(&s.Name, &s.Job, &s.Effect, &config, &state, &s.Reason, &s.StartedAt, &finished,
			&s.Totals.Input, &s.InputDone, &s.Totals.OK, &s.Totals.Failed, &s.Totals.Skipped, &s.Totals.Unknown)
	if err != nil {
		return s, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	s.Config, s.State, s.FinishedAt = json.RawMessage(config), State(state), finished.String
	return s, nil
}

// Quarantined counts the records that were given up as their workers died.
func (r *Reader) Quarantined(ctx context.Context) (n uint64, err error) {
	if err = r.db.QueryRowContext(ctx, `SELECT count(*) FROM quarantine`).Scan(&n); err != nil {
		err = fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	return n, err
}

// Inputs reads the files of the dataset.
func (r *Reader) Inputs(ctx context.Context) ([]Input, error) {
	return query(ctx, r, `SELECT path, size, mtime, hash, whole FROM inputs ORDER BY file`, func(rows *sql.Rows) (in Input, err error) {
		err = rows.Scan(&in.Path, &in.Size, &in.ModTime, &in.Hash, &in.Whole)
		return in, err
	})
}

// Output is how much of the results file is true.
type Output struct {
	Path  string // absolute, or "-"
	Bytes int64
	Sum   *uint32 // CRC-32C of them; nil: not known
	Next  jobs.Seq
}

// Output reads how much of the results file is true.
func (r *Reader) Output(ctx context.Context) (Output, error) {
	var o Output
	var n uint64
	err := r.db.QueryRowContext(ctx, `SELECT path, bytes, next_seq FROM outputs WHERE output = 0`).Scan(&o.Path, &o.Bytes, &n)
	if o.Next = jobs.Seq(n); err == nil && !r.old {
		err = r.db.QueryRowContext(ctx, `SELECT output_sum FROM progress`).Scan(&o.Sum)
	}
	if err != nil {
		err = fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	return o, err
}

// Joblog reads the path of the joblog, empty if there is none, and how much of it is true.
func (r *Reader) Joblog(ctx context.Context) (path string, size int64, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT path, bytes FROM outputs WHERE output = 1`).Scan(&path, &size)
	if errors.Is(err, sql.ErrNoRows) {
		return "", 0, nil
	}
	if err != nil {
		err = fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	return path, size, err
}

// Spooled reads how much of the copy of standard input is on the disk.
func (r *Reader) Spooled(ctx context.Context) (Spooled, error) {
	var s Spooled
	if r.old {
		return s, nil
	}
	var sum *uint32
	if err := r.db.QueryRowContext(ctx, `SELECT spool, spool_sum FROM progress`).Scan(&s.Bytes, &sum); err != nil {
		return s, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	if sum == nil {
		return Spooled{}, nil
	}
	s.Sum = *sum
	b, err := r.Bygone(ctx)
	s.Base, s.Records = b.Offset, int64(b.Records) //nolint:gosec // it is a count
	return s, err
}

// Acked reads which of their notes are settled here, by slot from 0; a slot that is not
// there has none that are.
func (r *Reader) Acked(ctx context.Context) ([]uint64, error) {
	var b []byte
	if r.old {
		return nil, nil
	}
	if err := r.db.QueryRowContext(ctx, `SELECT acked FROM progress`).Scan(&b); err != nil {
		return nil, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	var out []uint64
	for ; len(b) >= 8; b = b[8:] {
		out = append(out, binary.LittleEndian.Uint64(b))
	}
	return out, nil
}

// Chunks reads all chunks in order; the bits only of those where bits says so.
func (r *Reader) Chunks(ctx context.Context, bits string) ([]Chunk, error) {
	q := `SELECT chunk, file, offset, line, closed, ok, CASE WHEN ` + bits + ` THEN bits END FROM chunks ORDER BY chunk`
	return query(ctx, r, q, func(rows *sql.Rows) (c Chunk, err error) {
		err = rows.Scan(&c.Chunk, &c.File, &c.Offset, &c.Line, &c.Closed, &c.OK, &c.Bits)
		return c, err
	})
}

// The conditions for Chunks.
const (
	BitsOfOpen = "NOT closed"
	BitsOfAll  = "1"
)

// OutcomesIn reads how records of one chunk ended that are not ok.
func (r *Reader) OutcomesIn(ctx context.Context, chunk uint64) ([]Outcome, error) {
	q := `SELECT seq, status, class, error, attempts, crashes, file, line, offset FROM outcomes WHERE seq >= ? AND seq < ? ORDER BY seq`
	return query(ctx, r, q, func(rows *sql.Rows) (o Outcome, err error) {
		var seq uint64
		var status, class string
		err = rows.Scan(&seq, &status, &class, &o.Error, &o.Attempts, &o.Crashes, &o.Place.File, &o.Place.Line, &o.Place.Offset)
		if err == nil {
			o.Status, err = jobs.ParseStatus(status)
		}
		o.Seq, o.Class = jobs.Seq(seq), jobs.Class(class)
		return o, err
	}, chunk*ChunkSize, (chunk+1)*ChunkSize)
}

// Retries reads the records that wait for another try.
func (r *Reader) Retries(ctx context.Context) ([]Retry, error) {
	return query(ctx, r, `SELECT seq, attempts, crashes, due_at, first_at FROM retries`, func(rows *sql.Rows) (x Retry, err error) {
		var seq uint64
		var due, first string
		if err = rows.Scan(&seq, &x.Attempts, &x.Crashes, &due, &first); err == nil {
			x.Due, err = time.Parse(timeFormat, due)
		}
		if err == nil {
			x.First, err = time.Parse(timeFormat, first)
		}
		x.Seq = jobs.Seq(seq)
		return x, err
	})
}

// HeldIndex reads which results are held, without their bytes.
func (r *Reader) HeldIndex(ctx context.Context) ([]Held, error) {
	return query(ctx, r, `SELECT first_seq, count FROM held ORDER BY first_seq`, func(rows *sql.Rows) (h Held, err error) {
		var seq uint64
		err = rows.Scan(&seq, &h.Count)
		h.First = jobs.Seq(seq)
		return h, err
	})
}

// Held reads the bytes of held results.
func (r *Reader) Held(ctx context.Context, first jobs.Seq) ([]byte, error) {
	var b []byte
	err := r.db.QueryRowContext(ctx, `SELECT bytes FROM held WHERE first_seq = ?`, uint64(first)).Scan(&b)
	if err != nil {
		return nil, fmt.Errorf("read held results from ledger %s: %w", r.path, explain(err))
	}
	return b, nil
}

func query[T any](ctx context.Context, r *Reader, q string, scan func(*sql.Rows) (T, error), args ...any) ([]T, error) {
	rows, err := r.db.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	defer func() { _ = rows.Close() }()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	return out, nil
}

package ledger

import (
	"brood/jobs"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Reader reads a ledger that another process may be writing.
type Reader struct {
	db   *sql.DB
	path string
}

const (
	passingLooks = 50
	passingTime  = 10 * time.Millisecond
)

// OpenReader opens a ledger for reading only.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	db, err := sql.Open("sqlite", dsn(path, true))
	if err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", path, err)
	}
	err = checkVersion(ctx, db)
	for range passingLooks {
		if !isPassing(err) || ctx.Err() != nil {
			break
		}
		<-time.After(passingTime)
		err = checkVersion(ctx, db)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger %s: %w", path, err), db.Close())
	}
	return &Reader{db: db, path: path}, nil
}

// Close closes the reader.
func (r *Reader) Close() error { return r.db.Close() }

// Reader returns a reader over the writer's own connections.
func (l *Ledger) Reader() *Reader { return &Reader{db: l.db, path: l.path} }

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
		return s, fmt.Errorf("read ledger %s: %w", r.path, err)
	}
	s.Config, s.State, s.FinishedAt = json.RawMessage(config), State(state), finished.String
	return s, nil
}

// Quarantined counts the records that were given up as their workers died.
func (r *Reader) Quarantined(ctx context.Context) (n uint64, err error) {
	if err = r.db.QueryRowContext(ctx, `SELECT count(*) FROM quarantine`).Scan(&n); err != nil {
		err = fmt.Errorf("read ledger %s: %w", r.path, err)
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

// Output reads how much of the results file is true.
func (r *Reader) Output(ctx context.Context) (path string, bytes int64, next jobs.Seq, err error) {
	var n uint64
	err = r.db.QueryRowContext(ctx, `SELECT path, bytes, next_seq FROM outputs WHERE output = 0`).Scan(&path, &bytes, &n)
	if err != nil {
		err = fmt.Errorf("read ledger %s: %w", r.path, err)
	}
	return path, bytes, jobs.Seq(n), err
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
		return nil, fmt.Errorf("read held results from ledger %s: %w", r.path, err)
	}
	return b, nil
}

func query[T any](ctx context.Context, r *Reader, q string, scan func(*sql.Rows) (T, error), args ...any) ([]T, error) {
	rows, err := r.db.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("read ledger %s: %w", r.path, err)
	}
	defer func() { _ = rows.Close() }()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read ledger %s: %w", r.path, err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read ledger %s: %w", r.path, err)
	}
	return out, nil
}

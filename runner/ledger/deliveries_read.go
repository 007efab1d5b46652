package ledger

import (
	"brood/jobs"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Settled reads up to which record, from one on, all are settled since before a time: final, answered, and not unknown. It looks
// at so many at most.
func (r *Reader) Settled(ctx context.Context, from jobs.Seq, before time.Time, most int) (jobs.Seq, error) {
	type row struct {
		seq uint64
		ok  bool
	}
	to := uint64(from) + uint64(most) //nolint:gosec // it is a count
	rows, err := query(ctx, r, `SELECT seq, min(ok) FROM (
			SELECT seq, at < ?1 AND answered <> 'owed' AND status <> 'unknown' AS ok FROM deliveries WHERE seq >= ?2 AND seq < ?3
			UNION ALL SELECT seq, finished_at < ?4 AND status <> 'unknown' FROM outcomes WHERE seq >= ?2 AND seq < ?3
		) GROUP BY seq ORDER BY seq`, func(rows *sql.Rows) (x row, err error) {
		err = rows.Scan(&x.seq, &x.ok)
		return x, err
	}, before.Unix(), uint64(from), to, stamp(before))
	if err != nil {
		return from, err
	}
	for _, x := range rows {
		if x.seq != uint64(from) || !x.ok {
			break
		}
		from++
	}
	return from, nil
}

func scanOwed(rows *sql.Rows) (o Owed, err error) {
	var seq uint64
	var sum, after, at int64
	var status, reply string
	err = rows.Scan(&seq, &o.Known, &sum, &o.ID, &o.Token, &o.Tries, &o.Verb, &after, &status, &o.Error, &o.Result, &reply, &at)
	o.Seq, o.Sum, o.After, o.Answered, o.At = jobs.Seq(seq), uint64(sum), time.Duration(after)*time.Millisecond, Reply(reply), time.Unix(at, 0) //nolint:gosec // 63 bits
	if err == nil {
		o.Status, err = jobs.ParseStatus(status)
	}
	return o, err
}

// Owed reads the answers that are owed, in the order of the records.
func (r *Reader) Owed(ctx context.Context) ([]Owed, error) {
	return query(ctx, r, `SELECT `+ownedColumns+` FROM deliveries WHERE answered = 'owed' ORDER BY seq`, scanOwed)
}

// Deliveries looks up deliveries, one after the other.
type Deliveries struct {
	*Reader
	byKnown *sql.Stmt
	highest int64 // of the numbers that are known
}

// Deliveries prepares to look up deliveries.
func (r *Reader) Deliveries(ctx context.Context) (*Deliveries, error) {
	db, ok := r.db.(interface {
		PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	})
	if !ok {
		return nil, fmt.Errorf("read ledger %s: it cannot be asked again and again", r.path)
	}
	d := &Deliveries{Reader: r}
	err := r.db.QueryRowContext(ctx, `SELECT known FROM highest`).Scan(&d.highest)
	if err == nil {
		d.byKnown, err = db.PrepareContext(ctx, `SELECT `+ownedColumns+` FROM deliveries WHERE known = ?1 AND (?2 = 0 OR sum = ?2) ORDER BY seq DESC LIMIT 1`)
	}
	if err != nil {
		return nil, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	return d, nil
}

// Comes is told of each delivery of this session, in the order in which they come, by what it is known. It reports whether it is
// certainly the first one: its name is a number, and higher than all that were known before. Where a queue's IDs begin again, those
// that it had before are not higher, and have to be looked up.
func (d *Deliveries) Comes(known string) bool {
	n, ok := numberOf(known)
	if !ok || n <= d.highest {
		return false
	}
	d.highest = n
	return true
}

// Delivered reads the last delivery that is told by known, a key, or, if sum is not 0, an ID; nil: there was none that is final.
func (d *Deliveries) Delivered(ctx context.Context, known string, sum uint64) (*Owed, error) {
	rows, err := d.byKnown.QueryContext(ctx, known, int64(sum)) //nolint:gosec // 63 bits
	if err == nil {
		defer func() { _ = rows.Close() }()
		if rows.Next() {
			var o Owed
			if o, err = scanOwed(rows); err == nil {
				return &o, nil
			}
		} else {
			err = rows.Err()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read ledger %s: %w", d.path, explain(err))
	}
	return nil, nil //nolint:nilnil // there is none
}

// Close gives up what was prepared.
func (d *Deliveries) Close() error { return d.byKnown.Close() }

// Days reads what became of the records of each day, the last so many; of a run without a queue it is nil.
func (r *Reader) Days(ctx context.Context, last int) ([]Day, error) {
	return query(ctx, r, `SELECT * FROM (SELECT day, input, ok, failed, skipped, unknown, released, again FROM days ORDER BY day DESC LIMIT ?) ORDER BY day`, func(rows *sql.Rows) (d Day, err error) {
		err = rows.Scan(&d.Day, &d.Input, &d.OK, &d.Failed, &d.Skipped, &d.Unknown, &d.Released, &d.Again)
		return d, err
	}, last)
}

// Replies reads how many deliveries there are by what came of their answers, and of those that were given back how many.
func (r *Reader) Replies(ctx context.Context) (map[Reply]uint64, error) {
	out := make(map[Reply]uint64)
	_, err := query(ctx, r, `SELECT answered, count(*) FROM deliveries GROUP BY answered`, func(rows *sql.Rows) (none struct{}, err error) {
		var reply string
		var n uint64
		err = rows.Scan(&reply, &n)
		out[Reply(reply)] = n
		return none, err
	})
	return out, err
}

// HasDeliveries reports whether the run works off a queue.
func (r *Reader) HasDeliveries(ctx context.Context) (bool, error) {
	var n int
	err := r.db.QueryRowContext(ctx, `SELECT 1 FROM sqlite_master WHERE name = 'deliveries'`).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	return true, nil
}

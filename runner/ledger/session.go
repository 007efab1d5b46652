package ledger

import (
	"brood/jobs"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// tx runs f in a transaction of the writer.
func (l *Ledger) tx(ctx context.Context, f func(exec func(q string, args ...any) int64) error) error {
	return l.txAs(ctx, false, f)
}

// txAs is tx; soft as in Commit.Soft.
func (l *Ledger) txAs(ctx context.Context, soft bool, f func(exec func(q string, args ...any) int64) error) error {
	if l.broken {
		return fmt.Errorf("write ledger %s: %w", l.path, errBroken)
	}
	if err := l.inPlace(); err != nil {
		return err
	}
	err := l.soften(ctx, soft)
	var t *sql.Tx
	if err == nil {
		t, err = l.write.BeginTx(ctx, nil)
	}
	if err != nil {
		return fmt.Errorf("write ledger %s: %w", l.path, explain(err))
	}
	defer func() { _ = t.Rollback() }()
	var execErr error
	err = f(func(q string, args ...any) int64 {
		if execErr != nil {
			return 0
		}
		var res sql.Result
		if res, execErr = t.ExecContext(ctx, q, args...); execErr != nil {
			return 0
		}
		id, _ := res.LastInsertId() // SQLite always has one
		return id
	})
	if err = errors.Join(err, execErr); err == nil {
		_, err = t.ExecContext(ctx, `UPDATE progress SET number = number + 1`)
	}
	if err == nil {
		if err = t.Commit(); err == nil {
			err = l.sealIt(0)
		}
	}
	if err != nil {
		l.broken = true
		return fmt.Errorf("write ledger %s: %w", l.path, explain(err))
	}
	return nil
}

// SetConfig replaces what a resume needs to know.
func (l *Ledger) SetConfig(ctx context.Context, config []byte) error {
	return l.tx(ctx, func(exec func(string, ...any) int64) error {
		exec(`UPDATE run SET config = ?`, string(config))
		return nil
	})
}

// BeginSession records that this process works on the run now, and takes over
// what the session before has left. It returns the number of the session.
func (l *Ledger) BeginSession(ctx context.Context, s Session, left []Note) (int64, error) {
	var number int64
	err := l.tx(ctx, func(exec func(string, ...any) int64) error {
		exec(courseTable)
		number = s.insert(exec)
		if s.Config != nil {
			exec(`UPDATE run SET effect = ?, config = ?`, s.Effect, string(s.Config))
		}
		exec(`UPDATE run SET state = 'running', reason = '', finished_at = NULL`)
		exec(`UPDATE progress SET acked = NULL`) // notes are numbered anew
		for i := range left {
			n := &left[i]
			// What an earlier takeover knew is not known less well now.
			exec(`INSERT OR IGNORE INTO notes VALUES (?, ?, ?, ?, ?)`, uint64(n.Seq), n.Attempt, string(n.Kind), n.Payload, stamp(n.First))
		}
		return nil
	})
	return number, err
}

// insert adds the rows of a session that begins.
func (s *Session) insert(exec func(q string, args ...any) int64) (number int64) {
	number = exec(`INSERT INTO sessions (started_at, version, pid, host, boot_id, slots) VALUES (?, ?, ?, ?, ?, ?)`,
		stamp(s.StartedAt), s.Version, s.PID, s.Host, s.BootID, s.Slots)
	exec(`INSERT OR REPLACE INTO owner VALUES (1, ?, ?, ?, ?, ?)`, number, s.Host, s.BootID, s.PID, stamp(s.StartedAt))
	return number
}

// EndSession records how the session ended, and whether all that it knew is in
// the ledger. It is durable when the ledger has been closed.
func (l *Ledger) EndSession(ctx context.Context, state State, reason string, clean bool, u Usage) error {
	at := time.Now()
	return l.txAs(ctx, true, func(exec func(string, ...any) int64) error {
		exec(`UPDATE run SET state = ?, reason = ?, finished_at = ?`, string(state), reason, stamp(at))
		exec(`UPDATE sessions SET ended_at = ?, ended_as = ?, clean = ?, workers = ?, cpu_ms = ?, max_rss = ? WHERE session = (SELECT max(session) FROM sessions)`,
			stamp(at), string(state), clean, u.Workers, u.CPU.Milliseconds(), u.MaxRSS)
		exec(`DELETE FROM owner`)
		return nil
	})
}

// LastSession reads the last session that began, and its number; 0 if none has.
func (r *Reader) LastSession(ctx context.Context) (number int64, s Session, err error) {
	var at string
	err = r.db.QueryRowContext(ctx, `SELECT session, started_at, version, pid, host, boot_id, slots, clean FROM sessions ORDER BY session DESC LIMIT 1`).
		Scan(&number, &at, &s.Version, &s.PID, &s.Host, &s.BootID, &s.Slots, &s.Clean)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, s, nil
	}
	if err == nil {
		s.StartedAt, err = time.Parse(timeFormat, at)
	}
	if err != nil {
		return 0, s, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	return number, s, nil
}

// Worked is how long the run was worked on, in all sessions that have ended.
func (r *Reader) Worked(ctx context.Context) (time.Duration, error) {
	var ms float64
	err := r.db.QueryRowContext(ctx, `SELECT ifnull(sum(julianday(ended_at) - julianday(started_at)), 0) * 86400000 FROM sessions WHERE ended_at IS NOT NULL`).Scan(&ms)
	if err != nil {
		return 0, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	return time.Duration(max(ms, 0)+0.5) * time.Millisecond, nil
}

// Owner reads who says that it works on the run, or nil.
func (r *Reader) Owner(ctx context.Context) (*Owner, error) {
	var o Owner
	var beat string
	err := r.db.QueryRowContext(ctx, `SELECT session, host, boot_id, pid, beat_at FROM owner`).Scan(&o.Session, &o.Host, &o.BootID, &o.PID, &beat)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		o.Beat, err = time.Parse(timeFormat, beat)
	}
	if err != nil {
		return nil, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	return &o, nil
}

// OpenIntents calls visit for every record that had an intent in an epoch which
// no answer has followed, as far as the rows of retries and the chunks that are
// closed can tell; visit still has to leave out records that are final. Sent is
// when the intent was made.
func (r *Reader) OpenIntents(ctx context.Context, epoch int64, visit func(seq jobs.Seq, attempt int, sent time.Time)) error {
	retries, err := query(ctx, r, `SELECT seq, intent FROM retries`, func(rows *sql.Rows) (x [2]int64, err error) {
		err = rows.Scan(&x[0], &x[1])
		return x, err
	})
	if err != nil {
		return err
	}
	answered := make(map[jobs.Seq]int64, len(retries))
	for _, x := range retries {
		answered[jobs.Seq(x[0])] = x[1]
	}
	chunks, err := r.Chunks(ctx, "0")
	if err != nil {
		return err
	}
	closed := make(map[uint64]bool)
	for i := range chunks {
		closed[chunks[i].Chunk] = chunks[i].Closed
	}
	var last sql.NullInt64
	if err := r.db.QueryRowContext(ctx, `SELECT max(first_seq) FROM intents`).Scan(&last); err != nil {
		return fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	for c := uint64(0); last.Valid && c <= uint64(last.Int64)/ChunkSize; c++ {
		if closed[c] {
			continue
		}
		_, err := query(ctx, r, `SELECT id, at, first_seq, count, attempt FROM intents WHERE first_seq >= ? AND first_seq < ? AND epoch = ? ORDER BY id`,
			func(rows *sql.Rows) (none struct{}, err error) {
				var id, first, count int64
				var attempt int
				var at string
				if err := rows.Scan(&id, &at, &first, &count, &attempt); err != nil {
					return none, err
				}
				sent, err := time.Parse(timeFormat, at)
				for seq := first; seq < first+count; seq++ {
					if id > answered[jobs.Seq(seq)] {
						visit(jobs.Seq(seq), attempt, sent)
					}
				}
				return none, err
			}, c*ChunkSize, (c+1)*ChunkSize, epoch)
		if err != nil {
			return err
		}
	}
	return nil
}

// Quota reads how many records were started on the last day that counts.
func (r *Reader) Quota(ctx context.Context) (day string, used int, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT day, used FROM quota`).Scan(&day, &used)
	if errors.Is(err, sql.ErrNoRows) {
		return "", 0, nil
	}
	if err != nil {
		err = fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	return day, used, err
}

// Freed reads the keys that are still to be given back.
func (r *Reader) Freed(ctx context.Context) ([]string, error) {
	return query(ctx, r, `SELECT key FROM freed`, func(rows *sql.Rows) (key string, err error) {
		err = rows.Scan(&key)
		return key, err
	})
}

// Notes reads what was taken over and is not settled.
func (r *Reader) Notes(ctx context.Context) ([]Note, error) {
	return query(ctx, r, `SELECT seq, attempt, kind, payload, first_at FROM notes`, func(rows *sql.Rows) (n Note, err error) {
		var seq uint64
		var kind, first string
		if err = rows.Scan(&seq, &n.Attempt, &kind, &n.Payload, &first); err == nil {
			n.First, err = time.Parse(timeFormat, first)
		}
		n.Seq, n.Kind = jobs.Seq(seq), NoteKind(kind)
		return n, err
	})
}

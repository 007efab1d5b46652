package cache

import (
	"context"
	"database/sql"
	"sync"
)

// maxGroup is how many answers are written at a time.
const maxGroup = 256

// writing is the connection that writes, and the answers that wait for it. Those that come
// while others are written are written together, so that what a process waits for others is
// shared by its records.
type writing struct {
	db *database

	mu      sync.Mutex
	waiting []*pending
	busy    bool // a goroutine is writing

	// Of that goroutine.
	conn    *sql.Conn
	insert  *sql.Stmt
	commits int // since the last tidying up
}

// pending is an answer that is to be written.
type pending struct {
	row  *row
	err  error
	done chan struct{}
}

// put writes an answer and waits for it. It is written also if ctx ends before.
func (db *database) put(ctx context.Context, r *row) error {
	w := &db.writing
	p := &pending{row: r, done: make(chan struct{})}
	w.mu.Lock()
	w.waiting = append(w.waiting, p)
	if !w.busy {
		w.busy = true
		db.tending.Go(func() { w.work(context.WithoutCancel(ctx)) })
	}
	w.mu.Unlock()
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// work writes until nothing waits.
func (w *writing) work(ctx context.Context) {
	for {
		w.mu.Lock()
		n := min(len(w.waiting), maxGroup)
		group := w.waiting[:n:n]
		w.waiting = w.waiting[n:]
		if n == 0 {
			w.waiting, w.busy = nil, false
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
		err := w.write(ctx, group)
		for _, p := range group {
			p.err = err
			close(p.done)
		}
	}
}

const insertSQL = `INSERT INTO answers (key, provider, base, query, outcome, form, answer, at, expires)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET query = excluded.query, outcome = excluded.outcome, form = excluded.form,
	answer = excluded.answer, at = excluded.at, expires = excluded.expires`

// write writes some answers in one transaction.
func (w *writing) write(ctx context.Context, group []*pending) error {
	if err := w.open(ctx); err != nil {
		return err
	}
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, p := range group {
		r := p.row
		if _, err := w.insert.ExecContext(ctx, r.key, r.provider, r.base, r.query, string(r.outcome), string(r.form), r.answer, r.at, r.expires); err != nil {
			return w.rollBack(ctx, err)
		}
	}
	if _, err := w.conn.ExecContext(ctx, "COMMIT"); err != nil {
		return w.rollBack(ctx, err)
	}
	if w.commits++; w.commits >= tendAfter {
		w.commits = 0
		w.db.tendAt(ctx, group[len(group)-1].row.when())
	}
	return nil
}

func (w *writing) rollBack(ctx context.Context, why error) error {
	// SQLite may have done so itself, and says that there is nothing to roll back.
	_, _ = w.conn.ExecContext(ctx, "ROLLBACK")
	return why
}

// open opens the connection when it is needed first.
func (w *writing) open(ctx context.Context) error {
	if w.insert != nil {
		return nil
	}
	lock, err := lockFor(w.db.path, lockShared)
	if err != nil {
		return err
	}
	defer lock.Close() //nolint:errcheck // nothing was written to it
	if err := w.db.same(); err != nil {
		return err
	}
	if w.conn == nil {
		if w.conn, err = w.db.open(ctx); err != nil {
			return err
		}
	}
	w.insert, err = w.conn.PrepareContext(ctx, insertSQL)
	return err
}

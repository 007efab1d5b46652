// Package table is a queue.Client for jobs that are the rows of a table, of SQLite, MySQL or MariaDB, or PostgreSQL, whose
// columns and words somebody else has chosen. The URL is the database's, with table=NAME or table=SCHEMA.NAME.
//
// A row is taken by an UPDATE in a short transaction of its own, before the work, and answered by another one after it:
//
//	       Take: running, owner, lease_until, attempts + 1              Answer, of who has this owner and these attempts:
//	new ───────────────────────────────────────────────────▶ running ──▶ ok, skipped | failed | unknown, with error and result
//	 ▲                                                          │ │        (lease_until empty; owner and attempts stay)
//	 └────────── Later: run_at; Return: attempts - 1 ◀──────────┘ └─▶ running, when the lease is over: of whoever takes it, in doubt
//
// What it promises: two never take one row (FOR UPDATE SKIP LOCKED; SQLite has one writer). Leases and delays go by the
// database's clock, so brood's own may be wrong. An answer counts only while the row has the owner and the attempts of its
// delivery, and is running or unknown: what was parked becomes what somebody decided, unless another has it. An answer that
// was given already is given again without an error. Statements that met a deadlock are tried again; nothing else is.
//
// Without attempts tries are not counted, and a second delivery to the same run cannot be told from the first. Without run_at
// nothing waits. Without both owner and lease_until, nobody can tell whose a row is: one brood only, and the rows that are
// running when it begins are an earlier session's: those that nobody has answered by the first Take come in doubt.
//
// The body of a job is a JSON object of the columns that the queue is not made of, and of the id, in the table's order:
// numbers as the database writes them, points in time as RFC 3339 in UTC, those of no zone without one, bytes as text where
// they are UTF-8 and otherwise in base64. It is what the row has at its delivery: somebody may have changed it since the last.
//
// It leaves to others which columns and words there are (Spec), which run may work on the table, and what a job in doubt means.
package table

import (
	"brood/runner/queue"
	"brood/runner/queue/dsn"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long the database may take for a transaction.
const patience = 10 * time.Second

// client is open from Open to Close.
type client struct {
	spec  queue.Spec
	shown string // the URL, for errors
	db    *sql.DB
	kind  dialect
	shape *shape
	cols  *layout
	// takes and tells are the connections that rows are taken and answered by, so that a claim does not hold up an answer;
	// of SQLite, which has one writer, the same.
	takes, tells *line
	traits       queue.Traits
	bell         *bell        // nil: nobody rings
	vain         atomic.Int64 // how often in a row it was looked for rows in vain

	closing sync.Once
	closed  chan struct{}
	ended   error // of closing

	now func() time.Time
	// What follows belongs to who holds takes.
	looked  time.Time // when leases that are over were looked for
	orphans *orphans  // nil unless Single
}

// Open connects, and looks at the table.
func Open(ctx context.Context, s queue.Spec) (queue.Client, error) {
	c := &client{spec: s, shown: s.URL.String(), now: time.Now, closed: make(chan struct{})}
	if err := c.fail(c.open(ctx)); err != nil {
		if c.db != nil {
			_ = c.Close()
		}
		return nil, err
	}
	return c, nil
}

func (c *client) open(ctx context.Context) error {
	if c.spec.Poll <= 0 {
		c.spec.Poll = time.Second
	}
	name, err := tableName(c.spec.URL)
	if err != nil {
		return err
	}
	if c.kind, err = dialectOf(c.spec.URL.Scheme); err != nil {
		return err
	}
	if c.db, err = c.kind.open(c.spec.URL); err != nil {
		return err
	}
	// A connection is its line's until it ends.
	c.db.SetMaxIdleConns(-1)
	c.tells = &line{db: c.db, setup: c.kind.session(), again: c.kind.again}
	if c.takes = c.tells; c.spec.URL.Scheme != queue.SQLite {
		c.takes = &line{db: c.db, setup: append(c.kind.session(), c.kind.claiming()...), again: c.kind.again}
	}
	err = c.tells.do(ctx, func(ctx context.Context, conn *sql.Conn) error {
		var err error
		c.shape, err = c.kind.describe(ctx, conn, name)
		return err
	})
	if err != nil {
		return err
	}
	if c.cols, err = newLayout(c.shape, c.spec); err != nil {
		return err
	}
	if err := c.kind.use(c.cols, c.shape); err != nil {
		return err
	}
	c.settle()
	err = c.tells.do(ctx, func(ctx context.Context, conn *sql.Conn) error {
		var err error
		c.bell, err = c.kind.listen(ctx, conn, c.shape)
		return err
	})
	c.traits.Notifies = c.bell != nil
	return err
}

// settle says what can be done with these columns.
func (c *client) settle() {
	l := c.cols
	c.traits = queue.Traits{Delays: l.runAt != nil, Results: l.result != nil, Doubts: true, Sure: true, Names: l.who != nil && l.tries != nil}
	for _, col := range l.body {
		c.traits.Columns = append(c.traits.Columns, col.name)
	}
	if l.single() {
		c.traits.Single, c.traits.Claim = true, c.shape.place
		c.orphans = &orphans{}
	}
}

// Traits are the table's.
func (c *client) Traits() queue.Traits { return c.traits }

// Close ends the connections, and whoever listens or waits.
func (c *client) Close() error {
	c.closing.Do(func() {
		close(c.closed)
		if c.bell != nil {
			c.bell.close()
		}
		for _, l := range []*line{c.takes, c.tells} {
			if l != nil {
				c.ended = errors.Join(c.ended, l.close())
			}
		}
		c.ended = errors.Join(c.ended, c.db.Close())
	})
	return c.ended
}

// fail says where an error is from, and whether it is worth another try.
func (c *client) fail(err error) error {
	if err == nil || errors.Is(err, queue.ErrLost) || errors.Is(err, queue.ErrGone) {
		return err
	}
	text := c.shown
	if strings.HasPrefix(err.Error(), text) { // dsn's own
		text = ""
	} else {
		text += ": "
	}
	if (dsn.Down(err) || c.kind != nil && c.kind.again(err)) && !c.isClosed() {
		return &queue.DownError{Err: fmt.Errorf("%s%w", text, err)}
	}
	return fmt.Errorf("%s%w", text, err)
}

func (c *client) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// tableName is the table of a URL; what else stands behind the ? must be known.
func tableName(u *queue.URL) (string, error) {
	if unknown := dsn.Unknown(u, "table"); unknown != "" {
		return "", fmt.Errorf("%s= means nothing here", unknown)
	}
	name := u.Query.Get("table")
	if name == "" {
		return "", errors.New("which table? Write ?table=NAME")
	}
	return name, nil
}

// line is a connection that is kept, is one caller's at a time, and is made anew when it has ended.
type line struct {
	db    *sql.DB
	setup []string // what is said first
	again func(error) bool

	mu     sync.Mutex
	conn   *sql.Conn
	closed bool
}

var errClosed = errors.New("it is closed")

// attempts is how often a transaction is tried that met a deadlock.
const attempts = 8

// do calls f with the connection. f is called again after a deadlock, and after the driver says that a connection had ended
// before anything was sent, so what it does must be whole or not at all.
func (l *line) do(ctx context.Context, f func(context.Context, *sql.Conn) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed
	}
	for n := 0; ; n++ {
		stale := l.conn != nil
		err := l.once(ctx, f)
		if err == nil || n >= attempts-1 {
			return err
		}
		if stale && isStale(err) {
			continue
		}
		if !l.again(err) || pause(ctx, time.Millisecond<<n) != nil {
			return err
		}
	}
}

func (l *line) once(ctx context.Context, f func(context.Context, *sql.Conn) error) (err error) {
	// What is begun is brought to its end, or nobody would know whose the rows are.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if l.conn == nil {
		if l.conn, err = l.db.Conn(ctx); err != nil {
			l.conn = nil
			return err
		}
		for _, s := range l.setup {
			if _, err = l.conn.ExecContext(ctx, s); err != nil {
				l.drop()
				return err
			}
		}
	}
	if err = f(ctx, l.conn); err != nil && (dsn.Down(err) || ctx.Err() != nil) {
		l.drop()
	}
	return err
}

func (l *line) drop() {
	_ = l.conn.Close()
	l.conn = nil
}

func (l *line) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.conn == nil {
		return nil
	}
	err := l.conn.Close()
	l.conn = nil
	if isStale(err) {
		err = nil
	}
	return err
}

// within runs f in a transaction.
func within(ctx context.Context, conn *sql.Conn, begin string, f func() error) error {
	if begin != "" {
		if _, err := conn.ExecContext(ctx, begin); err != nil {
			return err
		}
	}
	err := f()
	if err == nil {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		// SQLite may have done that by itself; a connection that has ended has no transaction any more.
		if _, back := conn.ExecContext(ctx, "ROLLBACK"); dsn.Down(back) {
			err = errors.Join(err, back)
		}
	}
	return err
}

// pause waits before another try, and not longer than the caller does.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Package query is the result of an SQL query as a dataset: an ordinary, finite one. It is read once, in one snapshot of
// the database, and copied to the run's spool as JSON Lines as fast as the disk takes it; what reads the spool, and a resume
// once the spool is whole, needs no database.
//
// What it promises: nothing is written (a read-only transaction, and SQLite's file is opened for reading only); its memory
// does not grow with the result; no value loses anything on the way:
//
//	NULL                        null
//	booleans                    true, false (of PostgreSQL; the others have numbers)
//	integers, floats            numbers, if a program that has doubles for them gets the same value; strings otherwise
//	decimals                    strings with their digits as they are: 12.30 is not 12.3
//	moments with a zone         RFC 3339 in UTC: 2026-11-30T15:04:05.25Z (timestamptz, MySQL's TIMESTAMP, SQLite's TIMESTAMP and DATETIME)
//	moments without one         the same without Z: which zone is meant only their owner knows (timestamp, MySQL's DATETIME)
//	dates, times                2026-11-30, 15:04:05; MySQL's 0000-00-00 is null
//	JSON                        as it is, on one line
//	bytes                       a string if they are UTF-8, else base64 (RFC 4648)
//	everything else             a string, as the database writes it
//
// A session that ended before the spool was whole had a snapshot that nobody has any more. The next one asks again, and
// compares what comes with what is there: rows of two snapshots are never mixed (see dataset.Spool.Copy).
//
// How a password comes into the URL is its caller's business.
package query

import (
	"brood/runner/dataset"
	"brood/runner/queue"
	"brood/runner/queue/dsn"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// connectWait is for how long the connection and the beginning of the snapshot may take; the query itself may take its time.
const connectWait = 20 * time.Second

// Producer is a query that has been sent: an intake.Producer. It is filled once.
type Producer struct {
	rows   rows
	where  string // for messages
	line   []byte // what was not read yet
	failed error  // of the database
	cancel context.CancelFunc
	closed bool
}

// rows is what a database answers.
type rows interface {
	// columns are known before the first row.
	columns() []string
	// next goes to the next row. False: there is none, or there was an error.
	next() bool
	// cell appends a value of the row at hand as JSON.
	cell(dst []byte, i int) []byte
	// close ends the snapshot, and says what went wrong.
	close() error
}

// Open asks the database: it connects, begins the snapshot, and knows the columns. Who does not call Fill calls Close.
func Open(ctx context.Context, u *queue.URL, sql string) (*Producer, error) {
	stmt, err := statement(sql, u.Scheme)
	if err != nil {
		return nil, fmt.Errorf("--query: %w", err)
	}
	if name := dsn.Unknown(u); name != "" {
		return nil, fmt.Errorf("--query: %s: %s= is not known here", u, name)
	}
	db, err := dsn.Open(u, dsn.ReadOnly)
	if err != nil {
		return nil, fmt.Errorf("--query: %w", err)
	}
	// The snapshot outlives ctx, which is for opening only.
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	ask := askSQLite
	p := &Producer{cancel: cancel, where: u.String()}
	patience := time.AfterFunc(connectWait, cancel)
	begun := func() bool { return patience.Stop() }
	switch u.Scheme { //nolint:exhaustive // no other is a database
	case queue.Postgres:
		ask = askPostgres
	case queue.MySQL:
		ask = askMySQL
	}
	p.rows, err = ask(life, db, stmt, begun)
	if err == nil {
		if err = errors.Join(ctx.Err(), distinct(p.rows.columns())); err != nil {
			cancel()
			_ = p.rows.close() // of no interest beside it
		}
	}
	if err != nil {
		if errors.Is(err, context.Canceled) && ctx.Err() == nil {
			err = fmt.Errorf("no answer within %s", connectWait)
		}
		cancel()
		return nil, fmt.Errorf("--query: %s: %w", u, err)
	}
	return p, nil
}

// distinct refuses columns of the same name: a record has one value for a name.
func distinct(columns []string) error {
	if len(columns) == 0 {
		return errors.New("the statement has no columns, and so no rows")
	}
	for i, name := range columns {
		if name == "" {
			return fmt.Errorf("column %d has no name; give it one: … AS name", i+1)
		}
		if first := slices.Index(columns, name); first < i {
			return fmt.Errorf("columns %d and %d are both called %q; give one of them another name: … AS other", first+1, i+1, name)
		}
	}
	return nil
}

// Columns are those of the result, in its order.
func (p *Producer) Columns() []string { return p.rows.columns() }

// Durable is nothing to a database.
func (p *Producer) Durable(int64) {}

// Fill copies the result to the spool. What an earlier session has copied of it must be what comes now.
func (p *Producer) Fill(ctx context.Context, spool *dataset.Spool) error {
	err := spool.Copy(ctx, &lines{p: p})
	if p.failed != nil && ctx.Err() == nil {
		err = fmt.Errorf("--query: %s: %w", p.where, p.failed)
	}
	if errors.Is(err, dataset.ErrChanged) || errors.Is(err, dataset.ErrCutOff) {
		err = fmt.Errorf("--query: %s: %w: the first session was cut off while it copied the result, and now the database gives another one. Begin a new run; ORDER BY a column without ties keeps the rows in their order", p.where, dataset.ErrChanged)
	}
	if closed := p.Close(); err == nil && closed != nil {
		err = fmt.Errorf("--query: %s: %w", p.where, closed)
	}
	return err
}

// Close ends the snapshot and the connection; not while Fill is under way, which does it itself. To close it again does nothing.
func (p *Producer) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	p.cancel()
	err := p.rows.close()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return err
}

// lines reads the result as JSON Lines.
type lines struct {
	p     *Producer
	names [][]byte // with all that stands before the value
	buf   []byte   // of which p.line is the rest
	ended bool
}

// chunk is how much is encoded at a time.
const chunk = 64 << 10

func (l *lines) Read(b []byte) (int, error) {
	for len(l.p.line) == 0 {
		if l.ended {
			return 0, io.EOF
		}
		if err := l.encode(); err != nil {
			l.p.failed = err
			return 0, err
		}
	}
	n := copy(b, l.p.line)
	l.p.line = l.p.line[n:]
	return n, nil
}

func (l *lines) encode() error {
	if l.names == nil {
		l.names = heads(l.p.rows.columns())
	}
	out := l.buf[:0]
	for len(out) < chunk {
		if !l.p.rows.next() {
			l.ended = true
			// Whether that was all is said by the end.
			if err := l.p.end(); err != nil {
				return err
			}
			break
		}
		for i, head := range l.names {
			out = append(out, head...)
			out = l.p.rows.cell(out, i)
		}
		out = append(out, '}', '\n')
	}
	l.p.line = out
	l.buf = out
	if cap(out) > 1<<20 { // a long row keeps its memory no longer than it needs it
		l.buf = nil
	}
	return nil
}

// end closes the rows at their end, when an error of theirs counts.
func (p *Producer) end() error {
	p.closed = true
	err := p.rows.close()
	p.cancel()
	return err
}

// Close ends a read that is under way, from another goroutine.
func (l *lines) Close() error {
	l.p.cancel()
	return nil
}

// heads are the members' names, with what stands before each.
func heads(columns []string) [][]byte {
	out := make([][]byte, len(columns))
	for i, name := range columns {
		lead := byte(',')
		if i == 0 {
			lead = '{'
		}
		out[i] = append(appendString([]byte{lead}, []byte(strings.ToValidUTF8(name, "\uFFFD"))), ':')
	}
	return out
}

package table

import (
	"brood/runner/queue"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// dialect is what differs between the databases. It has no state but what use has given it.
type dialect interface {
	// open prepares to connect to the database of a URL.
	open(u *queue.URL) (*sql.DB, error)
	// session is what each connection is told first, and claiming what else the one is told that rows are taken by.
	session() []string
	claiming() []string
	// again reports whether a transaction was given up for another's sake.
	again(err error) bool
	// describe looks at a table.
	describe(ctx context.Context, conn *sql.Conn, name string) (*shape, error)
	// use gets the statements ready, once, before what follows.
	use(l *layout, s *shape) error
	// claim takes rows, at most n, after an id where that is said.
	claim(ctx context.Context, conn *sql.Conn, from source, n int, after string) ([]claimed, error)
	// change changes rows of the owner as said, and says which of them it has found.
	change(ctx context.Context, conn *sql.Conn, changes []change) ([]bool, error)
	// renew makes leases as long as they were, of rows of the owner, and says which of them it has found.
	renew(ctx context.Context, conn *sql.Conn, held []change) ([]bool, error)
	// explain is the plan of the claim, one line each, and whether the privileges for all statements are there.
	explain(ctx context.Context, conn *sql.Conn) (plan []string, denied error, err error)
	// insert puts rows in, all or none: texts for columns, nil for null, and expressions for others.
	insert(ctx context.Context, conn *sql.Conn, columns []*column, fixed map[*column]string, rows [][]*string) error
	// listen has somebody ring when a job arrives; nil: nobody does.
	listen(ctx context.Context, conn *sql.Conn, s *shape) (*bell, error)
	// served is the index that has the rows in the order of the claim.
	served(l *layout, s *shape) (string, bool)
	// What somebody could do about what is missing, in SQL: columns for owner and lease, a privilege, a trigger; empty: nothing.
	add(s *shape, who, until *column) string
	grant(s *shape) string
	trigger(s *shape) string
	// read is what is read of a row: id, attempts, and the body's columns.
	read() string
	// words of SQL.
	quote(name string) string
	mark(n int) string                     // the place of the nth value
	text(expr string) string               // expr as text
	now(c *column) string                  // the time as a column keeps it
	past(c *column) string                 // whether a column's time has come
	clock() string                         // seconds since 1970, with a fraction
	ahead(c *column, micros string) string // that, and so many microseconds more
}

// source is which rows are claimed.
type source uint8

const (
	fresh   source = iota // new, and due
	expired               // running, and the lease is over
	left                  // running, of nobody in this session: where nobody says whose
)

// claimed is a row that was taken.
type claimed struct {
	id    string
	tries int64 // after it was taken; 0: not counted
	own   bool  // it was this owner's before
	cells []any
}

// change is what is to become of a row that is ours, or was.
type change struct {
	id    string
	tries int64 // of its delivery
	word  any   // status
	final bool  // or new again
	// Of what is final, and of new rows that are there again. A nil result leaves what is there.
	fault, result *string
	// Of new rows.
	after   time.Duration
	unbegun bool // it has not been tried at all
}

func dialectOf(s queue.Scheme) (dialect, error) {
	switch s {
	case queue.SQLite:
		return &sqlite{}, nil
	case queue.MySQL:
		return &mysql{}, nil
	case queue.Postgres:
		return &postgres{}, nil
	default:
		return nil, fmt.Errorf("%s has no tables; it is sqlite, mysql or postgres", s)
	}
}

// isStale: the driver has sent nothing, as the connection had ended.
func isStale(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
}

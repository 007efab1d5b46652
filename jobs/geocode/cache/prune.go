package cache

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Filter says which answers are to be removed: those of which all that is set holds.
type Filter struct {
	Before   time.Time // given before
	Provider string
	Expired  bool // those that do not count any more
	All      bool // must be set where nothing else is
}

// ErrNoFilter says that a Filter does not say what is to be removed.
var ErrNoFilter = errors.New("say which answers are to be removed")

// Prune removes answers. It returns how many there were, and by how many bytes the database is
// smaller now. Others may use it meanwhile.
func (c *Cache) Prune(ctx context.Context, f Filter, now time.Time) (n, freed int64, err error) {
	where, args := "1", []any{}
	if !f.Before.IsZero() {
		where, args = where+" AND at < ?", append(args, f.Before.Unix())
	}
	if f.Provider != "" {
		where, args = where+" AND provider = ?", append(args, f.Provider)
	}
	if f.Expired {
		where, args = where+" AND expires <= ?", append(args, now.Unix())
	}
	if len(args) == 0 && !f.All {
		return 0, 0, ErrNoFilter
	}
	err = c.look(ctx, now, func(conn *sql.Conn) (err error) {
		before, err := size(ctx, conn)
		if err != nil {
			return err
		}
		if n, err = sweep(ctx, conn, where, args...); err != nil {
			return err
		}
		if err := shrink(ctx, conn); err != nil {
			return err
		}
		after, err := size(ctx, conn)
		freed = max(before-after, 0) // others may have added to it
		return err
	})
	return n, freed, err
}

// size is how many bytes the database has.
func size(ctx context.Context, c *sql.Conn) (int64, error) {
	var n int64
	err := c.QueryRowContext(ctx, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&n)
	return n, err
}

// shrink gives the pages back that nothing stands on, some at a time.
func shrink(ctx context.Context, c *sql.Conn) error {
	const pages = 1000
	for {
		var free int64
		if err := c.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free); err != nil || free == 0 {
			return errors.Join(err, truncate(ctx, c))
		}
		if err := giveBack(ctx, c, pages); err != nil {
			return err
		}
		if free <= pages {
			return truncate(ctx, c)
		}
	}
}

// giveBack gives some pages back, each of which is a step of the statement.
func giveBack(ctx context.Context, c *sql.Conn, pages int) error {
	rows, err := c.QueryContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", pages))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
	}
	return rows.Err()
}

// truncate moves the log into the database and cuts it off.
func truncate(ctx context.Context, c *sql.Conn) error {
	var busy, log, moved int
	return c.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved)
}

package cache

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"
)

const (
	// tendAfter is after how many commits of a process the log is moved into the database: some
	// four pages each, so 3 MB.
	tendAfter = 200
	// longLog is how many pages of log are too many, 40 MB: readers have kept it from beginning
	// anew.
	longLog = 10_000
	// sweepGroup is how many answers are removed at a time, so that others can write in between.
	sweepGroup = 200
)

func (r *row) when() time.Time { return time.Unix(r.at, 0) }

// tendAt tidies up, in a goroutine of its own and on a connection of its own, as the disk is
// waited for: a record is not. What goes wrong will be seen by who reads or writes.
func (db *database) tendAt(ctx context.Context, now time.Time) {
	db.tending.Go(func() {
		c, err := db.third(ctx)
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		if _, err := sweep(ctx, c, "expires <= ?", now.Unix()); err != nil {
			return
		}
		_ = checkpoint(ctx, c)
	})
}

// third opens one more connection.
func (db *database) third(ctx context.Context) (*sql.Conn, error) {
	lock, err := lockFor(db.path, lockShared)
	if err != nil {
		return nil, err
	}
	defer lock.Close() //nolint:errcheck // nothing was written to it
	if err := db.same(); err != nil {
		return nil, err
	}
	return db.open(ctx)
}

// same looks whether the database still has its name. The lock is held.
func (db *database) same() error {
	st, err := os.Stat(db.path)
	if err != nil || !os.SameFile(st, db.file) {
		return fmt.Errorf("%w: %w", errDamage, errReplaced)
	}
	return nil
}

// checkpoint moves the log into the database.
func checkpoint(ctx context.Context, c *sql.Conn) error {
	var busy, log, moved int
	if err := c.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &log, &moved); err != nil {
		return err
	}
	if log > longLog {
		return c.QueryRowContext(ctx, "PRAGMA wal_checkpoint(RESTART)").Scan(&busy, &log, &moved)
	}
	return nil
}

// sweep removes the answers of which a condition holds, and returns how many there were.
func sweep(ctx context.Context, c *sql.Conn, where string, args ...any) (n int64, err error) {
	one := "SELECT id FROM answers WHERE " + where
	for {
		// Mostly there are none, and nobody has to wait.
		var id int64
		if err := c.QueryRowContext(ctx, one+" LIMIT 1", args...).Scan(&id); errors.Is(err, sql.ErrNoRows) {
			return n, nil
		} else if err != nil {
			return n, err
		}
		res, err := c.ExecContext(ctx, fmt.Sprintf("DELETE FROM answers WHERE id IN (%s LIMIT %d)", one, sweepGroup), args...)
		if err != nil {
			return n, err
		}
		gone, err := res.RowsAffected()
		if err != nil {
			return n, err
		}
		n += gone
	}
}

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// SQLite keeps two files beside a database that it has open, a log and an index of it in
// shared memory. Whoever closes it last takes them away, unless he may only read: then they
// stay, 32 KiB for every run that somebody has looked at. So a ledger whose log is empty, or
// not there, is opened as if to write, and nothing is written. One whose log holds something
// is opened to read only: who takes that log away moves it into the database first, and of a
// run that was killed it has to stay as it is, to be compared with the seal.

// howToRead says how a ledger is opened that is only to be read.
func howToRead(path string) access {
	if !Settled(path) {
		return toRead
	}
	for _, p := range []string{path, filepath.Dir(path)} {
		if unix.Access(p, unix.W_OK) != nil {
			return toRead
		}
	}
	return toGlance
}

// Settled reports whether all that a ledger says stands in its file: nobody has written to
// it since it was closed.
func Settled(path string) bool {
	_, err := os.Lstat(path + "-journal")
	return err != nil && logEmpty(path)
}

// logEmpty reports whether nothing stands in the log of a ledger.
func logEmpty(path string) bool {
	st, err := os.Lstat(path + "-wal")
	return (err == nil && st.Mode().IsRegular() && st.Size() == 0) || errors.Is(err, os.ErrNotExist)
}

// Close closes the reader, and leaves nothing beside the ledger that is of no use.
func (r *Reader) Close() error {
	if !r.open || logEmpty(r.path) {
		return errors.Join(r.db.Close(), tidy(r.path))
	}
	// Somebody has begun to write, and may have been killed since. As long as somebody who
	// may only read has it open, closing it does not move the log.
	holder, err := sql.Open("sqlite", dsn(r.path, toRead))
	if err != nil {
		return errors.Join(explain(err), r.db.Close())
	}
	_ = checkVersion(context.Background(), holder, SchemaVersion) // which opens it
	return errors.Join(r.db.Close(), holder.Close())
}

// tidy takes away an empty log and its index, if nobody has the ledger open.
func tidy(path string) error {
	if _, err := os.Lstat(path + "-wal"); err != nil || howToRead(path) != toGlance {
		return nil //nolint:nilerr // there is nothing to do
	}
	db, err := sql.Open("sqlite", dsn(path, toGlance))
	if err != nil {
		return fmt.Errorf("close ledger %s: %w", path, explain(err))
	}
	_ = checkVersion(context.Background(), db, SchemaVersion) // which opens it
	return db.Close()
}

// moveLog moves what still stands in the log into the database: it does if somebody had the
// ledger open to read when it was closed to write. If he is in the middle of something, it
// stays where it is.
func moveLog(path string) error {
	if logEmpty(path) {
		return nil
	}
	db, err := sql.Open("sqlite", dsn(path, toWrite))
	if err != nil {
		return fmt.Errorf("close ledger %s: %w", path, explain(err))
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(context.Background(), `PRAGMA busy_timeout(500)`)
	if err == nil {
		_, err = db.ExecContext(context.Background(), `PRAGMA wal_checkpoint(TRUNCATE)`)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("close ledger %s: %w", path, explain(err))
	}
	return nil
}

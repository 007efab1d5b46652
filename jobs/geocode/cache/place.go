package cache

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
)

// What stands beside a database: the files of SQLite, the lock, and one that was damaged.
const (
	lockEnd    = ".lock"
	damagedEnd = ".damaged"
)

// fileEnds are those of SQLite, in the order in which they are moved: a new database must not
// find the log of another.
var fileEnds = []string{"-wal", "-shm"}

// hold is how the lock of a database is held.
type hold int

const (
	lockShared hold = unix.LOCK_SH // to open a connection
	lockAlone  hold = unix.LOCK_EX // to make the database, or to put it aside
)

// lockFor takes the lock of a database. To close it gives it back. It is never removed while
// the cache is in use.
func lockFor(path string, how hold) (*os.File, error) {
	f, err := os.OpenFile(path+lockEnd, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), int(how))
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
	}
	return f, nil
}

// makeDatabase makes a database, or what is missing of one. The lock is held alone.
func makeDatabase(ctx context.Context, path string) (err error) {
	// For this user alone; SQLite gives its other files the same mode. The file must not be
	// opened where SQLite has it open in this process: to close it would drop its locks.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	pool, err := sql.Open("sqlite", source(path))
	if err != nil {
		return err
	}
	db := &database{pool: pool}
	defer func() { err = errors.Join(err, pool.Close()) }()
	c, err := db.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err = tx.ExecContext(ctx, schema+fmt.Sprintf("; PRAGMA application_id = %d; PRAGMA user_version = %d", mark, version)); err != nil {
		return err
	}
	return tx.Commit()
}

// putAside puts a damaged database aside, unless somebody else has done so.
func putAside(path string, which os.FileInfo) error {
	lock, err := lockFor(path, lockAlone)
	if err != nil {
		return err
	}
	defer lock.Close() //nolint:errcheck // nothing was written to it
	if st, err := os.Stat(path); err != nil || !os.SameFile(st, which) {
		return nil // it is gone
	}
	return moveAside(path)
}

// errReplaced is wrapped by errors about a database that another process has put aside.
var errReplaced = errors.New("it was put aside by another process")

// moveAside gives a database another name. The lock is held alone. Who has it open goes on with
// it until they find the damage too.
func moveAside(path string) error {
	for _, end := range append(fileEnds, "") {
		if err := os.Rename(path+end, path+damagedEnd+end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// SQLite's result codes that speak of the file and not of the disk:
// https://sqlite.org/rescode.html
const (
	codeLogic     = 1 // what statements that are right get of a schema that is not ours
	codeMismatch  = 20
	codeCorrupt   = 11
	codeNotADB    = 26
	codeShortRead = 10 | 2<<8
)

// isDamage reports whether an error says that the database is damaged.
func isDamage(err error) bool {
	if errors.Is(err, errDamage) {
		return true
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case codeLogic, codeMismatch, codeCorrupt, codeNotADB:
		return true
	}
	return e.Code() == codeShortRead
}

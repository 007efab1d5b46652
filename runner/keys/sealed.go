package keys

import (
	"brood/runner/ledger/seal"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"modernc.org/sqlite"
)

// DamagedError says that the keys of a scope are not as they were left: something else has
// removed, cut off or changed them. Whoever took them for whole would do records a second
// time.
type DamagedError struct {
	Scope string
	Err   error
}

func (e *DamagedError) Error() string { return fmt.Sprintf("keys of scope %s: %v", e.Scope, e.Err) }
func (e *DamagedError) Unwrap() error { return e.Err }

// LostError says that too little is left of a scope to go on with.
type LostError struct{ Err *DamagedError }

func (e *LostError) Error() string { return "too little is left: " + e.Err.Error() }
func (e *LostError) Unwrap() error { return e.Err }

// sealed is the database of a scope with its seal, see package seal. What is done to the
// database is done between Lock and Unlock of the seal.
type sealed struct {
	*sql.DB
	*seal.Shared
	path string
}

func sealPath(path string) string { return strings.TrimSuffix(path, ".db") + ".seal" }

// openSealed opens the database of a scope, which is compared with its seal before, and
// makes it if it has never been there. It must not be open in this process.
func openSealed(ctx context.Context, path string, must bool) (*sealed, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	shared, err := seal.NewShared(sealPath(path))
	if err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	if err := shared.Lock(); err != nil {
		return nil, errors.Join(fmt.Errorf("open keys: %w", err), shared.Close())
	}
	defer shared.Unlock()
	s := &sealed{Shared: shared, path: path}
	err = areFiles(path)
	if err == nil {
		err = s.open(ctx, must)
	}
	if err != nil {
		err = damaged(path, fmt.Errorf("open keys %s: %w", path, err))
		if s.DB != nil {
			err = errors.Join(err, s.DB.Close())
		}
		return nil, errors.Join(err, shared.Close())
	}
	return s, nil
}

// areFiles refuses what has come into the place of a file and is none.
func areFiles(path string) error {
	for _, p := range []string{path, path + "-wal", path + "-shm", sealPath(path)} {
		if st, err := os.Lstat(p); err == nil && !st.Mode().IsRegular() {
			return fmt.Errorf("%s: %w: it is no file any more", p, seal.ErrDamaged)
		}
	}
	return nil
}

// SQLite's result codes for a database that is not what it was:
// https://sqlite.org/rescode.html
const (
	codeLogic   = 1 // of a schema that is not ours any more
	codeCorrupt = 11
	codeNotADB  = 26
)

// damaged makes a DamagedError of an error that says so.
func damaged(path string, err error) error {
	var e *sqlite.Error
	is := errors.As(err, &e) && slices.Contains([]int{codeLogic, codeCorrupt, codeNotADB}, e.Code()&0xff)
	if is || errors.Is(err, seal.ErrDamaged) || errors.Is(err, seal.ErrBroken) {
		return &DamagedError{strings.TrimSuffix(filepath.Base(path), ".db"), err}
	}
	return err
}

func (s *sealed) open(ctx context.Context, must bool) error {
	unsure := false // after a power failure the sums say nothing
	_, statErr := os.Stat(s.path)
	_, at, sealErr := seal.Peek(sealPath(s.path))
	switch {
	case errors.Is(statErr, os.ErrNotExist) && (must || !errors.Is(sealErr, seal.ErrNone)):
		return fmt.Errorf("%w: they are gone", seal.ErrDamaged)
	case sealErr == nil:
		x, err := seal.Open(sealPath(s.path), s.path, seal.BootID())
		if err != nil {
			return err
		}
		unsure = !x.Solid(seal.BootID())
		if err := x.Close(); err != nil {
			return err
		}
	case !errors.Is(sealErr, seal.ErrNone):
		return sealErr
	}
	var sums *seal.Sums
	if statErr == nil && sealErr != nil {
		var err error
		if sums, err = seal.Scan(s.path); err != nil {
			return err
		}
	}
	var err error
	if s.DB, err = openDB(s.path); err != nil {
		return err
	}
	number, err := makeSchema(ctx, s.DB)
	if err != nil {
		return err
	}
	if unsure {
		if err := sound(ctx, s.DB); err != nil {
			return err
		}
	}
	if sealErr == nil {
		if number < at.Number {
			return fmt.Errorf("%w: the newest are gone: there were %d transactions, and are %d", seal.ErrDamaged, at.Number, number)
		}
		return nil
	}
	if number > 1 {
		return fmt.Errorf("%w: their seal is gone", seal.ErrDamaged)
	}
	return s.makeSeal(ctx, sums)
}

// makeSeal makes the seal of a database whose pages have those sums.
func (s *sealed) makeSeal(ctx context.Context, sums *seal.Sums) error {
	var id seal.ID
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	x, err := seal.Create(sealPath(s.path), id, sums)
	if err != nil {
		return err
	}
	if err := x.Close(); err != nil {
		return err
	}
	tx, err := s.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	return s.commit(ctx, tx)
}

// execer is a transaction, by whatever interface.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// commit ends a transaction of database/sql, and seals it.
func (s *sealed) commit(ctx context.Context, tx *sql.Tx) error {
	number, err := count(ctx, tx)
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return err
	}
	return s.Advance(s.path+"-wal", number, seal.BootID())
}

// end ends a transaction that was begun by hand, and seals it.
func (s *sealed) end(ctx context.Context, conn *sql.Conn) error {
	number, err := count(ctx, conn)
	if err == nil {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		return err
	}
	return s.Advance(s.path+"-wal", number, seal.BootID())
}

func count(ctx context.Context, tx execer) (number uint64, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE progress SET number = number + 1 RETURNING number`).Scan(&number)
	return number, err
}

// close closes the database, and makes the seal durable. Others may go on with both.
func (s *sealed) close() error {
	if err := s.Lock(); err != nil {
		return errors.Join(err, s.DB.Close(), s.Shared.Close())
	}
	defer s.Unlock()
	return errors.Join(s.DB.Close(), s.Sync(), s.Shared.Close())
}

// Verify compares the keys of a scope with their seal.
func Verify(ctx context.Context, path string) error {
	s, err := openSealed(ctx, path, true)
	if err != nil {
		return err
	}
	return s.close()
}

// Repair seals anew the keys that are left of a scope.
func Repair(ctx context.Context, path string) (n int64, err error) {
	defer func() {
		var d *DamagedError
		if err = damaged(path, err); errors.As(err, &d) {
			err = &LostError{d}
		}
	}()
	if err := areFiles(path); err != nil {
		return 0, err
	}
	shared, err := seal.NewShared(sealPath(path))
	if err != nil {
		return 0, fmt.Errorf("open keys: %w", err)
	}
	if err := shared.Lock(); err != nil {
		return 0, errors.Join(fmt.Errorf("open keys: %w", err), shared.Close())
	}
	defer shared.Unlock()
	s := &sealed{Shared: shared, path: path}
	defer func() {
		if s.DB != nil {
			err = errors.Join(err, s.DB.Close())
		}
		err = errors.Join(err, s.Sync(), shared.Close())
	}()
	sums, err := seal.Scan(path)
	if err != nil {
		return 0, err
	}
	if s.DB, err = openDB(path); err != nil {
		return 0, err
	}
	if _, err := makeSchema(ctx, s.DB); err != nil {
		return 0, err
	}
	if err := sound(ctx, s.DB); err != nil {
		return 0, err
	}
	if err := s.makeSeal(ctx, sums); err != nil {
		return 0, err
	}
	err = s.QueryRowContext(ctx, `SELECT count(*) FROM keys`).Scan(&n)
	return n, err
}

// sound has SQLite look for contradictions.
func sound(ctx context.Context, db *sql.DB) error {
	var said string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return fmt.Errorf("%w: %s; put them back from a copy", seal.ErrDamaged, said)
	}
	return nil
}

// Package ledger is the run's SQLite database: the only truth about what
// happened to each record.
//
// One process writes it, from one goroutine, in group commits; any number may
// read it at the same time, the sqlite3 shell included. It runs in WAL mode
// with synchronous=FULL, so what Commit has returned from survives a power
// loss. The schema is in schema.sql, with a comment for every column, and is
// stored in the database as it stands there; its version is in user_version.
//
// An error of Commit means that nothing of it counts. After such an error the
// ledger must not be written again by this process: the next sync may report
// success though the data is gone.
package ledger

import (
	"brood/runner/ledger/seal"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// SchemaVersion is the user_version of databases with all the tables there are, and
// plainVersion of those without what is in again.sql. Of older ones version 2 can be read,
// and is changed when it is opened to write, see migrate.go; any other is refused.
const (
	SchemaVersion = 4
	plainVersion  = 3
)

// ChunkSize is how many records a row of chunks covers. It is part of the
// schema.
const ChunkSize = 1 << 16

// FileName is the ledger's name in the run directory.
const FileName = "ledger.db"

// SealName is the name of the ledger's seal in the run directory, see package seal.
const SealName = seal.FileName

// ErrVersion is wrapped by errors about a ledger of another version.
var ErrVersion = errors.New("the ledger is of another version")

// ErrNotBegun means that the process that made the ledger died before it was
// complete: nothing has happened in this run.
var ErrNotBegun = errors.New("the run was cut off before it began")

// ErrNone is wrapped by errors about a ledger that does not exist.
var ErrNone = os.ErrNotExist

// Ledger is an open ledger.
type Ledger struct {
	db     *sql.DB
	path   string
	write  *sql.Conn // of the one writer
	broken bool
	stmts  statements
	args   []any // of a statement of many rows, to be used again

	seal   *seal.Seal
	number uint64      // of the last transaction
	owed   *uint64     // records before it may have been sent out, as transactions say that are not sealed yet; nil: all are
	soft   bool        // what is written now is not synced, see Commit.Soft
	old    bool        // it was of oldVersion when it was opened
	file   os.FileInfo // of the database
}

// timeFormat sorts as text and is understood by SQLite's date functions.
const timeFormat = "2006-01-02T15:04:05.000Z"

func stamp(t time.Time) string { return t.UTC().Format(timeFormat) }

// access is what a connection is for.
type access int

const (
	toWrite  access = iota
	toRead          // SQLite makes the files beside the database, if they are not there, and leaves them
	toGlance        // to read, and to take those files away as the last one that has it open
)

func dsn(path string, a access) string {
	q := url.Values{}
	q.Add("_pragma", "busy_timeout(10000)")
	switch a {
	case toRead:
		q.Set("mode", "ro")
	case toGlance:
		q.Set("mode", "rw")
		q.Add("_pragma", "query_only(1)")
	case toWrite:
		q.Set("_journal_mode", "WAL")
		q.Add("_pragma", "synchronous(FULL)")
		q.Set("_txlock", "immediate")
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	return u.String()
}

// Open opens the ledger of an existing run for writing. It is compared with its seal: one
// that has lost or changed something is ErrDamaged. Nobody else has it open to write, and
// this process not at all.
func Open(ctx context.Context, path string) (*Ledger, error) {
	return openWith(ctx, path, (*Ledger).check)
}

func openWith(ctx context.Context, path string, check func(*Ledger, context.Context, *seal.Sums) error) (*Ledger, error) {
	if err := present(path); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	s, sums, err := openSeal(path)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l, err := connect(ctx, path)
	if err != nil {
		return nil, errors.Join(err, closeSeal(s))
	}
	l.seal = s
	err = checkVersion(ctx, l.db, SchemaVersion, plainVersion, oldVersion)
	if errors.Is(err, ErrNotBegun) && s != nil {
		err = fmt.Errorf("%w: all that was in it is gone", ErrDamaged)
	}
	if err == nil {
		err = l.migrate(ctx)
	}
	if err == nil {
		err = check(l, ctx, sums)
	}
	if err == nil { // all of them, so that a schema that is not ours any more is noticed now
		err = l.stmts.prepare(ctx, l.write)
	}
	if err != nil {
		l.broken = true
		return nil, errors.Join(fmt.Errorf("open ledger %s: %w", path, explain(err)), l.Close())
	}
	return l, nil
}

func connect(ctx context.Context, path string) (*Ledger, error) {
	db, err := sql.Open("sqlite", dsn(path, toWrite))
	if err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", path, explain(err))
	}
	l := &Ledger{db: db, path: path, stmts: newStatements()}
	if l.write, err = db.Conn(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger %s: %w", path, explain(err)), db.Close())
	}
	if l.file, err = os.Stat(path); err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger: %w", err), l.write.Close(), db.Close())
	}
	return l, nil
}

func checkVersion(ctx context.Context, db querier, known ...int) error {
	var v int
	err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v)
	if cutOffAtCreation(err) {
		return ErrNotBegun
	}
	if err != nil {
		return err
	}
	if v == 0 {
		return ErrNotBegun
	}
	if !slices.Contains(known, v) {
		return fmt.Errorf("%w: it has %d, this brood knows %d; use the brood that began the run", ErrVersion, v, SchemaVersion)
	}
	return nil
}

// Close closes the ledger, and makes durable what is not yet.
func (l *Ledger) Close() error {
	l.stmts.close()
	err := l.payOwed(context.Background())
	if l.write != nil {
		err = errors.Join(err, l.write.Close())
	}
	err = errors.Join(err, l.db.Close())
	if !l.broken && err == nil {
		err = moveLog(l.path)
	}
	if l.seal != nil && !l.broken && err == nil {
		err = l.seal.Sync() // now that SQLite has moved everything into the database
	}
	return errors.Join(err, closeSeal(l.seal))
}

// SyncDir makes the names in a directory durable: a new file's, a renamed one's.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	defer func() { _ = d.Close() }()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync directory %s: %w", dir, err)
	}
	return nil
}

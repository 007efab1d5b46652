// Package register is what the billing runs of a user share: which charges there are and how they stand, so that no
// invoice is charged twice whatever plans say; the numbers of invoices, refunds, and what has come back later.
//
// It is an SQLite database, STATE/billing/register.db, written by parents only, in WAL mode with every commit on the
// disk before it counts. It promises:
//
//   - Take puts all charges of a plan into it, or none, before the first request leaves; two open ones of an
//     invoice, or of a customer and period, are refused by a constraint of the database, from whichever run.
//   - Numbers of a series are given in the order of the plan without a gap, in the same transaction; one that is not used
//     is void, with the reason.
//   - What it cannot read it refuses: a damaged register is an error, and never begun anew; one that is gone neither, which
//     a file beside it tells (register.made).
//
// What it leaves to others: what a status means (package charge), when a declined charge may be tried again
// (package dunning), and what is in a plan.
package register

import (
	"brood/jobs/files"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver
)

//go:embed schema.sql
var schema string

//go:embed credits.sql
var creditsSchema string // since version 3

const (
	version = 3          // of the schema, in user_version
	mark    = 0x62724252 // application_id: "brBR"

	timeFormat = "2006-01-02T15:04:05.000Z"
)

// Dir is where billing keeps what its runs share, in a state directory.
func Dir(state string) string { return filepath.Join(state, "billing") }

// Path is where the register is.
func Path(state string) string { return filepath.Join(Dir(state), "register.db") }

// Register is open. It is safe for concurrent use, also by several processes.
type Register struct {
	db   *sql.DB
	path string
}

// Open opens the register of a state directory, and makes it if there is none.
func Open(ctx context.Context, state string) (*Register, error) {
	if err := files.MakeDir(Dir(state)); err != nil {
		return nil, fmt.Errorf("open the register of charges: %w", err)
	}
	there, err := exists(Path(state))
	if err != nil {
		return nil, err
	}
	made, err := exists(madePath(state))
	if err != nil {
		return nil, err
	}
	if made && !there {
		return nil, fmt.Errorf("the register of charges %s is gone, and without it what was charged would be charged again: put it back from a copy. If nothing was ever charged from here, remove %s", Path(state), madePath(state))
	}
	r, err := open(ctx, Path(state))
	if err != nil || made {
		return r, err
	}
	if err := files.Write(madePath(state), []byte("register.db was made; without it no charge is made from here\n"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("open the register of charges: %w", err), r.Close())
	}
	return r, nil
}

// madePath is a file that says that there has been a register.
func madePath(state string) string { return filepath.Join(Dir(state), "register.made") }

func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// OpenThere is Open, or fs.ErrNotExist if there is none: nobody has been charged yet.
func OpenThere(ctx context.Context, state string) (*Register, error) {
	if _, err := os.Stat(Path(state)); err != nil {
		return nil, err
	}
	return open(ctx, Path(state))
}

func open(ctx context.Context, path string) (*Register, error) {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(60000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	r := &Register{db: db, path: path}
	if err := r.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return r, os.Chmod(path, 0o600)
}

// prepare makes the tables, or sees that they are those of this version.
func (r *Register) prepare(ctx context.Context) error {
	return r.tx(ctx, func(tx *sql.Tx) error {
		var is, tables int
		var of int64
		if err := errors.Join(tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&is), tx.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&of),
			tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables)); err != nil {
			return err
		}
		switch {
		case is == version && of == mark:
			return nil
		case is == 2 && of == mark:
			_, err := tx.ExecContext(ctx, creditsSchema+fmt.Sprintf("PRAGMA user_version = %d;", version))
			return err
		case is > version && of == mark:
			return fmt.Errorf("it is of a newer brood (version %d, this one knows %d): use that one", is, version)
		case tables > 0:
			return errors.New("it is another database")
		}
		_, err := tx.ExecContext(ctx, schema+creditsSchema+fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d;", version, mark))
		return err
	})
}

// Close closes it.
func (r *Register) Close() error { return r.wrap(r.db.Close()) }

// tx does f in one transaction, which has begun writing: all of it counts, or nothing.
func (r *Register) tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return r.wrap(err)
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback()
		return r.wrap(err)
	}
	return r.wrap(tx.Commit())
}

// wrap says which file an error of the database is about; what is refused says enough by itself.
func (r *Register) wrap(err error) error {
	if refused := (*RefusedError)(nil); err == nil || errors.As(err, &refused) {
		return err
	}
	return fmt.Errorf("register of charges %s: %w", r.path, err)
}

func stamp(t time.Time) string { return t.UTC().Format(timeFormat) }

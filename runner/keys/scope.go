package keys

import (
	"brood/jobs"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver
)

//go:embed scope.sql
var scopeSchema string

const scopeVersion = 2

const timeFormat = "2006-01-02T15:04:05.000Z"

// Scope is the keys that several runs share: a key belongs to the first run
// that takes it, until the run gives it back as its record certainly had no
// effect. It is an SQLite file, keys/NAME.db in the state directory, and any
// number of processes may use it at a time. What Flush has returned from
// survives a power failure.
//
// It is not safe for concurrent use within a process, except that GiveBack may
// be called from another goroutine than the others.
type Scope struct {
	db    *sealed
	path  string
	run   string
	began string
	take  *sql.Conn // with a transaction open while taking is true
	give  *sql.Conn
	// insert and look belong to take, remove to give.
	insert, look, remove *sql.Stmt
	taking               bool
}

// Taken is a key with the record that has it.
type Taken struct {
	Key  string
	Run  string
	Seq  jobs.Seq
	Line int64
	At   string // UTC, as in the ledger
}

// ScopePath is where the keys of a scope are kept.
func ScopePath(state, name string) string { return filepath.Join(state, "keys", name+".db") }

// OpenScope opens the keys of a scope for a run. A run is known by its name and the time
// when it began. If the scope is not there it is made, unless must says that it has been:
// then, as if it is there and is not what was left, the error is a DamagedError.
func OpenScope(ctx context.Context, state, name, run, began string, must bool) (*Scope, error) {
	path := ScopePath(state, name)
	db, err := openSealed(ctx, path, must)
	if err != nil {
		return nil, err
	}
	s := &Scope{db: db, path: path, run: run, began: began}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(s.wrap("open", err), s.Close())
	}
	return s, nil
}

func openDB(path string) (*sql.DB, error) {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(60000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-16384)",
	}}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	return sql.Open("sqlite", u.String())
}

// makeSchema makes the tables, or brings those of an older version up to date. It returns
// the number of the last transaction.
func makeSchema(ctx context.Context, db *sql.DB) (number uint64, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	var v int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v); err != nil {
		return 0, err
	}
	schema := scopeSchema
	switch v {
	case scopeVersion:
		err := tx.QueryRowContext(ctx, `SELECT number FROM progress`).Scan(&number)
		return number, err
	case 0:
	case 1: // had no progress
		_, progress, _ := strings.Cut(schema, "CREATE TABLE progress")
		schema = "CREATE TABLE progress" + progress
	default:
		return 0, fmt.Errorf("it is of version %d, this brood knows %d", v, scopeVersion)
	}
	if _, err := tx.ExecContext(ctx, schema+fmt.Sprintf("; PRAGMA user_version = %d", scopeVersion)); err != nil {
		return 0, err
	}
	return 0, tx.Commit()
}

func (s *Scope) prepare(ctx context.Context) error {
	var err error
	if s.take, err = s.db.Conn(ctx); err != nil {
		return err
	}
	if s.give, err = s.db.Conn(ctx); err != nil {
		return err
	}
	for _, p := range []struct {
		to   **sql.Stmt
		conn *sql.Conn
		sql  string
	}{
		{&s.insert, s.take, `INSERT OR IGNORE INTO keys VALUES (?, ?, ?, ?, ?, ?)`},
		{&s.look, s.take, `SELECT run, began, seq, line, at FROM keys WHERE key = ?`},
		{&s.remove, s.give, `DELETE FROM keys WHERE key = ? AND run = ? AND began = ?`},
	} {
		if *p.to, err = p.conn.PrepareContext(ctx, p.sql); err != nil { //nolint:sqlclosecheck // closed by Close
			return err
		}
	}
	return nil
}

func (s *Scope) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s keys %s: %w", what, s.path, err)
}

// Take takes a key for a record of this run. If another run has it, or another
// record of this one, that is returned. What is taken is not durable before
// Flush.
func (s *Scope) Take(ctx context.Context, key string, seq jobs.Seq, line int64) (*Taken, error) {
	if !s.taking {
		if err := s.db.Lock(); err != nil {
			return nil, s.wrap("write", err)
		}
		if _, err := s.take.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
			s.db.Unlock()
			return nil, s.wrap("write", err)
		}
		s.taking = true
	}
	res, err := s.insert.ExecContext(ctx, key, s.run, s.began, uint64(seq), line, time.Now().UTC().Format(timeFormat))
	if err != nil {
		return nil, s.wrap("write", err)
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return nil, s.wrap("write", err)
	}
	t := Taken{Key: key}
	var began string
	var other uint64
	if err := s.look.QueryRowContext(ctx, key).Scan(&t.Run, &began, &other, &t.Line, &t.At); err != nil {
		return nil, s.wrap("read", err)
	}
	if t.Seq = jobs.Seq(other); t.Run == s.run && began == s.began && t.Seq == seq {
		return nil, nil
	}
	return &t, nil
}

// Flush makes durable what was taken.
func (s *Scope) Flush(ctx context.Context) error {
	if !s.taking {
		return nil
	}
	s.taking = false
	defer s.db.Unlock()
	return s.wrap("write", s.db.end(ctx, s.take))
}

// GiveBack gives up keys of this run, so that another may take them.
func (s *Scope) GiveBack(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	if err := s.db.Lock(); err != nil {
		return s.wrap("write", err)
	}
	defer s.db.Unlock()
	if _, err := s.give.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return s.wrap("write", err)
	}
	for _, k := range keys {
		if _, err := s.remove.ExecContext(ctx, k, s.run, s.began); err != nil {
			_, _ = s.give.ExecContext(ctx, "ROLLBACK") // the first error is the one that counts
			return s.wrap("write", err)
		}
	}
	return s.wrap("write", s.db.end(ctx, s.give))
}

// Close closes the keys. What was taken and not flushed is not taken.
func (s *Scope) Close() error {
	var errs []error
	for _, st := range []*sql.Stmt{s.insert, s.look, s.remove} {
		if st != nil {
			errs = append(errs, st.Close())
		}
	}
	if s.taking {
		_, err := s.take.ExecContext(context.Background(), "ROLLBACK")
		errs = append(errs, err)
		s.taking = false
		s.db.Unlock()
	}
	for _, c := range []*sql.Conn{s.take, s.give} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return s.wrap("close", errors.Join(append(errs, s.db.close())...))
}

// Filter says which keys are meant. The zero value is all of them.
type Filter struct {
	Keys   []string
	Run    string
	Before time.Time // taken before
}

func (f Filter) where() (string, []any) {
	q, args := " WHERE 1", []any{}
	if f.Run != "" {
		q, args = q+" AND run = ?", append(args, f.Run)
	}
	if !f.Before.IsZero() {
		q, args = q+" AND at < ?", append(args, f.Before.UTC().Format(timeFormat))
	}
	return q, args
}

// List calls visit for the keys of a scope, in the order of the alphabet.
func List(ctx context.Context, path string, f Filter, visit func(Taken) error) error {
	db, err := openSealed(ctx, path, true)
	if err != nil {
		return err
	}
	defer func() { _ = db.close() }()
	where, args := f.where()
	rows, err := db.QueryContext(ctx, `SELECT key, run, seq, line, at FROM keys`+where+` ORDER BY key`, args...)
	if err != nil {
		return fmt.Errorf("read keys %s: %w", path, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var t Taken
		var seq uint64
		if err := rows.Scan(&t.Key, &t.Run, &seq, &t.Line, &t.At); err != nil {
			return fmt.Errorf("read keys %s: %w", path, err)
		}
		t.Seq = jobs.Seq(seq)
		if err := visit(t); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Forget removes keys from a scope, so that any run may do them again. It
// returns how many there were.
func Forget(ctx context.Context, path string, f Filter) (total int64, err error) {
	db, err := openSealed(ctx, path, true)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := db.Lock(); err != nil {
		return 0, err
	}
	defer db.Unlock()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("write keys %s: %w", path, err)
	}
	defer func() { _ = tx.Rollback() }()
	where, args := f.where()
	if len(f.Keys) == 0 {
		f.Keys = []string{""}
	} else {
		where += " AND key = ?"
	}
	for _, k := range f.Keys {
		this := slices.Clone(args)
		if k != "" {
			this = append(this, k)
		}
		res, err := tx.ExecContext(ctx, `DELETE FROM keys`+where, this...)
		if err != nil {
			return 0, fmt.Errorf("write keys %s: %w", path, err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, fmt.Errorf("write keys %s: %w", path, err)
		}
		total += n
	}
	if err := db.commit(ctx, tx); err != nil {
		return 0, fmt.Errorf("write keys %s: %w", path, err)
	}
	return total, nil
}

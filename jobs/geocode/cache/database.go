package cache

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver
)

//go:embed schema.sql
var schema string

const (
	version = 1          // of the schema, in user_version
	mark    = 0x62724743 // application_id: "brGC"

	// busyTimeout is how long a writer waits for others, in milliseconds; a reader hardly ever
	// has to. An answer is not worth more.
	busyTimeout = 2000
)

// database is one database that is open: two connections, so that who reads does not wait for
// who writes. It is closed when it is retired and nobody uses it any more.
type database struct {
	path string
	file os.FileInfo // to tell it from another that is put in its place
	pool *sql.DB
	ask  struct { // the connection that reads
		sync.Mutex
		conn *sql.Conn
		get  *sql.Stmt
	}
	writing writing

	users    sync.WaitGroup // who has borrowed it, and the owner until it is retired
	tending  sync.WaitGroup // goroutines that write and tidy
	closeErr error
	gone     chan struct{}
}

func source(path string) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTimeout), "auto_vacuum(incremental)", "journal_mode(WAL)",
		"synchronous(NORMAL)", "wal_autocheckpoint(0)", "journal_size_limit(4194304)", "cache_size(-2000)",
	}}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	return u.String()
}

// openDatabase opens a database, and makes it if it is not there. One that is damaged is put
// aside first: damage says why.
func openDatabase(ctx context.Context, path string, now time.Time) (db *database, damage, err error) {
	db, err = openShared(ctx, path, now)
	if err == nil || !errors.Is(err, errUnmade) && !isDamage(err) {
		return db, nil, err
	}
	lock, err := lockFor(path, lockAlone)
	if err != nil {
		return nil, nil, err
	}
	defer lock.Close() //nolint:errcheck // nothing was written to it
	for range 2 {      // first what is there, which somebody else may have made meanwhile, then a new one
		db, err = connect(ctx, path, now)
		if errors.Is(err, errUnmade) {
			if err = makeDatabase(ctx, path); err == nil {
				db, err = connect(ctx, path, now)
			}
		}
		if !isDamage(err) {
			return db, damage, err
		}
		damage = err
		if err := moveAside(path); err != nil {
			return nil, damage, err
		}
	}
	return nil, damage, err
}

func openShared(ctx context.Context, path string, now time.Time) (*database, error) {
	lock, err := lockFor(path, lockShared)
	if err != nil {
		return nil, err
	}
	defer lock.Close() //nolint:errcheck // nothing was written to it
	return connect(ctx, path, now)
}

// errUnmade says that there is no database, or one in which nothing stands yet.
var errUnmade = errors.New("there is no cache")

// connect opens a database that is there. The lock is held.
func connect(ctx context.Context, path string, now time.Time) (db *database, err error) {
	st, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errUnmade
	}
	if err != nil {
		return nil, err
	}
	db = &database{path: path, file: st, gone: make(chan struct{})}
	db.writing.db = db
	if db.pool, err = sql.Open("sqlite", source(path)); err != nil {
		return nil, err
	}
	db.pool.SetMaxIdleConns(-1)
	db.users.Add(1)
	defer func() {
		if err != nil {
			err = errors.Join(err, db.close())
			db = nil
		}
	}()
	if db.ask.conn, err = db.open(ctx); err != nil {
		return db, err
	}
	if err = check(ctx, db.ask.conn); err != nil {
		return db, err
	}
	if db.ask.get, err = db.ask.conn.PrepareContext(ctx, `SELECT outcome, form, answer, at, expires FROM answers WHERE key = ? AND (expires IS NULL OR expires > ?)`); err != nil {
		return db, err
	}
	go db.closeAfterLast()
	db.tendAt(ctx, now)
	return db, nil
}

// open opens a connection. The lock is held.
func (db *database) open(ctx context.Context) (*sql.Conn, error) {
	c, err := db.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	err = c.Raw(func(c any) error {
		_, err := c.(interface {
			FileControlPersistWAL(db string, mode int) (int, error)
		}).FileControlPersistWAL("main", 1)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// check looks whether a database is what it should be.
func check(ctx context.Context, c *sql.Conn) error {
	var v, m int
	if err := c.QueryRowContext(ctx, "SELECT user_version, application_id FROM pragma_user_version, pragma_application_id").Scan(&v, &m); err != nil {
		return err
	}
	switch {
	case v == 0 && m == 0:
		return errUnmade
	case m != mark:
		return fmt.Errorf("%w: it is the database of another program", errDamage)
	case v != version:
		return fmt.Errorf("%w: it has %d, this one knows %d", ErrVersion, v, version)
	}
	return nil
}

// get finds an answer; nil if there is none.
func (db *database) get(ctx context.Context, key []byte, now time.Time) (*Answer, error) {
	r := row{key: key}
	db.ask.Lock()
	err := db.ask.get.QueryRowContext(context.WithoutCancel(ctx), key, now.Unix()).Scan(&r.outcome, &r.form, &r.answer, &r.at, &r.expires)
	db.ask.Unlock()
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return r.decode()
}

func (db *database) borrow()  { db.users.Add(1) }
func (db *database) release() { db.users.Done() }

// retire says that nobody borrows it any more.
func (db *database) retire() { db.users.Done() }

// closeAfterLast closes the database when nobody uses it.
func (db *database) closeAfterLast() {
	db.users.Wait()
	db.closeErr = db.close()
	close(db.gone)
}

// wait waits until it is closed.
func (db *database) wait() error {
	<-db.gone
	return db.closeErr
}

func (db *database) close() error {
	db.tending.Wait()
	var errs []error
	for _, s := range []*sql.Stmt{db.ask.get, db.writing.insert} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	for _, c := range []*sql.Conn{db.ask.conn, db.writing.conn} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(append(errs, db.pool.Close())...)
}

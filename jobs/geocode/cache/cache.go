// Package cache keeps the answers of providers of geocoding, so that a question that was
// answered once is not asked, and paid for, again: across the runs of a user, and by all their
// worker processes at the same time.
//
// It is an SQLite database in WAL mode, STATE/cache/geocode.db, which only this user can
// read. It promises:
//
//   - What Put has returned from without an error is there for every process, whole, also when
//     this one is killed at once. After a power failure the last of it may be missing.
//   - A record is never worse off for it. What cannot be kept, as the disk is full, say, is an
//     error of Put that the caller may ignore; it is counted, and told once.
//   - A damaged cache is put aside, with a warning, and begun anew.
//   - Nothing is found that has expired, and it is removed soon after.
//
// What is kept are answers, never errors; whether a provider allows that, and for how long, is
// said by the caller, see Life. The key of an account is no part of it: of a base URL only
// scheme, host and path are kept.
//
// Beside the database stands a file FILE.lock: held shared while a connection is opened, and
// alone while the database is made or put aside, so that nobody opens half of one and half of
// another. The log of SQLite stays when the last connection is closed, as it would be taken
// away by its name, which may be that of another database by then.
package cache

import (
	"brood/jobs/files"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// FileName is the name of the cache that runs share, in the directory of Path.
const FileName = "geocode.db"

// Path is where the answers that runs share are kept.
func Path(state string) string { return filepath.Join(state, "cache", FileName) }

// runFile is the name of a cache in the directory of a run.
const runFile = "geocode-cache.db"

// ErrNotKept is wrapped by the errors of Put: the answer is good, but could not be kept.
var ErrNotKept = errors.New("the answer is not kept")

// ErrVersion is wrapped by errors about a cache that another version of brood has made.
var ErrVersion = errors.New("the cache is of another version of brood")

// again is how long a cache that cannot be opened is left alone before it is tried again.
const again = time.Minute

// Cache is a cache on the disk. It is safe for concurrent use.
type Cache struct {
	// Warn is told, in a sentence, what the user should know: that the cache was damaged, or
	// cannot be used. Once for each kind of trouble. Nil: nobody is told. It is set before the
	// first use.
	Warn func(string)

	path   string
	unkept atomic.Int64

	mu      sync.Mutex // guards what follows; no file is waited for while it is held, except to open one
	db      *database  // nil: not open
	closed  bool
	told    map[trouble]bool
	refused error     // why it could not be opened
	retry   time.Time // when it is tried again
}

// trouble is a kind of what the user is warned of.
type trouble string

const (
	troubleDamaged trouble = "damaged"
	troubleOpen    trouble = "open"
	troubleWrite   trouble = "write"
)

// Open makes a cache ready, and its directory, if need be. The database is opened, and made, when
// it is needed first.
func Open(path string) (*Cache, error) {
	if err := files.MakeDir(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("open cache: %w", err)
	}
	return at(path), nil
}

// OpenRun makes the cache of a run ready, in the run's directory, for answers of a provider
// that forbids to keep them any longer: see RemoveRun.
func OpenRun(dir string) (*Cache, error) { return at(filepath.Join(dir, runFile)), nil }

func at(path string) *Cache { return &Cache{path: path, told: make(map[trouble]bool)} }

// RemoveRun removes the cache of a run that has ended, if there is one. Nobody has it open.
func RemoveRun(dir string) error {
	var errs []error
	path := filepath.Join(dir, runFile)
	for _, end := range append([]string{"", lockEnd, damagedEnd}, fileEnds...) {
		errs = append(errs, removeIfThere(path+end))
	}
	for _, end := range fileEnds {
		errs = append(errs, removeIfThere(path+damagedEnd+end))
	}
	return errors.Join(errs...)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Get returns the answer to a question, if there is one that has not expired. An error says
// that the cache could not be read: the caller asks the provider then, or fails if it may not.
func (c *Cache) Get(ctx context.Context, k Key, now time.Time) (*Answer, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	db, err := c.use(ctx, now)
	if err != nil {
		return nil, false, err
	}
	defer db.release()
	a, err := db.get(ctx, k.hash(), now)
	if isDamage(err) {
		return nil, false, c.renew(db, err)
	}
	if err != nil {
		return nil, false, fmt.Errorf("read cache %s: %w", c.path, err)
	}
	return a, a != nil, nil
}

// Put keeps an answer, in the place of an older one to the same question. It waits until the
// answer is in the database, for which others may hold it up; at most for busyTimeout.
func (c *Cache) Put(ctx context.Context, k Key, a *Answer) error {
	err := c.put(ctx, k, a)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return err // nobody knows
	}
	c.unkept.Add(1)
	return fmt.Errorf("%w: %w", ErrNotKept, err)
}

func (c *Cache) put(ctx context.Context, k Key, a *Answer) error {
	r, err := newRow(k, a)
	if err != nil {
		return err
	}
	db, err := c.use(ctx, a.At)
	if err != nil {
		return err
	}
	defer db.release()
	err = db.put(ctx, r)
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case isDamage(err):
		if err := c.renew(db, err); err != nil {
			return err
		}
		another, err := c.use(ctx, a.At)
		if err != nil {
			return err
		}
		defer another.release()
		return another.put(ctx, r)
	}
	c.warn(troubleWrite, fmt.Sprintf("answers are used but not kept: cannot write to the cache %s: %v", c.path, err))
	return err
}

// Unkept is how many answers could not be kept.
func (c *Cache) Unkept() int64 { return c.unkept.Load() }

// Close closes the cache. Nobody uses it any more.
func (c *Cache) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	db := c.db
	c.db = nil
	if db == nil {
		return nil
	}
	db.retire()
	if err := db.wait(); err != nil {
		return fmt.Errorf("close cache %s: %w", c.path, err)
	}
	return nil
}

// use returns the database, which is opened if it is not yet. The caller releases it.
func (c *Cache) use(ctx context.Context, now time.Time) (*database, error) {
	c.mu.Lock()
	db, said, err := c.open(context.WithoutCancel(ctx), now)
	c.mu.Unlock()
	for kind, text := range said {
		c.warn(kind, text)
	}
	return db, err
}

// open is use, with the mutex held; and what to warn of when it is not any more.
func (c *Cache) open(ctx context.Context, now time.Time) (db *database, said map[trouble]string, err error) {
	switch {
	case c.closed:
		return nil, nil, fmt.Errorf("cache %s: %w", c.path, os.ErrClosed)
	case c.db != nil:
		c.db.borrow()
		return c.db, nil, nil
	case c.refused != nil && now.Before(c.retry):
		return nil, nil, c.refused
	}
	said = make(map[trouble]string)
	db, damage, err := openDatabase(ctx, c.path, now)
	if damage != nil {
		said[troubleDamaged] = c.damageText(damage)
	}
	if err != nil {
		c.refused, c.retry = fmt.Errorf("open cache %s: %w", c.path, err), now.Add(again)
		said[troubleOpen] = fmt.Sprintf("answers are not kept, nor found again: %v", c.refused)
		return nil, said, c.refused
	}
	c.db, c.refused = db, nil
	db.borrow()
	return db, said, nil
}

func (c *Cache) damageText(err error) string {
	return fmt.Sprintf("the cache was damaged (%v): it is kept as %s%s, and a new one is begun", err, c.path, damagedEnd)
}

// renew puts a database aside that has turned out to be damaged. The next use opens another.
func (c *Cache) renew(db *database, damage error) error {
	c.mu.Lock()
	var err error
	mine := c.db == db // nobody else has done it meanwhile
	if mine {
		c.db = nil
		err = putAside(c.path, db.file)
		db.retire() // it is closed when the last who uses it has released it
	}
	c.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("cache %s is damaged (%w), and cannot be put aside: %w", c.path, damage, err)
		c.warn(troubleOpen, err.Error())
		return err
	}
	if mine && !errors.Is(damage, errReplaced) {
		c.warn(troubleDamaged, c.damageText(damage))
	}
	return nil
}

// warn tells the user something, once.
func (c *Cache) warn(kind trouble, text string) {
	c.mu.Lock()
	again := c.told[kind]
	c.told[kind] = true
	c.mu.Unlock()
	if c.Warn != nil && !again {
		c.Warn(text)
	}
}

package ledger

import (
	"brood/runner/ledger/seal"
	"context"
	"database/sql"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

//go:embed schema.sql
var schema string

// blank is the ledger of a small run in which nothing stands yet: what schema.sql makes, in
// pages of 512 bytes, as each table and index takes one at least, and there are many. To have
// SQLite make it takes longer than all else of a small run's ledger. See TestBlank.
//
//go:embed blank.db
var blank []byte

// Create makes the ledger of a new run, which has begun when it is there. The path is absolute.
//
// It is made in memory, with all that the run is, and gets its name when it is on the disk. So
// a power failure leaves it whole, or not at all, and what the run is cannot be lost with the
// log, which is begun with what comes next. Its name is durable before the seal is made: one
// without the other means that something was taken away.
func Create(ctx context.Context, path string, run Run) (*Ledger, error) {
	l, err := begin(ctx, path, &run)
	if err != nil {
		return nil, fmt.Errorf("create ledger %s: %w", path, explain(err))
	}
	return l, nil
}

func begin(ctx context.Context, path string, run *Run) (*Ledger, error) {
	id, err := newID()
	if err != nil {
		return nil, err
	}
	img, err := image(ctx, run, id)
	if err != nil {
		return nil, err
	}
	if err := put(path, img); err != nil {
		return nil, err
	}
	var l *Ledger
	var s *seal.Seal
	var g errgroup.Group
	g.Go(func() (err error) {
		if err = SyncDir(filepath.Dir(path)); err == nil {
			s, err = seal.Found(sealPath(path), id, img, pageSize(img), BootID())
		}
		return err
	})
	g.Go(func() (err error) {
		l, err = connect(ctx, path)
		return err
	})
	if err = g.Wait(); err != nil {
		if l != nil {
			err = errors.Join(err, l.Close())
		}
		return nil, errors.Join(err, closeSeal(s))
	}
	l.seal, l.number = s, 1
	return l, nil
}

// put writes the ledger to the disk, before it gets its name.
func put(path string, img []byte) error {
	if _, err := os.Lstat(path); err == nil {
		return os.ErrExist
	}
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return err
	}
	if _, err = f.Write(img); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(part, path)
	}
	return err
}

func pageSize(img []byte) int { return int(binary.BigEndian.Uint16(img[16:])) }

// image is the file of a new ledger.
func image(ctx context.Context, run *Run, id seal.ID) (img []byte, err error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	if run.Small {
		err = c.Raw(func(c any) error { return c.(interface{ Deserialize([]byte) error }).Deserialize(blank) })
	} else {
		_, err = c.ExecContext(ctx, schema)
	}
	if err == nil {
		err = run.insert(ctx, c, id)
	}
	if err == nil {
		err = c.Raw(func(c any) (err error) {
			img, err = c.(interface{ Serialize() ([]byte, error) }).Serialize()
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	// It is in WAL mode, which one in memory cannot be.
	img[18], img[19] = 2, 2 // https://sqlite.org/fileformat2.html#file_format_version_numbers
	return img, nil
}

// insert adds what the run is, and its first session.
func (r *Run) insert(ctx context.Context, c *sql.Conn, id seal.ID) error {
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	exec := func(q string, args ...any) (number int64) {
		var res sql.Result
		if err == nil {
			res, err = tx.ExecContext(ctx, q, args...)
		}
		if err == nil {
			number, err = res.LastInsertId()
		}
		return number
	}
	exec(fmt.Sprintf("PRAGMA user_version = %d", plainVersion))
	exec(`INSERT INTO run (id, name, job, effect, config, state, started_at) VALUES (1, ?, ?, ?, ?, 'running', ?)`,
		r.Name, r.Job, r.Effect, string(r.Config), stamp(r.StartedAt))
	for i, in := range r.Inputs {
		exec(`INSERT INTO inputs VALUES (?, ?, ?, ?, ?, ?)`, i, in.Path, in.Size, in.ModTime, in.Hash, in.Whole)
	}
	exec(`INSERT INTO outputs VALUES (0, ?, ?, 0, 0, NULL)`, r.Output, r.OutputFormat)
	if r.Joblog != "" {
		exec(`INSERT INTO outputs VALUES (1, ?, 'joblog', ?, 0, NULL)`, r.Joblog, r.JoblogFrom)
	}
	exec(`INSERT INTO progress VALUES (1, ?, 1, 0, NULL, 0, NULL, NULL)`, id[:])
	if r.Session != nil {
		r.Session.insert(exec)
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}

package dataset

import (
	"brood/jobs"
	"brood/jobs/extsort"
	_ "brood/jobs/quoted"
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// GroupBy says that a record is all rows that have the same key, wherever they stand. Their
// records are in the order of the first row of each, and the rows within them in that of the
// dataset. A row that cannot be read, or has no key, is a record by itself.
type GroupBy struct {
	Key jobs.KeySpec `json:"key"`
	// Copy is how much there is of the copy of the dataset in which the rows of each group
	// stand together; zero: there is none yet.
	Copy Extent `json:"copy,omitzero"`
	// Alone reports of a row that can be read whether it is a record by itself whatever its key
	// is; nil: none is. It must say the same whenever it is asked.
	Alone func(*jobs.Record) bool `json:"-"`
}

// gatherMemory is how much of a dataset is put in order in memory, in bytes; there are two
// orders at a time.
const gatherMemory = 16 << 20

// Gather reads all of the dataset, and from then on the reader has its groups: see GroupBy.
// They are in a file at path, if an earlier session has made it; otherwise it is made, or one
// without a name if keep does not say so. By is completed. An error that is no WriteError is
// the dataset's.
func (r *Reader) Gather(ctx context.Context, by *GroupBy, path string, keep bool) error {
	if by.Copy.Bytes > 0 {
		if f, err := os.Open(path); err == nil {
			g, err := openGathered(f, by.Copy)
			if err == nil {
				return r.attach(g, by)
			}
			_ = f.Close() // it can be made again, of the same dataset
		}
	}
	if !keep {
		path = ""
	}
	f, extent, err := r.writeGroups(ctx, by, path)
	if err != nil {
		return err
	}
	if by.Copy.Bytes > 0 && extent != by.Copy {
		return errors.Join(fmt.Errorf("%w: its rows are not those that were grouped when the run began", ErrChanged), f.Close())
	}
	by.Copy = extent
	g, err := openGathered(f, extent)
	if err != nil {
		return errors.Join(&WriteError{err}, f.Close())
	}
	return r.attach(g, by)
}

// attach has the reader read groups from here on.
func (r *Reader) attach(g *gathered, by *GroupBy) error {
	err := r.Close()
	r.gathered, r.spec.GroupBy = g, by
	return err
}

// writeGroups writes the groups to a file at path, or to a nameless one.
func (r *Reader) writeGroups(ctx context.Context, by *GroupBy, path string) (*os.File, Extent, error) {
	dir, part := os.TempDir(), path+".part"
	var f *os.File
	var err error
	if path == "" {
		if f, err = os.CreateTemp(dir, "brood-groups-"); err == nil {
			err = os.Remove(f.Name())
		}
	} else {
		dir = filepath.Dir(path)
		f, err = os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	}
	if err != nil {
		return nil, Extent{}, &WriteError{fmt.Errorf("group the rows: %w", err)}
	}
	c := collection{
		r: r, by: by, ctx: ctx, out: bufio.NewWriterSize(f, 256<<10),
		byKey: extsort.New(dir, r.orderIn), byFirst: extsort.New(dir, r.orderIn),
	}
	err = c.make()
	_ = errors.Join(c.byKey.Close(), c.byFirst.Close()) // nothing is lost with what they hold
	if err == nil {
		err = c.out.Flush()
		if err == nil && path != "" {
			if err = f.Sync(); err == nil {
				err = os.Rename(part, path)
			}
		}
		if err != nil {
			err = &WriteError{fmt.Errorf("group the rows: %w", err)}
		}
	}
	if err != nil {
		return nil, Extent{}, errors.Join(err, f.Close())
	}
	return f, c.extent, nil
}

// collection is the making of groups: rows are put in order by their key, which brings those
// of a group together, and then by the first row of their group.
type collection struct {
	r              *Reader
	by             *GroupBy
	ctx            context.Context //nolint:containedctx // of one call
	byKey, byFirst *extsort.Sorter
	out            *bufio.Writer
	extent         Extent
	buf            []byte
	key            extsort.Key // of the group at hand: in byKey, then in byFirst
	frame          frame
}

func (c *collection) make() error {
	if err := c.readRows(); err != nil {
		return err
	}
	if err := errors.Join(c.byKey.Each(c.join), c.byKey.Close()); err != nil {
		return c.keeping(err)
	}
	if err := c.put([]byte(framesMagic)); err != nil {
		return c.keeping(err)
	}
	err := c.byFirst.Each(c.write)
	if err == nil && !c.frame.empty() {
		err = c.writeFrame()
	}
	return c.keeping(err)
}

// keeping is an error of who keeps rows in order, unless it is one of the dataset.
func (c *collection) keeping(err error) error {
	var bad *InputError
	if err == nil || errors.As(err, &bad) || c.ctx.Err() != nil {
		return err
	}
	return &WriteError{fmt.Errorf("group the rows: %w", err)}
}

// readRows reads the dataset: rows with a key go to byKey, others are groups already.
func (c *collection) readRows() error {
	var rec Record
	row := *c.r.shape
	row.Rows = false
	for n := uint64(0); ; n++ {
		if n%1024 == 0 && c.ctx.Err() != nil {
			return context.Cause(c.ctx)
		}
		err := c.r.Next(&rec)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		key, alone := c.keyOf(&rec, &row)
		c.buf = appendRow(c.buf[:0], &rec)
		if alone {
			err = c.byFirst.Add(pairKey(n, n), c.buf)
		} else {
			var k extsort.Key
			copy(k[:], key[:])
			binary.BigEndian.PutUint64(k[len(key):], n)
			err = c.byKey.Add(k, c.buf)
		}
		if err != nil {
			return c.keeping(err)
		}
	}
}

// keyOf is the key of a row, or that it is a record by itself: one without a key is bad.
func (c *collection) keyOf(rec *Record, row *jobs.Shape) (key [16]byte, alone bool) {
	one := &jobs.Record{Raw: rec.Raw, Values: rec.Values, Shape: row}
	if rec.Err != nil || c.by.Alone != nil && c.by.Alone(one) {
		return key, true
	}
	key, ok := c.by.Key.Sum(one)
	if !ok {
		rec.Err = &InputError{File: c.r.spec.Name(rec.Pos.File), Line: rec.Pos.Line, Reason: fmt.Sprintf("it belongs to no group: %s is empty", strings.Join(c.by.Key.Columns, ", "))}
	}
	return key, !ok
}

// pairKey is the key of a row in byFirst: the number of the first row of its group, and its
// own.
func pairKey(first, n uint64) (k extsort.Key) {
	binary.BigEndian.PutUint64(k[:], first)
	binary.BigEndian.PutUint64(k[8:], n)
	return k
}

// join gives a row from byKey to byFirst.
func (c *collection) join(k extsort.Key, row []byte) error {
	n := binary.BigEndian.Uint64(k[16:])
	if [16]byte(k[:]) != [16]byte(c.key[:]) || n == 0 { // nothing comes before the row 0
		c.key = k
	}
	return c.byFirst.Add(pairKey(binary.BigEndian.Uint64(c.key[16:]), n), row)
}

// write takes a row from byFirst into the group at hand.
func (c *collection) write(k extsort.Key, row []byte) error {
	if c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	if !c.frame.empty() && [8]byte(k[:]) != [8]byte(c.key[:]) {
		if err := c.writeFrame(); err != nil {
			return err
		}
	}
	c.key = k
	if err := c.frame.add(row, c.r.terminator()); err != nil {
		return err
	}
	if len(c.frame.raw) > c.r.spec.MaxRecord && len(c.frame.rows) > 1 {
		at := c.frame.rows[0]
		return &InputError{File: c.r.spec.Name(at.file), Line: at.line, Reason: fmt.Sprintf("the group that begins here has more than %s, and more than %d bytes, which is too large for one record; --max-record allows more", plural(len(c.frame.rows)-1, "row"), c.r.spec.MaxRecord)}
	}
	return nil
}

func (c *collection) writeFrame() error {
	c.buf = c.frame.appendTo(c.buf[:0])
	c.frame.reset()
	return c.put(c.buf)
}

func (c *collection) put(b []byte) error {
	c.extent.Bytes += int64(len(b))
	c.extent.Sum = crc32.Update(c.extent.Sum, castagnoli, b)
	_, err := c.out.Write(b)
	return err
}

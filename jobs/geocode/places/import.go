package places

import (
	"brood/jobs/files"
	"brood/jobs/geocode/places/source"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Import says what an index is to be made of.
type Import struct {
	Files   []string
	Columns source.Columns
	Country string
	// Said is told what each file was taken for; nil: nobody is.
	Said func(source.What)
	// Rejects gets all rows that something is odd about, as CSV; nil: nobody does.
	Rejects io.Writer
	// First is called with the first address of each file; nil: nobody is.
	First func(source.Point)

	memory int // in which points are put in order, of tests; 0: sortMemory
}

// Imported is what came of it.
type Imported struct {
	About
	Size   int64
	report *report
}

// Left is how many rows were left out.
func (i *Imported) Left() uint64 { return i.report.left() }

// WriteOddities writes what was odd about the rows, with the first of each kind.
func (i *Imported) WriteOddities(w io.Writer) error { return i.report.write(w) }

// ErrNone says that there was no address in any file.
var ErrNone = errors.New("there is no address in it that could be taken")

// batch is how many points are handed over at a time: reading and putting in order are done by
// two goroutines.
const batch = 512

// delivery is points of one file.
type delivery struct {
	file   string // begins, unless it is empty
	points []source.Point
}

// Write makes an index at a path, in the place of what is there.
func (i *Import) Write(ctx context.Context, path string) (*Imported, error) {
	rep, err := newReport(i.Rejects)
	if err != nil {
		return nil, err
	}
	b := newBuilder(filepath.Dir(path), cmp.Or(i.memory, sortMemory), rep.odd)
	formats, err := i.read(ctx, b, rep)
	if err == nil && b.n == 0 {
		err = ErrNone
	}
	if err != nil {
		return &Imported{report: rep}, errors.Join(err, rep.end(), b.close())
	}
	f, err := files.Create(path, 0o600)
	if err != nil {
		return &Imported{report: rep}, errors.Join(err, rep.end(), b.close())
	}
	about, err := b.writeTo(f, formats)
	if err = errors.Join(err, rep.end(), b.close()); err == nil && about.Streets == 0 {
		err = ErrNone
	}
	if err != nil {
		return &Imported{report: rep}, errors.Join(err, f.Discard())
	}
	if err := f.Put(path); err != nil {
		return &Imported{report: rep}, err
	}
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return &Imported{About: *about, Size: st.Size(), report: rep}, nil
}

// read reads all files into the builder.
func (i *Import) read(ctx context.Context, b *builder, rep *report) (formats []string, err error) {
	// Four deliveries may wait, so that neither side stands still for the other's longer steps.
	ready := make(chan delivery, 4)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(ready)
		for _, path := range i.Files {
			if err := i.readFile(ctx, path, rep, ready, &formats); err != nil {
				return err
			}
		}
		return nil
	})
	group.Go(func() error {
		for d := range ready {
			if d.file != "" {
				b.file(d.file)
			}
			for n := range d.points {
				if err := b.add(&d.points[n]); err != nil {
					return fmt.Errorf("put points in order: %w", err)
				}
			}
		}
		return nil
	})
	err = group.Wait()
	return formats, err
}

func (i *Import) readFile(ctx context.Context, path string, rep *report, ready chan<- delivery, formats *[]string) error {
	d, first := delivery{}, false
	send := func() error {
		select {
		case ready <- d:
			d = delivery{points: make([]source.Point, 0, batch)}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	o := source.Options{
		Columns: i.Columns, Country: i.Country, Odd: rep.odd,
		Said: func(w source.What) error {
			if len(d.points) > 0 { // of the file before, in an archive
				if err := send(); err != nil {
					return err
				}
			}
			if i.Said != nil {
				i.Said(w)
			}
			if !slices.Contains(*formats, string(w.Format)) {
				*formats = append(*formats, string(w.Format))
			}
			d.file, first = w.File, true
			return nil
		},
		Point: func(p source.Point) error {
			if first && i.First != nil {
				i.First(p)
			}
			first = false
			if d.points = append(d.points, p); len(d.points) == batch {
				return send()
			}
			return nil
		},
	}
	if err := source.Read(ctx, path, &o); err != nil {
		return err
	}
	return send()
}

// Package intake is the dataset of a run while it is open: files, and the spool that a
// producer fills with what stands in none.
package intake

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"brood/runner/shard"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
)

// Input is the dataset of a run, open and with its shape known.
type Input struct {
	Reader *dataset.Reader
	// Deal says which records Records gives; nil: all.
	Deal  *shard.Deal
	of    dataset.Spec
	spool *dataset.Spool // nil: all of it is in files
	// producer fills the spool; nil: nothing has to.
	producer Producer
	// dir is where the spool is.
	dir    string
	cancel context.CancelFunc
	filled chan struct{} // closed when the producer has ended
	err    error         // why; read after that
}

// Producer brings records that stand in no file: it fills the run's spool, from which
// they are read like any file, by this session and, after a crash, by the next.
type Producer interface {
	// Fill appends to the spool until there is no more, or until ctx ends, when it
	// returns soon. It begins when the dataset is opened, as the first records
	// may be needed to know its shape. A spool that an earlier session has left holds
	// what that had appended.
	Fill(ctx context.Context, spool *dataset.Spool) error
	// Durable is told, again and again, how many bytes of the spool are on the disk: for
	// these the producer need not answer any more. It is not called while it is called.
	Durable(offset int64)
}

// Open opens the dataset. What the dataset "-" stands for comes from a producer,
// by way of a spool at spoolPath; the spool is being filled from here on. Known is what an
// earlier session had of it.
func Open(ctx context.Context, of dataset.Spec, p Producer, spoolPath string, known ledger.Spooled) (*Input, error) {
	of.Bygone = dataset.Bygone{Bytes: known.Base, Records: known.Records}
	in := &Input{of: of}
	if slices.Contains(of.Paths, dataset.Stdin) {
		spool, err := dataset.NewSpool(spoolPath)
		if errors.Is(err, dataset.ErrDamaged) {
			return nil, &spec.DatasetError{Err: err}
		}
		if err != nil {
			return nil, &spec.WriteError{Err: err}
		}
		in.spool, in.dir = spool, filepath.Dir(spoolPath)
		if err := spool.Verify(extent(known)); err != nil {
			return nil, errors.Join(&spec.DatasetError{Err: err}, spool.Close())
		}
		if !spool.Whole() {
			in.produce(ctx, p)
		}
	}
	reader, err := dataset.Open(of, in.spool)
	if err != nil {
		return nil, errors.Join(ReadError(err), in.stop(), in.closeSpool())
	}
	in.Reader = reader
	return in, nil
}

// ReadError gives an error of reading a dataset its exit status: it is the fault of the
// dataset, or of the disk that holds its copy.
func ReadError(err error) error {
	var we *dataset.WriteError
	if errors.As(err, &we) {
		return &spec.WriteError{Err: err}
	}
	return &spec.DatasetError{Err: err}
}

// OpenCopy opens the dataset to look at it: of a spool, what there is; of a file that
// grows, what it has now. Known is what the ledger had of the spool, which must be there.
func OpenCopy(of dataset.Spec, spoolPath string, known ledger.Spooled) (*Input, error) {
	of.Grows = true
	of.Bygone = dataset.Bygone{Bytes: known.Base, Records: known.Records}
	in := &Input{of: of}
	var err error
	if slices.Contains(of.Paths, dataset.Stdin) {
		if in.spool, err = dataset.OpenSpool(spoolPath); err != nil {
			return nil, &spec.DatasetError{Err: err}
		}
		if err := in.spool.Verify(extent(known)); err != nil {
			return nil, errors.Join(&spec.DatasetError{Err: err}, in.closeSpool())
		}
	}
	if in.Reader, err = dataset.Open(of, in.spool); err != nil {
		return nil, errors.Join(ReadError(err), in.closeSpool())
	}
	return in, nil
}

// produce starts the producer.
func (in *Input) produce(ctx context.Context, p Producer) {
	ctx, in.cancel = context.WithCancel(ctx)
	in.producer, in.filled = p, make(chan struct{})
	go func() {
		defer close(in.filled)
		in.err = in.spool.Finish(ctx, p.Fill(ctx, in.spool))
	}()
}

// Gather brings the rows of each group together, if records are groups of them: see
// dataset.Reader.Gather. All of the dataset is read for that. Cfg is completed.
func (in *Input) Gather(ctx context.Context, cfg *spec.Config, path string, keep bool) error {
	if cfg.Dataset.GroupBy == nil {
		return nil
	}
	row := in.Reader.Shape().Row()
	chooser, err := NewChooser(cfg.Where, row)
	if err != nil {
		return err
	}
	if chooser != nil {
		// What is left out is so row by row, and of what cannot be told that is said then.
		cfg.Dataset.GroupBy.Alone = func(rec *jobs.Record) bool {
			yes, err := chooser.Chooses(rec)
			return !yes || err != nil
		}
	}
	if err := in.Reader.Gather(ctx, cfg.Dataset.GroupBy, path, keep); err != nil {
		return ReadError(err)
	}
	return nil
}

// Rebase tells the spool where its checksum begins: see dataset.Spool.
func (in *Input) Rebase(offset int64, sum uint32) { in.spool.Rebase(offset, sum) }

// Lines reads lines of the spool: see dataset.Spool.
func (in *Input) Lines(from, n int64) (to int64, sum uint32, err error) {
	return in.spool.Lines(from, n)
}

// LetGo gives the disk back what stands before an offset of the spool.
func (in *Input) LetGo(offset int64) error { return in.spool.LetGo(offset) }

// Adopted is how many bytes of the spool are of earlier sessions.
func (in *Input) Adopted() int64 {
	if in.spool == nil {
		return 0
	}
	return in.spool.Adopted()
}

// Produces reports whether Fill has anything to wait for.
func (in *Input) Produces() bool { return in.producer != nil }

// smallInput is how many bytes a small dataset has at most.
const smallInput = 256 << 10

// Small reports whether the dataset is small, as far as can be told without waiting for who
// produces it.
func (in *Input) Small() bool {
	var bytes int64
	for _, path := range in.of.Paths {
		if path == dataset.Stdin {
			bytes += in.spool.Size()
		} else if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() {
			return false
		} else {
			bytes += st.Size()
		}
	}
	return bytes <= smallInput
}

// Fill waits until the producer has no more, and ends it when drain does.
func (in *Input) Fill(drain context.Context) error {
	defer in.cancel()
	select {
	case <-in.filled:
	case <-drain.Done():
		in.cancel()
		<-in.filled
	}
	if in.err != nil {
		return ReadError(in.err)
	}
	if in.spool.Whole() { // under a name that must outlive the machine
		if err := ledger.SyncDir(in.dir); err != nil {
			return &spec.WriteError{Err: err}
		}
	}
	return nil
}

// Sync makes what has been read durable, as far as that is in a spool, and tells the
// producer. What a commit says of a record must not outlive the record.
func (in *Input) Sync() (ledger.Spooled, error) {
	if in.spool == nil {
		return ledger.Spooled{}, nil
	}
	n, err := in.spool.Sync()
	if err == nil && in.producer != nil {
		in.producer.Durable(n.Bytes)
	}
	return ledger.Spooled{Bytes: n.Bytes, Sum: n.Sum, Base: n.Base}, err
}

// stop ends the filling of an input that is not used after all. What is wrong with
// what is read is returned.
func (in *Input) stop() error {
	if in.producer == nil {
		return nil
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	return in.Fill(ended)
}

// Close closes an input that is not worked on, or not any more. What its producer has to
// say is of no interest then. To close it again does nothing.
func (in *Input) Close() error {
	_ = in.stop()
	return errors.Join(in.Reader.Close(), in.closeSpool())
}

func (in *Input) closeSpool() error {
	if in.spool == nil {
		return nil
	}
	err := in.spool.Close()
	in.spool, in.producer = nil, nil
	return err
}

// Records are the first n records of a dataset, or all if n is 0: see
// jobs.Rehearsal. One that cannot be read comes with an error, and a position.
// Place says where the record at hand stands. Those that are left out by a condition are passed
// over, and do not count; those of other shards are passed over, and do.
func Records(in *Input, n uint64, chooser *Chooser) (records iter.Seq2[*jobs.Record, error], place func() string) {
	var rec dataset.Record
	place = func() string { return Place(&in.of, rec.Pos) }
	records = func(yield func(*jobs.Record, error) bool) {
		for seq := jobs.Seq(0); n == 0 || uint64(seq)-chooser.LeftOut() < n; seq++ {
			err := in.Reader.Next(&rec)
			if errors.Is(err, io.EOF) {
				return
			}
			r := &jobs.Record{Seq: seq, Attempt: 1, Raw: rec.Raw, Values: rec.Values, Shape: in.Reader.Shape()}
			if err != nil {
				yield(r, &jobs.EndError{Err: ReadError(err)})
				return
			}
			var bad error
			if rec.Err != nil {
				bad = rec.Err
			} else if yes, err := chooser.Chooses(r); err != nil {
				bad = fmt.Errorf("%s: %w", place(), err)
			} else if !yes {
				chooser.left++
				continue
			}
			if !in.Deal.Owns(r, rec.Err == nil) {
				continue
			}
			if !yield(r, bad) {
				return
			}
		}
	}
	return records, place
}

func extent(s ledger.Spooled) dataset.Extent {
	return dataset.Extent{Bytes: s.Bytes, Sum: s.Sum, Base: s.Base}
}

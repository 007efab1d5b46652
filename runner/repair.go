package runner

import (
	"brood/jobs"
	"brood/jobs/files"
	"brood/runner/book"
	"brood/runner/catalog"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const lostWithLedger = "the ledger has lost what was known of this record; it may have been sent out before"

// Repaired is what Repair has done.
type Repaired struct {
	// Lost is how many transactions of the ledger are gone; 0: none, or nobody knows.
	Lost uint64
	// Unknown is how many records may have been done that the ledger says nothing final of.
	Unknown int
	// Tail is where results were put that stood in the output behind what the ledger knows;
	// empty: there were none.
	Tail string
	// Changed says that the results are not those that were written, up to where the
	// ledger counts on them.
	Changed bool
	// Missing is how many bytes of results are missing in the output.
	Missing int64
	Totals  ledger.Totals
}

// Repair makes a run whose ledger is damaged one that can be resumed, from what is left of
// it: whatever may have been done becomes unknown, and nothing is taken for done that
// nobody can prove. If too little is left, the error wraps ledger.ErrLost.
func Repair(ctx context.Context, set *Setting, takeOver bool) (rep Repaired, err error) {
	told := func() {
		set.Term.Logf("waiting for workers of an earlier session to finish the record they have in hand")
	}
	if err := set.Dir.WaitForWorkers(ctx, told); err != nil {
		return rep, err
	}
	l, err := ledger.Salvage(ctx, set.Dir.File(ledger.FileName))
	if err != nil {
		return rep, err
	}
	defer func() {
		if errors.Is(err, ledger.ErrDamaged) && !errors.Is(err, ledger.ErrLost) {
			err = fmt.Errorf("%w: %w", ledger.ErrLost, err)
		}
		err = errors.Join(err, catalog.Close(set.Dir, l.Ledger))
	}()
	r := l.Reader()
	cfg, sum, err := desk.ReadConfig(ctx, r)
	if err != nil {
		return rep, fmt.Errorf("%w: %w", ledger.ErrLost, err)
	}
	if !takeOver {
		if err := home.CheckOwner(ctx, r, cfg.Name); err != nil {
			return rep, err
		}
	}
	rep.Lost, rep.Totals = l.Lost, sum.Totals
	left, err := takeOverAll(ctx, set, r, cfg, l.Issued, told)
	if err != nil {
		return rep, err
	}
	rep.Unknown = len(left)
	if err := repairOutput(ctx, set.Dir, l.Ledger, &rep); err != nil {
		return rep, err
	}
	return rep, endRepair(ctx, set, l.Ledger, sum.State, left)
}

// endRepair keeps what was found out, as a session that has done nothing.
func endRepair(ctx context.Context, set *Setting, l *ledger.Ledger, state ledger.State, left []ledger.Note) error {
	host, _ := os.Hostname() // for people; empty will do
	_, err := l.BeginSession(ctx, ledger.Session{StartedAt: time.Now(), Version: set.Version, PID: os.Getpid(), Host: host, BootID: ledger.BootID()}, left)
	if err != nil {
		return &spec.WriteError{Err: err}
	}
	if state != ledger.StateDone || len(left) > 0 {
		state = ledger.StateInterrupted
	}
	if err := l.EndSession(ctx, state, "it was repaired", true, ledger.Usage{}); err != nil {
		return &spec.WriteError{Err: err}
	}
	return errors.Join(removeIn(set.Dir, home.PagesName), removeIn(set.Dir, home.HeardName))
}

// takeOverAll takes over what the last session has left, and makes a note of each record
// that may have been sent out though the ledger says nothing of that.
func takeOverAll(ctx context.Context, set *Setting, r *ledger.Reader, cfg *spec.Config, issued uint64, told func()) ([]ledger.Note, error) {
	left, err := takeOver(ctx, set.Dir, r, cfg, nil, told)
	if errors.Is(err, ledger.ErrDamaged) { // it is older than what lies beside it
		left, issued, err = nil, math.MaxUint64, nil
	}
	if err != nil || cfg.Effect == jobs.EffectNone {
		return left, err
	}
	past, err := book.LoadPast(ctx, r)
	if err != nil {
		return nil, err
	}
	if issued == math.MaxUint64 {
		if issued, err = desk.CountRecords(ctx, set.Dir, r, cfg); err != nil {
			return nil, err
		}
	}
	known := make(map[jobs.Seq]bool, len(left)+len(past.Notes))
	for i := range left {
		known[left[i].Seq] = true
	}
	for seq := range past.Notes {
		known[seq] = true
	}
	own, err := desk.Own(ctx, set.Dir, r, cfg, issued)
	if err != nil {
		return nil, err
	}
	for seq := jobs.Seq(0); uint64(seq) < issued; seq++ {
		if !known[seq] && !past.IsFinal(seq) && own(seq) {
			n := ledger.Note{Seq: seq, Attempt: 1, Kind: ledger.NoteUnknown, Payload: []byte(lostWithLedger), First: time.Now()}
			if x, ok := past.Retries[seq]; ok {
				n.Attempt, n.First = x.Attempts+1, x.First
			}
			left = append(left, n)
		}
	}
	return left, nil
}

func removeIn(dir *home.Dir, name string) error {
	if err := os.RemoveAll(dir.File(name)); err != nil {
		return &spec.WriteError{Err: err}
	}
	return nil
}

// repairOutput makes the output and what the ledger says of it agree. What stands behind
// what the ledger knows is put aside, as it may be all that is left of some results.
func repairOutput(ctx context.Context, dir *home.Dir, l *ledger.Ledger, rep *Repaired) error {
	out, err := l.Reader().Output(ctx)
	if err != nil || out.Path == sink.Stdout {
		return err
	}
	f, err := files.Open(out.Path, os.O_RDWR, 0)
	if errors.Is(err, syscall.EISDIR) {
		return &spec.WriteError{Err: fmt.Errorf("%s is a directory, and results were in a file there; put the file back or move the directory away, and repair again", out.Path)}
	}
	if errors.Is(err, os.ErrNotExist) {
		rep.Missing = out.Bytes
		return l.SetOutput(ctx, 0, 0)
	}
	if err != nil {
		return &spec.WriteError{Err: err}
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return err
	}
	if err := dir.LockOutput(out.Path, st); err != nil {
		return err
	}
	size := out.Bytes
	if st.Size() < size {
		if size, err = lastLine(f, st.Size()); err != nil {
			return &spec.WriteError{Err: err}
		}
		rep.Missing = out.Bytes - size
	}
	if st.Size() > size {
		rep.Tail = dir.File(fmt.Sprintf("output.tail.%s", time.Now().UTC().Format("20060102-150405")))
		if err := copyTail(f, size, rep.Tail); err != nil {
			return &spec.WriteError{Err: err}
		}
	}
	sum, err := sink.SumOf(f, size)
	if err != nil {
		return &spec.WriteError{Err: err}
	}
	rep.Changed = size == out.Bytes && size > 0 && out.Sum != nil && *out.Sum != sum
	if err := l.SetOutput(ctx, size, sum); err != nil {
		return err
	}
	// Of a run that is done nobody would cut it off.
	if err := errors.Join(f.Truncate(size), f.Sync()); err != nil {
		return &spec.WriteError{Err: err}
	}
	return nil
}

// lastLine is where the last whole line of the first size bytes ends.
func lastLine(f io.ReaderAt, size int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for end := size; end > 0; {
		n := min(end, int64(len(buf)))
		if _, err := f.ReadAt(buf[:n], end-n); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return end - n + int64(i) + 1, nil
		}
		end -= n
	}
	return 0, nil
}

// copyTail copies what stands behind an offset to a new file, durably.
func copyTail(f *os.File, from int64, to string) error {
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, io.NewSectionReader(f, from, math.MaxInt64-from))
	if err == nil {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	return ledger.SyncDir(filepath.Dir(to))
}

package ledger

import (
	"brood/runner/ledger/seal"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"
)

// ErrLost is wrapped by errors about a ledger of which too little is left.
var ErrLost = errors.New("too little is left of the ledger to go on from")

// Salvaged is a damaged ledger that can be written again.
type Salvaged struct {
	*Ledger
	// Issued bounds which records may have been sent out by a session of which the ledger
	// knows nothing: all of them are before it. MaxUint64: nobody knows.
	Issued uint64
	// Lost is how many transactions are gone; 0: none, or nobody knows.
	Lost uint64
}

// Salvage opens the ledger of a run as it is, whatever its seal says, and seals it anew.
// Nobody else has it open to write, and this process not at all. If SQLite finds
// contradictions in it, or it holds nothing, the error wraps ErrLost.
func Salvage(ctx context.Context, path string) (*Salvaged, error) {
	if err := setAside(path); err != nil {
		return nil, err
	}
	if err := present(path); err != nil {
		return nil, fmt.Errorf("open ledger: %w: %w", ErrLost, err)
	}
	_, at, sealErr := seal.Peek(sealPath(path))
	sums, err := seal.Scan(path)
	if err != nil {
		return nil, lost(path, err)
	}
	l, err := connect(ctx, path)
	if err != nil {
		return nil, lost(path, err)
	}
	out := &Salvaged{Ledger: l}
	if err := out.restore(ctx, sums, at, sealErr); err != nil {
		l.broken = true
		return nil, errors.Join(lost(path, err), l.Close())
	}
	return out, nil
}

// setAside renames what has come into the place of a file beside the ledger and is none:
// what stood in that file is gone, and the ledger may be enough.
func setAside(path string) error {
	for _, p := range ownFiles(path)[1:] {
		st, err := os.Lstat(p)
		if err != nil || st.Mode().IsRegular() {
			continue
		}
		if err := os.Rename(p, p+".aside."+time.Now().UTC().Format("20060102-150405.000000000")); err != nil {
			return fmt.Errorf("put aside what is no file: %w", err)
		}
	}
	return nil
}

func lost(path string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrLost, path, explain(err))
}

func (s *Salvaged) restore(ctx context.Context, sums *seal.Sums, at seal.State, sealErr error) error {
	l := s.Ledger
	if err := checkVersion(ctx, l.db, SchemaVersion, plainVersion, oldVersion); err != nil {
		return err
	}
	if err := l.migrate(ctx); err != nil {
		return err
	}
	if err := Integrity(ctx, l.db); err != nil {
		// Perhaps it is only an index.
		if _, reErr := l.write.ExecContext(ctx, `REINDEX`); reErr != nil {
			return err
		}
		if err := Integrity(ctx, l.db); err != nil {
			return err
		}
	}
	if err := l.Reader().recountChunks(ctx); err != nil {
		return err
	}
	id, number, issued, err := progressOf(ctx, l.db)
	if err != nil {
		return err
	}
	s.Issued = issued
	switch {
	case l.old:
	case sealErr != nil:
		s.Issued = math.MaxUint64
	default:
		s.Issued, s.Lost = max(issued, at.Issued), at.Number-min(number, at.Number)
	}
	l.number = number
	if err := l.makeSeal(ctx, id, sums); err != nil {
		return err
	}
	if err := l.recountAll(ctx); err != nil {
		return err
	}
	return l.stmts.prepare(ctx, l.write)
}

// recountAll makes the books what the ledger holds.
func (l *Ledger) recountAll(ctx context.Context) error {
	return l.tx(ctx, func(exec func(string, ...any) int64) error {
		exec(`DELETE FROM retries WHERE seq IN (SELECT seq FROM outcomes)`)
		exec(`UPDATE run SET ok = (SELECT ifnull(sum(ok), 0) FROM chunks),
			failed = (SELECT count(*) FROM outcomes WHERE status = 'failed'),
			skipped = (SELECT count(*) FROM outcomes WHERE status = 'skipped'),
			unknown = (SELECT count(*) FROM outcomes WHERE status = 'unknown')`)
		exec(`UPDATE run SET input = max(input, ok + failed + skipped + unknown)`)
		return nil
	})
}

// SetOutput says what the results are now: so many bytes, with that CRC-32C.
func (l *Ledger) SetOutput(ctx context.Context, size int64, sum uint32) error {
	return l.tx(ctx, func(exec func(string, ...any) int64) error {
		exec(`UPDATE outputs SET bytes = ? WHERE output = 0`, size)
		exec(`UPDATE progress SET output_sum = ?`, sum)
		return nil
	})
}

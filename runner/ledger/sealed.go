package ledger

import (
	"brood/runner/ledger/seal"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// ErrDamaged is wrapped by errors about a ledger that is not as it was left: something
// else has removed, cut off, replaced or changed it, or the file that says so.
var ErrDamaged = seal.ErrDamaged

// BootID is the identity of this boot of the machine; empty: not known.
var BootID = sync.OnceValue(seal.BootID)

func sealPath(path string) string { return filepath.Join(filepath.Dir(path), seal.FileName) }

func newID() (id seal.ID, err error) {
	_, err = rand.Read(id[:])
	return id, err
}

// present reports an error if there is no ledger. If there is a seal, there has been one;
// and what is no file is not ours.
func present(path string) error {
	for _, p := range ownFiles(path) {
		st, err := os.Lstat(p)
		if err == nil && !st.Mode().IsRegular() {
			return fmt.Errorf("%s: %w: it is %s, and no file any more", p, ErrDamaged, kindOf(st.Mode()))
		}
	}
	_, err := os.Stat(path)
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if _, sealErr := os.Lstat(sealPath(path)); sealErr == nil {
		return fmt.Errorf("%s: %w: it is gone", path, ErrDamaged)
	}
	return err
}

// ownFiles are the files that a ledger consists of, itself first.
func ownFiles(path string) []string {
	return []string{path, path + "-wal", path + "-shm", sealPath(path)}
}

func kindOf(m os.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&os.ModeSymlink != 0:
		return "a symbolic link"
	}
	return "something else"
}

// openSeal opens the seal of a ledger, which has been compared with it then. Where there is
// none there are the sums of the ledger as it is.
func openSeal(path string) (*seal.Seal, *seal.Sums, error) {
	s, err := seal.Open(sealPath(path), path, BootID())
	if err == nil || !errors.Is(err, seal.ErrNone) {
		return s, nil, damaged(err)
	}
	sums, err := seal.Scan(path)
	return nil, sums, err
}

// damaged says of a broken seal that the ledger cannot be trusted.
func damaged(err error) error {
	if errors.Is(err, seal.ErrBroken) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

func closeSeal(s *seal.Seal) error {
	if s == nil {
		return nil
	}
	return s.Close()
}

// sealedUnseen is the highest number that a ledger without a seal can have: whoever made
// it died before the seal was made, and has done nothing.
const sealedUnseen = 1

// progressOf reads whose ledger this is, and the number of its last transaction.
func progressOf(ctx context.Context, db querier) (id seal.ID, number, issued uint64, err error) {
	var run []byte
	err = db.QueryRowContext(ctx, `SELECT run, number, issued FROM progress`).Scan(&run, &number, &issued)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && len(run) != len(id)) {
		err = fmt.Errorf("%w: it does not say how far it goes", ErrDamaged)
	}
	copy(id[:], run)
	return id, number, issued, err
}

// behind compares how far a ledger goes with what its seal says.
func behind(id seal.ID, number uint64, sealID seal.ID, at seal.State) error {
	switch {
	case id != sealID:
		return fmt.Errorf("%w: its seal is that of another run", ErrDamaged)
	case number < at.Number:
		return fmt.Errorf("%w: its newest part is gone: it goes as far as transaction %d, and there were %d", ErrDamaged, number, at.Number)
	}
	return nil
}

// check compares the ledger with its seal, as far as that can be said by what stands in it,
// and makes the seal that is not there yet.
func (l *Ledger) check(ctx context.Context, sums *seal.Sums) error {
	id, number, _, err := progressOf(ctx, l.db)
	if err != nil {
		return err
	}
	l.number = number
	if l.seal == nil {
		if number > sealedUnseen {
			return fmt.Errorf("%w: its seal is gone", ErrDamaged)
		}
		return l.makeSeal(ctx, id, sums)
	}
	if err := behind(id, number, l.seal.ID(), l.seal.State()); err != nil {
		return err
	}
	if !l.seal.Solid(BootID()) {
		return Integrity(ctx, l.db)
	}
	return nil
}

// makeSeal makes the seal of a ledger, whose pages have those sums.
func (l *Ledger) makeSeal(ctx context.Context, id seal.ID, sums *seal.Sums) (err error) {
	if l.seal, err = seal.Create(sealPath(l.path), id, sums); err != nil {
		return err
	}
	// A transaction, as its seal says how far the ledger goes.
	return l.tx(ctx, func(func(string, ...any) int64) error { return nil })
}

// Integrity has SQLite look for contradictions in a database.
func Integrity(ctx context.Context, db querier) error {
	var said string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, said)
	}
	return nil
}

// sealIt seals the transaction that was just made, or notes that it has to be: the seal may
// not be ahead of what is on the disk.
func (l *Ledger) sealIt(issued uint64) error {
	l.number++
	if l.owed != nil {
		issued = max(issued, *l.owed)
	}
	if l.soft {
		l.owed = &issued
		return nil
	}
	if err := l.seal.Advance(l.path+"-wal", l.number, issued, BootID()); err != nil {
		return damaged(err)
	}
	l.owed = nil
	return nil
}

// soften says whether the transactions that follow are to be durable only with a later one
// that is not soft, or with Close. It is called between transactions. SQLite goes on syncing
// whatever keeps the database whole. The log is not moved into the database meanwhile: then
// the next transaction would begin it anew, and what the seal has not seen of it were gone.
func (l *Ledger) soften(ctx context.Context, yes bool) error {
	if l.soft == yes {
		return nil
	}
	how := "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000" // the latter as it is by itself
	if yes {
		how = "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0"
	}
	if _, err := l.write.ExecContext(ctx, how); err != nil {
		return err
	}
	l.soft = yes
	return nil
}

// payOwed makes the soft transactions durable, and seals them. The log is moved into the
// database, as it would be when that is closed: SQLite syncs it before.
func (l *Ledger) payOwed(ctx context.Context) error {
	if l.owed == nil || l.broken {
		return nil
	}
	var busy, frames, moved int
	err := l.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &frames, &moved)
	if err == nil && (busy != 0 || moved != frames) { // somebody reads, and it may not have got as far as the sync
		err = l.seal.SyncLog(l.path + "-wal")
	}
	if err == nil {
		l.soft = false
		l.number-- // which sealIt counts
		err = l.sealIt(0)
	}
	if err != nil {
		l.broken = true
		return fmt.Errorf("write ledger %s: %w", l.path, explain(err))
	}
	return nil
}

// inPlace reports an error if the ledger is not the file of its name any more: what is
// written to it then is lost when this process ends.
func (l *Ledger) inPlace() error {
	now, err := os.Stat(l.path)
	if err != nil || !os.SameFile(now, l.file) {
		return fmt.Errorf("%s: %w: it has been removed or replaced while it was being written", l.path, ErrDamaged)
	}
	if l.seal != nil && !l.seal.InPlace() {
		return fmt.Errorf("%s: %w: its seal has been removed or replaced", l.path, ErrDamaged)
	}
	return nil
}

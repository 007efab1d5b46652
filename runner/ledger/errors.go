package ledger

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"modernc.org/sqlite"
)

// SQLite's result codes for what a disk may refuse: https://sqlite.org/rescode.html
const (
	codeIOError    = 10
	codeFull       = 13
	codeCannotOpen = 14
	codeCorrupt    = 11
	// codeLogic is what statements that are right get of a schema that is not ours any more.
	codeLogic  = 1
	codeNotADB = 26
	// codeShortRead is what a page gets of which the file has not all.
	codeShortRead = codeIOError | 2<<8
	// codeHotJournal is what a reader gets if a change has to be rolled back
	// first.
	codeHotJournal = 8 | 3<<8
)

// cutOffAtCreation reports whether a reader has found a change that was cut off
// before the ledger was in WAL mode. That is the first thing done to it, so
// nothing has happened yet.
func cutOffAtCreation(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code() == codeHotJournal
}

// isPassing reports whether a reader has looked just as a writer made, or took away,
// the files beside the ledger: it may not make them itself.
func isPassing(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == codeCannotOpen
}

var ioErrors = map[int]string{
	codeIOError | 1<<8: "reading", codeIOError | 3<<8: "writing",
	codeIOError | 4<<8: "syncing", codeIOError | 5<<8: "syncing the directory", codeIOError | 6<<8: "truncating",
	codeIOError | 19<<8: "making shared memory", codeIOError | 24<<8: "mapping shared memory",
}

// explain says in words what SQLite says in numbers.
func explain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case codeFull:
		return fmt.Errorf("%w: %w", err, syscall.ENOSPC)
	case codeCorrupt, codeNotADB, codeLogic:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if e.Code() == codeShortRead {
		return fmt.Errorf("%w: it is shorter than it says: %w", ErrDamaged, err)
	}
	if e.Code()&0xff == codeCannotOpen {
		// It does not say why; that there are no more descriptors can be asked.
		f, openErr := os.Open(os.DevNull)
		if openErr == nil {
			_ = f.Close()
		} else if errors.Is(openErr, syscall.EMFILE) || errors.Is(openErr, syscall.ENFILE) {
			return fmt.Errorf("%w: %w", err, openErr)
		}
	}
	if what := ioErrors[e.Code()]; what != "" {
		return fmt.Errorf("%w: the system refused it while %s", err, what)
	}
	return err
}

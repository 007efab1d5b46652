package command

import (
	"errors"
	"slices"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// diskErrors are what the system says of a disk that fails, of a reader of standard output
// that has gone, or of one that can only be read.
var diskErrors = []syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EFBIG, syscall.ENXIO, syscall.ESTALE, syscall.EPIPE, syscall.EBADF}

// ledgerErrors are what SQLite says of a ledger that cannot be used, whoever's fault that
// is: https://sqlite.org/rescode.html
var ledgerErrors = []int{
	sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB,
	sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PROTOCOL,
}

// diskFails reports whether an error is not the user's but the disk's: status 74, whatever
// the command was doing.
func diskFails(err error) bool {
	for _, e := range diskErrors {
		if errors.Is(err, e) {
			return true
		}
	}
	var e *sqlite.Error
	return errors.As(err, &e) && slices.Contains(ledgerErrors, e.Code()&0xff)
}

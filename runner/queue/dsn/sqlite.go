package dsn

import (
	"brood/runner/queue"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// openSQLite opens a file that is there: a name that was mistyped must not become an empty database. Transactions
// take the lock to write when they begin, as one that asks for it later is refused at once if another has written since.
func openSQLite(u *queue.URL, access Access) (*sql.DB, error) {
	if u.Path == "" {
		return nil, errors.New("sqlite: the URL names no file; write sqlite:FILE")
	}
	path, err := filepath.Abs(u.Path) // a file is called in one way by all connections, whatever becomes of the directory
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u, err)
	}
	st, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u, err)
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: it is no file", u)
	}
	// Waiting for another process is SQLite's own business up to here; what takes longer is "busy", see Down.
	q := url.Values{"_pragma": {"busy_timeout(5000)"}}
	if access == ReadOnly {
		q.Set("mode", "ro")
	} else {
		q.Set("mode", "rw")
		q.Set("_txlock", "immediate")
	}
	source := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	return sql.Open("sqlite", source.String())
}

// sqliteBusy reports whether others had the lock for too long. The code's lower eight bits are the kind of error.
func sqliteBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code()&0xff == lib.SQLITE_BUSY || e.Code()&0xff == lib.SQLITE_LOCKED)
}

package ledger

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func database(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestOpenOther: a ledger that is not there, that was never completed, that is of
// another version, and a file that is none are told apart, for writing as for
// reading; and none of them is changed.
func TestOpenOther(t *testing.T) {
	for name, c := range map[string]struct {
		make func(path string)
		want error // nil: any that is none of the others
	}{
		"none":               {func(string) {}, ErrNone},
		"empty file":         {func(path string) { write(t, path, nil) }, ErrNotBegun},
		"database of nobody": {func(path string) { database(t, path, `PRAGMA journal_mode(WAL)`) }, ErrNotBegun},
		"older version":      {func(path string) { database(t, path, schema, `PRAGMA user_version = 1`) }, ErrVersion},
		"newer version":      {func(path string) { database(t, path, `PRAGMA user_version = 5`) }, ErrVersion},
		"text": {func(path string) {
			write(t, path, []byte("not a database, but as long as the header of one\n"+string(make([]byte, 4096))))
		}, nil},
		"other schema": {func(path string) { database(t, path, `CREATE TABLE t (x)`, `PRAGMA user_version = 2`) }, nil},
		"directory": {func(path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), FileName)
			c.make(path)
			check := func(how string, err error) {
				t.Helper()
				if err == nil {
					t.Fatalf("%s worked", how)
				}
				for _, known := range []error{ErrNone, ErrNotBegun, ErrVersion} {
					if is := errors.Is(err, known); is != (known == c.want) {
						t.Errorf("%s: %v; that it is %q: %v", how, err, known, is)
					}
				}
			}
			if l, err := Open(t.Context(), path); err == nil {
				_ = l.Close()
				t.Fatal("it was opened for writing")
			} else {
				check("writing", err)
			}
			r, err := OpenReader(t.Context(), path)
			if err == nil && name == "other schema" {
				// That shows only when it is read.
				defer func() { _ = r.Close() }()
				_, err = r.Summary(t.Context())
			}
			check("reading", err)
		})
	}
}

// TestCutOffAtCreation: a process that dies while it makes the ledger may leave a
// change to be rolled back, which a reader may not do; nothing has happened yet.
func TestCutOffAtCreation(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), FileName), filepath.Join(t.TempDir(), FileName)
	database(t, from, `CREATE TABLE t (x)`)
	db, err := sql.Open("sqlite", "file:"+from+"?_pragma=cache_size(2)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	// More than its cache, so that the change is on the disk before it is complete.
	for range 20 {
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO t VALUES (randomblob(10000))`); err != nil {
			t.Fatal(err)
		}
	}
	for _, end := range []string{"", "-journal"} {
		b, err := os.ReadFile(from + end)
		if err != nil {
			t.Fatal(err)
		}
		write(t, to+end, b)
	}
	if r, err := OpenReader(t.Context(), to); !errors.Is(err, ErrNotBegun) {
		if err == nil {
			_ = r.Close()
		}
		t.Errorf("%v", err)
	}
}

// TestReaderWhileWriting: a reader in the middle of commits never sees half of one.
func TestReaderWhileWriting(t *testing.T) {
	l := create(t)
	commit(t, l, &Commit{})
	r := reader(t, l)
	done := make(chan error, 1)
	const commits = 30
	go func() {
		for n := uint64(1); n <= commits; n++ {
			if err := l.Commit(t.Context(), &Commit{Totals: Totals{Input: n, OK: n}, QuotaDay: "d", QuotaUsed: int(n)}); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	seen := uint64(0)
	for seen < commits {
		var input, ok, used uint64
		err := r.db.QueryRowContext(t.Context(), `SELECT input, ok, ifnull((SELECT used FROM quota), 0) FROM run`).Scan(&input, &ok, &used)
		if err != nil {
			t.Fatal(err)
		}
		if input != ok || input != used || input < seen {
			t.Fatalf("after %d: input %d, ok %d, used %d", seen, input, ok, used)
		}
		seen = input
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			done <- nil
		default:
		}
	}
	// What can be seen of a commit is there before it has returned.
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestViews: the views are there for people with the sqlite3 shell.
func TestViews(t *testing.T) {
	l := create(t)
	commit(t, l, full())
	for view, rows := range map[string]int{
		"summary": 1, "failures": 1, "unknowns": 1, "waiting": 1, "history": 1, "crashes": 2, "quarantine": 1, "decisions": 0,
	} {
		var n int
		if err := l.db.QueryRowContext(t.Context(), `SELECT count(*) FROM `+view).Scan(&n); err != nil || n != rows {
			t.Errorf("%s has %d rows, want %d: %v", view, n, rows, err)
		}
	}
	var pending int
	var place string
	if err := l.db.QueryRowContext(t.Context(), `SELECT pending, (SELECT place FROM unknowns) FROM summary`).Scan(&pending, &place); err != nil || pending != 3 || place != "-:6" {
		t.Errorf("%d pending, the unknown one at %q: %v", pending, place, err)
	}
}

func TestSyncDir(t *testing.T) {
	dir := t.TempDir()
	if err := SyncDir(dir); err != nil {
		t.Error(err)
	}
	if err := SyncDir(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a directory that is not there: %v", err)
	}
}

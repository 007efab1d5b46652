package ledger

import (
	"brood/runner/ledger/seal"
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// copyOf is what would be left of a ledger if this process were killed now.
func copyOf(t *testing.T, l *Ledger) string {
	t.Helper()
	dir := t.TempDir()
	for _, p := range ownFiles(l.path) {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(p)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, FileName)
}

// A soft transaction is sealed when it is durable, and not before: the seal may not be ahead
// of what a power failure leaves. Whoever kills the process takes nothing away with it.
func TestSoft(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *Ledger){
		"closed": func(*testing.T, *Ledger) {},
		"closed while somebody reads": func(t *testing.T, l *Ledger) {
			r, err := OpenReader(t.Context(), l.path)
			if err != nil {
				t.Fatal(err)
			}
			tx, err := r.db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var n int
			if err := tx.QueryRowContext(t.Context(), `SELECT count(*) FROM run`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_ = tx.Rollback()
				_ = r.Close()
			})
		},
		"another that is not soft": func(t *testing.T, l *Ledger) { commit(t, l, full()) },
	} {
		t.Run(name, func(t *testing.T) {
			l := create(t)
			number := func(path string) uint64 {
				t.Helper()
				_, at, err := seal.Peek(sealPath(path))
				if err != nil {
					t.Fatal(err)
				}
				return at.Number
			}
			c := full()
			c.Soft = true
			// More than SQLite leaves in the log by itself.
			c.Held = append(c.Held, Held{First: 9999, Count: 1, Bytes: bytes.Repeat([]byte("x"), 6<<20)})
			before := number(l.path)
			commit(t, l, c)
			if err := l.EndSession(t.Context(), StateDone, "", true, Usage{}); err != nil {
				t.Fatal(err)
			}
			if now := number(l.path); now != before {
				t.Errorf("the seal is at %d, and %d is durable", now, before)
			}
			killed := copyOf(t, l)
			end(t, l)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if now := number(l.path); now < before+2 {
				t.Errorf("the seal is at %d, and was at %d two transactions before", now, before)
			}
			for _, path := range []string{l.path, killed} {
				if err := seal.Compare(sealPath(path), path, BootID()); err != nil {
					t.Error(err)
				}
				again, err := Open(t.Context(), path)
				if err != nil {
					t.Fatal(err)
				}
				s, err := again.Reader().Summary(t.Context())
				if err != nil || s.State != StateDone || s.Totals != c.Totals {
					t.Errorf("%+v, %v", s, err)
				}
				if err := again.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// What has come into the place of a file of the ledger, and is none, is damage, whoever
// looks; and what stands beside the ledger is put aside by Salvage.
func TestNoFile(t *testing.T) {
	for _, end := range []string{"", "-wal", "-shm", "seal"} {
		for kind, put := range map[string]func(path string) error{
			"directory": func(path string) error { return os.Mkdir(path, 0o700) },
			"link": func(path string) error {
				return errors.Join(os.WriteFile(path+".moved", nil, 0o600), os.Symlink(path+".moved", path))
			},
			"dangling link": func(path string) error { return os.Symlink(path+".none", path) },
		} {
			l := create(t)
			commit(t, l, full())
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			harmed := l.path + end
			if end == "seal" {
				harmed = sealPath(l.path)
			}
			if err := os.Remove(harmed); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			if err := put(harmed); err != nil {
				t.Fatal(err)
			}
			_, openErr := Open(t.Context(), l.path)
			_, readErr := OpenReader(t.Context(), l.path)
			for how, err := range map[string]error{"open": openErr, "read": readErr, "verify": Verify(t.Context(), l.path)} {
				if !errors.Is(err, ErrDamaged) {
					t.Errorf("%s of %s, %s: %v", kind, filepath.Base(harmed), how, err)
				}
			}
			s, err := Salvage(t.Context(), l.path)
			if (end == "") != errors.Is(err, ErrLost) || (err != nil && end != "") {
				t.Errorf("%s of %s: %v", kind, filepath.Base(harmed), err)
			}
			if err == nil {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// A database that SQLite cannot read is a damaged ledger, and no failure of the disk.
func TestUnreadable(t *testing.T) {
	l := create(t)
	commit(t, l, full())
	if err := errors.Join(l.Close(), os.WriteFile(l.path, make([]byte, 1<<16), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReader(t.Context(), l.path); !errors.Is(err, ErrDamaged) {
		t.Errorf("zeros: %v", err)
	}
	if err := os.WriteFile(l.path, []byte("no database at all, and long enough to be one"+string(make([]byte, 4096))), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReader(t.Context(), l.path); !errors.Is(err, ErrDamaged) {
		t.Errorf("text: %v", err)
	}
}

// So is a schema in which something has changed.
func TestSchemaChanged(t *testing.T) {
	l := create(t)
	if _, err := l.db.ExecContext(t.Context(), `ALTER TABLE sessions RENAME COLUMN started_at TO started_au`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Reader().LastSession(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

package keys

import (
	"brood/jobs"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func openScope(t *testing.T, state, run string, must bool) *Scope {
	t.Helper()
	s, err := OpenScope(t.Context(), state, "tour", run, "now", must)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// takeAll takes keys, and returns how many of them somebody else has.
func takeAll(t *testing.T, s *Scope, keys ...string) (others int) {
	t.Helper()
	for i, key := range keys {
		by, err := s.Take(t.Context(), key, jobs.Seq(i), 1)
		if err != nil {
			t.Fatal(err)
		}
		if by != nil {
			others++
		}
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return others
}

// TestScope: a key belongs to whoever takes it first, until that gives it back.
func TestScope(t *testing.T) {
	state := t.TempDir()
	a, b := openScope(t, state, "a", false), openScope(t, state, "b", true)
	if n := takeAll(t, a, "x", "y"); n != 0 {
		t.Errorf("somebody has %d keys of a new scope", n)
	}
	if n := takeAll(t, b, "x", "z"); n != 1 {
		t.Errorf("somebody has %d keys, not 1", n)
	}
	if err := a.GiveBack(t.Context(), []string{"x", "z"}); err != nil { // z is not its own
		t.Fatal(err)
	}
	if n := takeAll(t, b, "x", "z", "y"); n != 1 {
		t.Errorf("somebody has %d keys, not 1", n)
	}
	if err := errors.Join(a.Close(), b.Close()); err != nil {
		t.Fatal(err)
	}
	if err := Verify(t.Context(), ScopePath(state, "tour")); err != nil {
		t.Error(err)
	}
}

// TestScopeOfMany: several writers at a time leave a seal that fits.
func TestScopeOfMany(t *testing.T) {
	state := t.TempDir()
	var all sync.WaitGroup
	for i := range 4 {
		s := openScope(t, state, fmt.Sprint(i), false)
		all.Go(func() {
			for j := range 10 {
				key := fmt.Sprintf("%d.%d", i, j)
				if _, err := s.Take(t.Context(), key, jobs.Seq(j), 1); err != nil {
					t.Error(err)
				}
				if err := s.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				if j%5 == 0 {
					if err := s.GiveBack(t.Context(), []string{key}); err != nil {
						t.Error(err)
					}
				}
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	n := 0
	if err := List(t.Context(), ScopePath(state, "tour"), Filter{}, func(Taken) error { n++; return nil }); err != nil || n != 4*8 {
		t.Errorf("%d keys, %v", n, err)
	}
}

// TestScopeDamaged: keys that are not what they were are refused, and can be gone on with
// when somebody says so.
func TestScopeDamaged(t *testing.T) {
	for name, c := range map[string]struct {
		harm  func(path string) error
		whole bool // it does no harm
		lost  bool // nothing can be gone on with
	}{
		"nothing":        {func(string) error { return nil }, true, false},
		"removed":        {os.Remove, false, true},
		"emptied":        {func(path string) error { return os.Truncate(path, 0) }, false, false},
		"cut":            {func(path string) error { return os.Truncate(path, 4096) }, false, true},
		"seal removed":   {func(path string) error { return os.Remove(sealPath(path)) }, false, false},
		"seal emptied":   {func(path string) error { return os.Truncate(sealPath(path), 0) }, false, false},
		"flipped":        {func(path string) error { return flip(path, 5000) }, false, true},
		"garbage":        {func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("garbage ", 2000)), 0o600) }, false, true},
		"a directory":    {func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }, false, true},
		"a link":         {func(path string) error { return errors.Join(os.Rename(path, path+"2"), os.Symlink(path+"2", path)) }, false, true},
		"lock removed":   {func(path string) error { return os.Remove(sealPath(path) + ".lock") }, true, false},
		"log of garbage": {func(path string) error { return os.WriteFile(path+"-wal", []byte("garbage"), 0o600) }, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			state := t.TempDir()
			s := openScope(t, state, "a", false)
			takeAll(t, s, "x", "y")
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			path := ScopePath(state, "tour")
			if err := c.harm(path); err != nil {
				t.Fatal(err)
			}
			s, err := OpenScope(t.Context(), state, "tour", "b", "now", false)
			var damaged *DamagedError
			if c.whole {
				if err != nil {
					t.Fatal(err)
				}
				if n := takeAll(t, s, "x"); n != 1 {
					t.Error("a key is forgotten")
				}
				_ = s.Close()
				return
			}
			if !errors.As(err, &damaged) || damaged.Scope != "tour" {
				t.Fatalf("%v", err)
			}
			_, err = Repair(t.Context(), path)
			var lost *LostError
			if (err != nil) != c.lost && name != "flipped" && name != "cut" || err != nil && name != "removed" && !errors.As(err, &lost) {
				t.Errorf("repair: %v", err)
			}
			if err == nil {
				s := openScope(t, state, "b", true)
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func flip(path string, at int) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b[at%len(b)] ^= 4
	return os.WriteFile(path, b, 0o600)
}

// TestScopeKilled: what a process leaves that is killed is whole, and its newest part is
// missed if it goes.
func TestScopeKilled(t *testing.T) {
	state, killed := t.TempDir(), t.TempDir()
	s := openScope(t, state, "a", false)
	defer func() { _ = s.Close() }()
	takeAll(t, s, "x")
	takeAll(t, s, "y")
	leave := func() {
		for _, name := range []string{"tour.db", "tour.db-wal", "tour.seal"} {
			b, err := os.ReadFile(filepath.Join(state, "keys", name))
			if err != nil {
				t.Fatal(err)
			}
			to := filepath.Join(killed, "keys", name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, b, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
	}
	leave()
	other := openScope(t, killed, "b", true)
	if n := takeAll(t, other, "x", "y"); n != 2 {
		t.Errorf("%d keys are left", n)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	leave()
	if err := os.Remove(filepath.Join(killed, "keys", "tour.db-wal")); err != nil {
		t.Fatal(err)
	}
	var damaged *DamagedError
	if _, err := OpenScope(t.Context(), killed, "tour", "b", "now", false); !errors.As(err, &damaged) {
		t.Errorf("%v", err)
	}
}

// TestScopeOfBefore: the keys of version 1 are taken over.
func TestScopeOfBefore(t *testing.T) {
	state := t.TempDir()
	path := ScopePath(state, "tour")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := openDB(path)
	if err != nil {
		t.Fatal(err)
	}
	old := scopeSchema[:strings.Index(scopeSchema, "CREATE TABLE progress")]
	if _, err := db.ExecContext(t.Context(), old+`; PRAGMA user_version = 1; INSERT INTO keys VALUES ('x', 'old', 'then', 0, 1, 'then')`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := openScope(t, state, "a", true)
	if n := takeAll(t, s, "x", "y"); n != 1 {
		t.Error("a key is forgotten")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Verify(t.Context(), path); err != nil {
		t.Error(err)
	}
}

package token

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func create(t *testing.T) *Identity {
	t.Helper()
	id, err := Create(filepath.Join(t.TempDir(), "hubs", "mail"), "mail")
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func known(t *testing.T, id *Identity, tok *Token) bool {
	t.Helper()
	key, err := tok.Key()
	if err != nil {
		t.Fatal(err)
	}
	name, ok, err := id.Known(key)
	if err != nil || ok && name != tok.Machine {
		t.Errorf("%s is known as %q, %v", tok.Machine, name, err)
	}
	return ok
}

// A name has one good token at a time, and what another process changes is seen at once.
func TestIssueAndRevoke(t *testing.T) {
	id := create(t)
	other, err := Open(id.Dir())
	if err != nil || other.Fingerprint() != id.Fingerprint() || other.Run() != "mail" {
		t.Fatalf("%+v, %v", other, err)
	}
	first, err := id.Issue("north")
	if err != nil || first.CA != id.Fingerprint() || first.Run != "mail" || !known(t, other, first) {
		t.Fatalf("%v, %v", first, err)
	}
	if _, err := other.Issue("north"); !errors.Is(err, ErrIssued) {
		t.Errorf("a second token: %v", err)
	}
	if err := other.Revoke("north"); err != nil || known(t, id, first) {
		t.Errorf("it was revoked, and is known; %v", err)
	}
	if err := id.Revoke("south"); !errors.Is(err, ErrUnknown) {
		t.Errorf("revoked, and never issued: %v", err)
	}
	second, err := id.Issue("north")
	if err != nil || !known(t, other, second) || known(t, other, first) || second.Text() == first.Text() {
		t.Errorf("a new token: %v", err)
	}
	for _, name := range []string{"", "a.b", "a b", "-a", ">", "*", "a/b", "abcdefghijklmnopqrstuvwxyz0123456"} {
		if _, err := id.Issue(name); err == nil {
			t.Errorf("%q is a machine's name", name)
		}
	}
	if list, err := id.List(); err != nil || len(list) != 1 || list[0].Name != "north" || !list[0].Revoked.IsZero() || list[0].Issued.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
}

// Nobody else may read any of it.
func TestModes(t *testing.T) {
	id := create(t)
	if _, err := id.Issue("north"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", authorityFile, machinesFile, lockFile} {
		if st, err := os.Stat(filepath.Join(id.Dir(), name)); err != nil || st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%q: %v, %v", name, st.Mode(), err)
		}
	}
	if err := os.Chmod(filepath.Join(id.Dir(), authorityFile), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(id.Dir()); !errors.Is(err, ErrReadable) {
		t.Errorf("others can read its key: %v", err)
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is none: %v", err)
	}
	if _, err := Create(filepath.Join(t.TempDir(), "x"), "no run"); err == nil {
		t.Error("a run of that name")
	}
}

// Of many that do the same at the same time, each as a process would, one does it, and nothing is lost.
func TestSeveralAtOnce(t *testing.T) {
	const many = 12
	dir := filepath.Join(t.TempDir(), "hub")
	prints, wins := make([][sha256.Size]byte, many), make([]bool, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			id, err := Create(dir, "mail")
			if err != nil {
				t.Error(err)
				return
			}
			prints[i] = id.Fingerprint()
			_, err = id.Issue("same")
			wins[i] = err == nil
			if err != nil && !errors.Is(err, ErrIssued) {
				t.Error(err)
			}
			if _, err := id.Issue(fmt.Sprint("own", i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	won := 0
	for i := range many {
		if wins[i] {
			won++
		}
		if prints[i] != prints[0] {
			t.Error("there are two authorities")
		}
	}
	id, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := id.List(); err != nil || won != 1 || len(list) != many+1 {
		t.Errorf("%d have the name, and %d machines are there: %v", won, len(list), err)
	}
	if _, err := Create(dir, "other"); err == nil {
		t.Error("another run has the same identity")
	}
}

// FuzzRegister holds that a list of machines that is read has names and keys that are what they should be, each once.
func FuzzRegister(f *testing.F) {
	f.Add([]byte(`{"version":1,"run":"mail","machines":[{"name":"a","key":"UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4","issued":"2026-01-02T03:04:05Z"}]}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseRegister(text)
		if err != nil {
			return
		}
		keys := map[string]bool{}
		for _, m := range r.Machines {
			if CheckMachine(m.Name) != nil || keys[m.Key] || r.find(m.Name) == nil || r.find(m.Name).Key != m.Key {
				t.Errorf("%+v", m)
			}
			keys[m.Key] = true
			if Verify(m.Key, []byte("nonce"), make([]byte, 64)) {
				t.Error("no signature is a signature")
			}
		}
	})
}

package invoice

import (
	"brood/jobs/billing/charge"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// writerIn opens one for charges with these numbers, all alike otherwise.
func writerIn(t testing.TB, dir string, n int) (*Writer, []*charge.Charge) {
	t.Helper()
	var charges []*charge.Charge
	for i := range n {
		c := aCharge(Languages()[i%len(Languages())], 2)
		c.Number = fmt.Sprintf("2026-%06d", i+1)
		charges = append(charges, c)
	}
	w, err := NewWriter(pressOf(t, theSeller(), charges...), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w, charges
}

func namesIn(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestWriter puts several at the same time; nothing has its name before Sync, and all have it after. A second writer finds
// them made.
func TestWriter(t *testing.T) {
	for _, whole := range []bool{false, true} {
		dir := t.TempDir()
		w, charges := writerIn(t, dir, 20)
		if whole && !w.dir.whole {
			continue // this file system is never synced as a whole
		}
		w.dir.whole = whole
		var group sync.WaitGroup
		for _, c := range charges {
			group.Go(func() {
				if made, err := w.Put(c); err != nil || made.PDF != c.Number+".pdf" || made.HTML != c.Number+".html" {
					t.Errorf("%+v, %v", made, err)
				}
			})
		}
		group.Wait()
		for _, name := range namesIn(t, dir) {
			if !strings.HasPrefix(name, tempBegin) {
				t.Errorf("%s has its name before it is synced", name)
			}
		}
		if err := w.Sync(); err != nil {
			t.Fatal(err)
		}
		names := namesIn(t, dir)
		if len(names) != 2*len(charges) || names[0] != "2026-000001.html" || names[1] != "2026-000001.pdf" {
			t.Errorf("%d names: %v", len(names), names)
		}
		again, _ := writerIn(t, dir, 20)
		for _, c := range charges {
			if _, err := again.Put(c); err != nil {
				t.Error(err)
			}
		}
		if err := again.Sync(); err != nil {
			t.Error(err)
		}
		if after := namesIn(t, dir); len(after) != len(names) {
			t.Errorf("made again: %v", after)
		}
	}
}

// TestTaken keeps what is there, whatever it is, and goes on with the others.
func TestTaken(t *testing.T) {
	dir := t.TempDir()
	w, charges := writerIn(t, dir, 4)
	outside := filepath.Join(t.TempDir(), "outside")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(outside, "theirs")
	write(filepath.Join(dir, "2026-000001.pdf"), "mine")
	if err := os.Symlink(outside, filepath.Join(dir, "2026-000002.html")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "2026-000003.pdf"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i, c := range charges {
		if _, err := w.Put(c); errors.Is(err, ErrTaken) != (i < 3) || errors.Is(err, ErrStorage) {
			t.Errorf("%s: %v", c.Number, err)
		}
	}
	if err := w.Sync(); err != nil {
		t.Fatal(err)
	}
	if names := namesIn(t, dir); strings.Join(names, " ") != "2026-000001.pdf 2026-000002.html 2026-000003.pdf 2026-000004.html 2026-000004.pdf" {
		t.Error(names)
	}
	for path, want := range map[string]string{outside: "theirs", filepath.Join(dir, "2026-000001.pdf"): "mine"} {
		if b, err := os.ReadFile(path); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", path, b, err)
		}
	}
}

// TestTakenMeanwhile finds a file that was made between Put and Sync: the same is as good, another is refused.
func TestTakenMeanwhile(t *testing.T) {
	for _, same := range []bool{true, false} {
		dir := t.TempDir()
		w, charges := writerIn(t, dir, 1)
		if _, err := w.Put(charges[0]); err != nil {
			t.Fatal(err)
		}
		body := w.held[1].body
		if !same {
			body = bytes.ToUpper(body)
		}
		if err := os.WriteFile(filepath.Join(dir, w.held[1].name), body, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := w.Sync(); same && err != nil || !same && !errors.Is(err, ErrTaken) {
			t.Error(err)
		}
		if err := w.Sync(); !same && !errors.Is(err, ErrStorage) {
			t.Errorf("the next sync tells that the group is stored: %v", err)
		}
		for _, name := range namesIn(t, dir) {
			if strings.HasPrefix(name, tempBegin) {
				t.Errorf("%s is left", name)
			}
		}
		if b, err := os.ReadFile(filepath.Join(dir, "2026-000001.pdf")); err != nil || !bytes.Equal(b, body) {
			t.Errorf("it was overwritten, %v", err)
		}
	}
}

// TestSyncFails acknowledges nothing after a file could not be synced, and leaves nothing unfinished.
func TestSyncFails(t *testing.T) {
	dir := t.TempDir()
	w, charges := writerIn(t, dir, 12)
	w.dir.whole = false
	for _, c := range charges {
		if _, err := w.Put(c); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.held[7].file.Close() // a sync of it fails
	if err := w.Sync(); !errors.Is(err, ErrStorage) {
		t.Error(err)
	}
	if names := namesIn(t, dir); len(names) > 0 {
		t.Errorf("left: %v", names)
	}
	if _, err := w.Put(charges[0]); !errors.Is(err, ErrStorage) {
		t.Errorf("it goes on after a failed sync: %v", err)
	}
	if err := w.Sync(); !errors.Is(err, ErrStorage) {
		t.Errorf("the next sync succeeds: %v", err)
	}
}

// TestSweep removes what a writer that was killed left, and nothing else.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	w, charges := writerIn(t, dir, 2)
	for _, c := range charges {
		if _, err := w.Put(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.part"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Sweep(dir); err != nil {
		t.Fatal(err)
	}
	if names := namesIn(t, dir); strings.Join(names, " ") != "notes.part" {
		t.Error(names)
	}
}

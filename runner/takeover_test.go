package runner

import (
	"brood/jobs"
	"brood/runner/book"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/worker/wire"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// newPads makes the pages of two slots of a session.
func newPads(t *testing.T, dir *home.Dir, epoch int64) (pads []*pad) {
	t.Helper()
	if err := os.MkdirAll(dir.File(home.PagesName), 0o700); err != nil {
		t.Fatal(err)
	}
	for slot := 1; slot <= 2; slot++ {
		p, err := openPad(dir, slot, 1, epoch, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.close() })
		pads = append(pads, p)
	}
	return pads
}

// A page of a session that the ledger does not know shows that it is an older copy.
func TestPageOfLaterSession(t *testing.T) {
	dir := openHome(t, "later")
	if err := checkPages(dir, 1); err != nil {
		t.Error("without any:", err)
	}
	pads := newPads(t, dir, 3)
	for epoch, older := range map[int64]bool{2: true, 3: false, 4: false} {
		if err := checkPages(dir, epoch); errors.Is(err, ledger.ErrDamaged) != older || (err != nil && !older) {
			t.Errorf("session %d: %v", epoch, err)
		}
	}
	if _, err := pads[0].files[0].WriteAt([]byte("x"), 64); err != nil {
		t.Fatal(err)
	}
	if err := checkPages(dir, 2); !errors.Is(err, ledger.ErrDamaged) {
		t.Error("with one that is damaged:", err)
	}
}

// So does a page that says of more notes that the ledger has them.
func TestPageAheadOfLedger(t *testing.T) {
	dir := openHome(t, "ahead")
	for _, p := range newPads(t, dir, 1) {
		p.page.Begin(7)
		if err := p.close(); err != nil {
			t.Fatal(err)
		}
	}
	for acked, older := range map[uint64]bool{6: true, 7: false} {
		x := &takeover{past: &book.Past{}, found: make(map[jobs.Seq]*found), acked: []uint64{7, acked}, told: func() {}}
		whole, err := x.readPages(t.Context(), dir, 1, 2)
		if errors.Is(err, ledger.ErrDamaged) != older || whole == older {
			t.Errorf("the ledger has %d: %v, %v", acked, whole, err)
		}
	}
}

// A page and notes that were put back from a copy made since the last commit are told from what
// there was by what the parent has seen of them: all of it was right when it was copied.
func TestPagesOlderThanHeard(t *testing.T) {
	dir := openHome(t, "heard")
	f, err := os.OpenFile(dir.File(home.HeardName), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	heard, err := wire.NewHeard(f, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir.File(home.PagesName), 0o700); err != nil {
		t.Fatal(err)
	}
	copies := make(map[string][]byte) // of all files, when slot 2 had noted one
	for slot := 1; slot <= 2; slot++ {
		p, err := openPad(dir, slot, 1, 1, heard, false)
		if err != nil {
			t.Fatal(err)
		}
		for seq := range jobs.Seq(2) {
			if err := p.append(&wire.Note{Seq: seq, Try: 1, Kind: wire.NoteLoss, Payload: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
			if slot == 2 && seq == 0 {
				keepCopies(t, copies, dir.File(home.HeardName), dir.NotesPath(2, 0), dir.NotesPath(2, 1), dir.NotesPath(2, 2))
			}
		}
		if err := p.close(); err != nil {
			t.Fatal(err)
		}
	}
	ends := make(map[string][]byte)
	keepCopies(t, ends, slices.Collect(maps.Keys(copies))...)
	for _, c := range []struct {
		name  string
		older []string
		whole bool
	}{
		{"as it was left", nil, true},
		{"the slot's", []string{dir.NotesPath(2, 0), dir.NotesPath(2, 1), dir.NotesPath(2, 2)}, false},
		{"what was seen", []string{dir.File(home.HeardName)}, true},
	} {
		putBack(t, ends)
		for _, path := range c.older {
			putBack(t, map[string][]byte{path: copies[path]})
		}
		if whole := readAll(t, dir); whole != c.whole {
			t.Errorf("%s put back: whole is %v", c.name, whole)
		}
	}
	if err := errors.Join(heard.Close(), os.Remove(dir.File(home.HeardName))); err != nil {
		t.Fatal(err)
	}
	if readAll(t, dir) {
		t.Error("nobody knows what was seen, and the pages count")
	}
}

func readAll(t *testing.T, dir *home.Dir) bool {
	t.Helper()
	x := &takeover{past: &book.Past{}, found: make(map[jobs.Seq]*found), told: func() {}}
	whole, err := x.readPages(t.Context(), dir, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

func keepCopies(t *testing.T, to map[string][]byte, paths ...string) {
	t.Helper()
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		to[path] = b
	}
}

func putBack(t *testing.T, files map[string][]byte) {
	t.Helper()
	for path, b := range files {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// What repair leaves of results that were cut off ends with a whole row, and what it takes
// off is put aside.
func TestRepairCutResults(t *testing.T) {
	f := newFakeRun(t, "ok a", "ok b", "ok c")
	if _, err := f.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(f.out)
	if err == nil {
		err = os.Truncate(f.out, int64(len(b)-3))
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.resume(t.Context()); err != nil { // it is done, whatever has become of them since
		t.Error(err)
	}
	f.again()
	rep, err := Repair(t.Context(), &f.set, false)
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadFile(f.out)
	if err != nil {
		t.Fatal(err)
	}
	aside, err := os.ReadFile(rep.Tail)
	if err != nil || !strings.HasSuffix(string(left), "\n") || string(left)+string(aside) != string(b[:len(b)-3]) || rep.Missing != int64(len(b)-len(left)) {
		t.Errorf("%+v: %q, and aside %q: %v", rep, left, aside, err)
	}
}

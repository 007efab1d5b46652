package worker

import (
	"brood/jobs"
	"brood/worker/wire"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// inProcess makes the working state of a worker in this process, and the pipe that
// its answers go into.
func inProcess(t *testing.T) (s *server, notes *process, answers *os.File) {
	t.Helper()
	dir := t.TempDir()
	var files [3]*os.File
	for i, name := range []string{"page", "notes-0", "notes-1"} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[i] = f
	}
	if err := wire.FilePage(files[0], 1).Reset(0); err != nil {
		t.Fatal(err)
	}
	page, err := wire.OpenPage(files[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	n := wire.NewNotes(page, [2]*os.File{files[1], files[2]})
	h := hello()
	s = newServer(nil, w, page, n, &h)
	s.job = testJob{}
	t.Cleanup(func() {
		n.Unmap()
		_ = page.Close()
		for _, f := range append(files[:], r, w) {
			_ = f.Close()
		}
	})
	return s, &process{page: page, notes: n}, r
}

// TestOrphan: when it is known that the parent has gone, no record is begun, also
// if nothing has been sent that would have told.
func TestOrphan(t *testing.T) {
	s, p, _ := inProcess(t)
	s.orphaned.Store(true)
	b := wire.AppendBody(wire.AppendRecordHead(wire.AppendBatchHead(nil, 3, 1), 0, 1), &jobs.Shape{}, []byte("say x"), nil, true)
	if err := s.batch(b); !errors.Is(err, errOrphaned) {
		t.Errorf("%v", err)
	}
	if seq, begun := p.page.Last(); begun {
		t.Errorf("record %d was begun", seq)
	}
}

// TestNotBegun: a record that the job had not begun when it broke is not said to be in
// hand; any other is.
func TestNotBegun(t *testing.T) {
	for line, want := range map[string]bool{"untouched": false, "break": true} {
		s, p, _ := inProcess(t)
		b := wire.AppendBody(wire.AppendRecordHead(wire.AppendBatchHead(nil, 3, 1), 0, 1), &jobs.Shape{}, []byte(line), nil, true)
		if err := s.batch(b); err == nil {
			t.Errorf("%s: no error", line)
		}
		if seq, _, inHand := first(p.page); inHand != want || (inHand && seq != 3) {
			t.Errorf("%s: record %d in hand: %t", line, seq, inHand)
		}
		if got := p.noted(t); got != nil {
			t.Errorf("%s: noted are %q", line, got)
		}
	}
}

// TestUnsent: an answer that finds nobody is noted, though it would not have been.
func TestUnsent(t *testing.T) {
	s, p, answers := inProcess(t)
	_ = answers.Close()
	rec := &jobs.Record{Seq: 3, Attempt: 2, Raw: []byte("x"), Shape: shape}
	res := &jobs.Result{Text: []byte("done")}
	p.page.Start(0, 3, 2, 1)
	if _, err := s.answer(0, rec, res, wire.Now(), flushAfter); !errors.Is(err, errOrphaned) {
		t.Errorf("%v", err)
	}
	if got := p.noted(t); !slices.Equal(got, []string{"3 ok done"}) {
		t.Errorf("noted are %q", got)
	}
}

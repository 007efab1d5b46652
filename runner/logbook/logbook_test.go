package logbook

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func msgs(t *testing.T, dir string) (out []string) {
	t.Helper()
	if err := Read(t.Context(), dir, nil, func(l *Line) error { out = append(out, l.Msg); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// What was written is read back, by sessions that follow one another, whatever a crash has
// left; and there is no file where nothing was said.
func TestAddAndRead(t *testing.T) {
	dir := t.TempDir()
	if err := New(dir).Close(); err != nil {
		t.Fatal(err)
	}
	if got := msgs(t, dir); got != nil {
		t.Error(got)
	}
	for i := range 2 {
		b := New(dir)
		seq := int64(i)
		if err := b.Add(&Line{Slot: 1, Seq: &seq, Stream: "stderr", Msg: fmt.Sprintf("line %d\x1b\n", i)}); err != nil {
			t.Fatal(err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(`{"msg":"cut of`); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(msgs(t, dir), "|"); got != "line 0\x1b\n|line 1\x1b\n" {
		t.Errorf("%q", got)
	}
}

// It is bounded, and keeps the last.
func TestBounded(t *testing.T) {
	dir := t.TempDir()
	b := New(dir)
	b.most = 1000
	for i := range 200 {
		if err := b.Add(&Line{Msg: fmt.Sprintf("line %03d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	got := msgs(t, dir)
	if len(got) < 30 || got[len(got)-1] != "line 199" || got[0] != fmt.Sprintf("line %03d", 200-len(got)) {
		t.Errorf("%d: %v", len(got), got)
	}
	for _, n := range []string{name, oldName} {
		if st, err := os.Stat(filepath.Join(dir, n)); err != nil || st.Size() > 1000 {
			t.Errorf("%s: %v", n, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}

// Who follows sees lines as they come, also when another file has come in its place.
func TestFollow(t *testing.T) {
	dir := t.TempDir()
	b := New(dir)
	b.most = 300
	seen, ended := make(chan string), make(chan struct{})
	alive := func() bool {
		select {
		case <-ended:
			return false
		default:
			return true
		}
	}
	done := make(chan error)
	go func() { done <- Read(t.Context(), dir, alive, func(l *Line) error { seen <- l.Msg; return nil }) }()
	for i := range 30 {
		want := fmt.Sprintf("line %d", i)
		if err := b.Add(&Line{Msg: want}); err != nil {
			t.Fatal(err)
		}
		if got := <-seen; got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	}
	close(ended)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// Where it cannot be written that is said once, and no more.
func TestNotWritten(t *testing.T) {
	b := New(filepath.Join(t.TempDir(), "nowhere"))
	if err := b.Add(&Line{Msg: "a"}); err == nil {
		t.Error("it was written")
	}
	if err := b.Add(&Line{Msg: "b"}); err != nil {
		t.Errorf("said again: %v", err)
	}
}

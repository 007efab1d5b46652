package ledger

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// beside lists what lies beside a ledger.
func beside(t *testing.T, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Readers leave nothing: neither of a ledger that was closed, nor when the one who wrote it
// closes it while they have it open.
func TestReadersLeaveNothing(t *testing.T) {
	l := create(t)
	path := l.path
	beginSession(t, l, 1)
	early := must[*Reader](t)(OpenReader(t.Context(), path))
	if _, err := early.Summary(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if !logEmpty(path) {
		t.Error("what was written stands in the log still, and nobody writes")
	}
	if err := early.Close(); err != nil {
		t.Fatal(err)
	}
	clean := []string{FileName, SealName}
	if got := beside(t, path); !slices.Equal(got, clean) {
		t.Errorf("the last reader left %v", got)
	}
	one := must[*Reader](t)(OpenReader(t.Context(), path))
	two := must[*Reader](t)(OpenReader(t.Context(), path))
	for _, r := range []*Reader{one, two} {
		if s, err := r.Summary(t.Context()); err != nil || s.Name == "" {
			t.Errorf("%+v, %v", s, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := beside(t, path); !slices.Equal(got, clean) {
		t.Errorf("two readers left %v", got)
	}
	if err := Compare(path); err != nil {
		t.Error(err)
	}
}

// A run that was killed while somebody read its ledger keeps its log: what stands there and
// was not sealed is vouched for by the log alone.
func TestReadersMoveNoLog(t *testing.T) {
	l := create(t)
	path := l.path
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r := must[*Reader](t)(OpenReader(t.Context(), path))
	l = must[*Ledger](t)(Open(t.Context(), path))
	beginSession(t, l, 1)
	// It dies: its log stays, with one transaction that was not sealed.
	copyOf := filepath.Join(t.TempDir(), FileName)
	if _, err := l.write.ExecContext(t.Context(), `UPDATE progress SET number = number + 1`); err != nil {
		t.Fatal(err)
	}
	if _, err := l.write.ExecContext(t.Context(), `UPDATE run SET reason = ?`, time.Now().String()); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		write(t, copyOf+suffix, b)
	}
	b, err := os.ReadFile(sealPath(path))
	if err != nil {
		t.Fatal(err)
	}
	write(t, sealPath(copyOf), b)
	r2 := must[*Reader](t)(OpenReader(t.Context(), copyOf))
	if err := r2.Close(); err != nil {
		t.Fatal(err)
	}
	if logEmpty(copyOf) {
		t.Error("a reader has moved the log")
	}
	if err := Compare(copyOf); err != nil {
		t.Errorf("a reader has made it look damaged: %v", err)
	}
	// One that had it open before, and closes it last.
	l.broken = true // as it was changed behind its back
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Compare(path); err != nil {
		t.Errorf("%v", err)
	}
}

// The ledger of a small run takes little room, and is a ledger like any other.
func TestSmall(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	l, err := Create(t.Context(), path, Run{Name: "small", Job: "echo", Effect: "none", Config: []byte("{}"), StartedAt: noon, Output: "-", OutputFormat: "text", Small: true})
	if err != nil {
		t.Fatal(err)
	}
	beginSession(t, l, 1)
	if err := l.EndSession(t.Context(), StateDone, "", true, Usage{}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil || st.Size() > 36<<10 {
		t.Errorf("%d bytes, %v", st.Size(), err)
	}
	if err := Verify(t.Context(), path); err != nil {
		t.Error(err)
	}
	if l, err = Open(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	commit(t, l, full())
	checkFull(t, l.Reader())
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

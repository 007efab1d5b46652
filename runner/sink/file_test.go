package sink

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func openFile(t *testing.T, path string, size int64, header string) *File {
	t.Helper()
	f, err := Open(path, Start{Size: size, Header: []byte(header)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func put(t *testing.T, f *File, s string) {
	t.Helper()
	if err := f.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestFile: a file goes on at the length that is true, without what was written
// behind it, and without a second header.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	f := openFile(t, path, 0, "head\n")
	put(t, f, "one\n")
	if f.Size() != 9 || f.Buffered() != 9 || content(t, path) != "" {
		t.Errorf("size %d, %d buffered, the file holds %q", f.Size(), f.Buffered(), content(t, path))
	}
	if err := errors.Join(f.Flush(), f.Sync()); err != nil || f.Buffered() != 0 || content(t, path) != "head\none\n" {
		t.Errorf("%v; %d buffered, the file holds %q", err, f.Buffered(), content(t, path))
	}
	put(t, f, "two, not committed\n")
	if err := errors.Join(f.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	f = openFile(t, path, 9, "head\n")
	put(t, f, "2\n")
	if err := f.Flush(); err != nil || f.Size() != 11 || content(t, path) != "head\none\n2\n" {
		t.Errorf("%v; size %d, the file holds %q", err, f.Size(), content(t, path))
	}
	// A run that begins anew, under another name, replaces what was there.
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = openFile(t, path, 0, "h\n")
	if err := f.Flush(); err != nil || content(t, path) != "h\n" {
		t.Errorf("%v; the file holds %q", err, content(t, path))
	}
}

// TestBuffer: whatever the pieces, small or larger than the buffer, they come out
// in order, and what was flushed is not counted as buffered.
func TestBuffer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	f := openFile(t, path, 0, "")
	var want strings.Builder
	for i, n := range []int{1, bufferSize - 2, 10, 3 * bufferSize, 0, 5, bufferSize, bufferSize - 1, 70 << 10} {
		piece := strings.Repeat(string(rune('a'+i)), n)
		put(t, f, piece)
		want.WriteString(piece)
		if f.Buffered() >= bufferSize {
			t.Errorf("%d bytes wait after piece %d", f.Buffered(), i)
		}
		if st, err := os.Stat(path); err != nil || st.Size()+int64(f.Buffered()) != f.Size() || f.Size() != int64(want.Len()) {
			t.Errorf("%v; after piece %d the file has %d, %d wait, and the size is %d", err, i, st.Size(), f.Buffered(), f.Size())
		}
	}
	if err := f.Flush(); err != nil || content(t, path) != want.String() {
		t.Errorf("%v, and the file differs", err)
	}
}

// TestOpenRefuses: a file that is not the one of before is not written to.
func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	inUse := errors.New("in use")
	for name, c := range map[string]struct {
		path, want string
		size       int64
	}{
		"gone":      {filepath.Join(dir, "none"), "the file is gone, and 5 bytes", 5},
		"cut":       {file("short", "1234"), "it has 4 bytes, and 5 bytes", 5},
		"in use":    {file("busy", "12345"), "in use", 0},
		"changed":   {file("changed", "1234x"), "are not the results that were written", 5},
		"directory": {dir, "is a directory", 0},
		"no folder": {filepath.Join(dir, "none", "out"), "no such file", 0},
	} {
		sum := crc32.Checksum([]byte("12345"), castagnoli)
		f, err := Open(c.path, Start{Size: c.size, Sum: &sum, Lock: func(os.FileInfo) error {
			if name == "in use" {
				return inUse
			}
			return nil
		}})
		if err == nil {
			_ = f.Close()
			t.Errorf("%s: it was opened", name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if content(t, filepath.Join(dir, "busy")) != "12345" || content(t, filepath.Join(dir, "changed")) != "1234x" || content(t, filepath.Join(dir, "short")) != "1234" {
		t.Error("a file that was refused was changed")
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a file that is gone was made anew")
	}
}

// TestSyncFails: a file that cannot be synced any more is an error, not silence.
func TestSyncFails(t *testing.T) {
	f := openFile(t, filepath.Join(t.TempDir(), "out"), 0, "")
	if err := f.f.Close(); err != nil {
		t.Fatal(err)
	}
	var we *WriteError
	if err := f.Sync(); !errors.As(err, &we) || !errors.Is(err, syscall.EBADF) {
		t.Errorf("%v", err)
	}
}

// TestTooLargeFile: when the system takes only a part, no byte follows the gap,
// and the file can go on where it was true.
func TestTooLargeFile(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	path := filepath.Join(t.TempDir(), "out")
	f := openFile(t, path, 0, "head\n")
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	limited := func(limit uint64, do func()) {
		var old syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: old.Max}); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
				t.Fatal(err)
			}
		}()
		do()
	}
	var first error
	limited(8, func() {
		put(t, f, "one two\n")
		first = f.Flush()
	})
	var we *WriteError
	if !errors.As(first, &we) || we.Path != path || !errors.Is(first, syscall.EFBIG) {
		t.Errorf("%v", first)
	}
	// There is room now, and still nothing is written.
	for what, err := range map[string]error{"write": f.Write([]byte("three\n")), "flush": f.Flush()} {
		if !errors.Is(err, syscall.EFBIG) {
			t.Errorf("%s after that: %v", what, err)
		}
	}
	if got := content(t, path); got != "head\none" {
		t.Errorf("the file holds %q", got)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = openFile(t, path, 5, "head\n")
	put(t, f, "one two\n")
	if err := f.Flush(); err != nil || content(t, path) != "head\none two\n" {
		t.Errorf("%v; the file holds %q", err, content(t, path))
	}
}

// standardOutput makes a pipe the standard output of this process.
func standardOutput(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stdout
	os.Stdout = w
	t.Cleanup(func() {
		os.Stdout = old
		_ = r.Close()
		_ = w.Close()
	})
	return r
}

// TestStdout: standard output is not cut off, closed or locked, and a pipe has
// nothing to sync.
func TestStdout(t *testing.T) {
	r := standardOutput(t)
	f := openFile(t, Stdout, 100, "head\n")
	if !f.IsStdout() || f.Name() != "standard output" || f.Size() != 100 {
		t.Errorf("%v %s %d", f.IsStdout(), f.Name(), f.Size())
	}
	put(t, f, "one\n")
	if err := errors.Join(f.Flush(), f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stdout.WriteString("still open\n"); err != nil {
		t.Error(err)
	}
	_ = os.Stdout.Close()
	if b, err := io.ReadAll(r); err != nil || string(b) != "one\nstill open\n" || f.Size() != 104 || len(f.Undelivered()) != 0 {
		t.Errorf("%v; %q came, the size is %d", err, b, f.Size())
	}
}

// TestLostReader: of what a reader has not taken, exactly the end is given back,
// also what was too large to be written at once.
func TestLostReader(t *testing.T) {
	r := standardOutput(t)
	f := openFile(t, Stdout, 0, "")
	all := make([]byte, 2*bufferSize)
	for i := range all {
		all[i] = byte(i >> 8)
	}
	const taken = 200_000
	got := make([]byte, taken)
	reading := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(r, got)
		reading <- errors.Join(err, r.Close())
	}()
	err := f.Write(all)
	if e := <-reading; e != nil {
		t.Fatal(e)
	}
	if !errors.Is(err, syscall.EPIPE) {
		t.Fatalf("%v", err)
	}
	if err := f.Write([]byte("more")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("a write after that: %v", err)
	}
	rest := f.Undelivered()
	const pipe = 64 << 10 // what it may hold beside
	if !bytes.Equal(got, all[:taken]) || !bytes.HasSuffix(all, rest) || len(rest) > len(all)-taken || len(rest) < len(all)-taken-pipe {
		t.Errorf("%d bytes are given back, %d were taken", len(rest), taken)
	}
	if f.Size()+int64(len(rest)) != int64(len(all)) || f.Buffered() != 0 {
		t.Errorf("size %d and %d given back, of %d; %d buffered", f.Size(), len(rest), len(all), f.Buffered())
	}
}

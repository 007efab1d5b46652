package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// manyLines is more than a reader takes in at a time, also when it is compressed.
func manyLines() string {
	var b strings.Builder
	seed := uint64(1)
	for i := range 60_000 {
		seed = seed*6364136223846793005 + 1442695040888963407
		fmt.Fprintf(&b, "%d,%016x\n", i, seed)
	}
	return b.String()
}

func compress(t *testing.T, ext, content string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch ext {
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".zst":
		enc, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = enc
	default:
		return content
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// changes are what can happen to a file while it is read, and what is said of it.
var changes = map[string]struct {
	does func(t *testing.T, path string) error
	says string
}{
	"cut in a line": {func(_ *testing.T, path string) error { return cut(path, 7) }, "it has shrunk from"},
	"cut by half": {func(_ *testing.T, path string) error {
		st, err := os.Stat(path)
		return errors.Join(err, cut(path, st.Size()/2))
	}, "it has shrunk from"},
	"emptied":        {func(_ *testing.T, path string) error { return os.Truncate(path, 0) }, "it has shrunk from"},
	"added to":       {func(_ *testing.T, path string) error { return add(path, "new,row\n") }, "it has grown from"},
	"written over":   {func(_ *testing.T, path string) error { return overwrite(path) }, "it was written to"},
	"removed":        {func(_ *testing.T, path string) error { return os.Remove(path) }, "it is not there any more"},
	"replaced":       {func(t *testing.T, path string) error { return os.Rename(write(t, "other", "x,y\n"), path) }, "another file has taken its place"},
	"replaced by it": {func(_ *testing.T, path string) error { return replaceByCopy(path) }, "another file has taken its place"},
	"out of reach":   {func(_ *testing.T, path string) error { return hideBehindFile(path) }, "it cannot be found any more"},
}

func cut(path string, by int64) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.Truncate(path, st.Size()-by)
}

func add(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// overwrite changes one byte, and makes sure that the clock of the file system shows it.
func overwrite(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte("X"), 1)
	return errors.Join(err, f.Close(), os.Chtimes(path, time.Time{}, time.Unix(1_900_000_000, 0)))
}

func replaceByCopy(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// hideBehindFile puts a file where the directory of path was.
func hideBehindFile(path string) error {
	dir := filepath.Dir(path)
	return errors.Join(os.Rename(dir, dir+".moved"), os.WriteFile(dir, nil, 0o600))
}

// readOn reads to the end and checks that each record is a line of want.
func readOn(t *testing.T, r *Reader, want map[string]bool) (n int, err error) {
	t.Helper()
	var rec Record
	for {
		if err := r.Next(&rec); err != nil {
			return n, err
		}
		if n++; !want[string(rec.Raw)] || rec.Err != nil {
			t.Errorf("a record that is none: %q, %v", rec.Raw, rec.Err)
		}
	}
}

func linesOf(content string) map[string]bool {
	out := make(map[string]bool)
	for line := range strings.Lines(content) {
		out[strings.TrimSuffix(line, "\n")] = true
	}
	return out
}

// TestChangedWhileRead: whatever happens to a file while it is read is an error that says
// what, and no record is half of one; in whatever file of several it is, compressed or not,
// at its beginning or when all of it is in memory.
func TestChangedWhileRead(t *testing.T) {
	long := manyLines()
	for _, ext := range []string{"", ".gz", ".zst"} {
		for what, c := range changes {
			for name, of := range map[string]struct {
				content    string
				file, read int // which one is changed, when so many have been read
			}{
				"early": {long, 0, 1}, "at the end": {"1,2\n3,4\n", 0, 2}, "the next": {long, 1, 10}, "before the first": {long, 0, 0},
			} {
				t.Run(what+" "+name+ext, func(t *testing.T) {
					stored := compress(t, ext, of.content)
					spec := Spec{Paths: []string{write(t, "a.txt"+ext, stored), write(t, "b.txt"+ext, stored)}}
					if name == "at the end" {
						spec.Paths = spec.Paths[:1]
					}
					r := open(t, spec)
					var rec Record
					for range of.read {
						if err := r.Next(&rec); err != nil {
							t.Fatal(err)
						}
					}
					if err := c.does(t, spec.Paths[of.file]); err != nil {
						t.Fatal(err)
					}
					n, err := readOn(t, r, linesOf(of.content))
					if !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), spec.Paths[of.file]) {
						t.Errorf("after %d records more: %v", n, err)
					}
				})
			}
		}
	}
}

// TestGrowsWhileRead: a file that may grow is read as far as it went when it was opened;
// what was there must stay, and it must have ended with a line.
func TestGrowsWhileRead(t *testing.T) {
	long := manyLines()
	for name, c := range map[string]struct {
		content string
		does    func(t *testing.T, path string) error
		says    string
	}{
		"added to":         {long, func(_ *testing.T, path string) error { return add(path, "new,row\nnew,r") }, ""},
		"let be":           {long + "last,one", func(*testing.T, string) error { return nil }, ""},
		"its line goes on": {long + "last,o", func(_ *testing.T, path string) error { return add(path, "ne\n") }, "its last line was being written"},
		"written over too": {long, func(_ *testing.T, path string) error { return errors.Join(overwrite(path), add(path, "new,row\n")) }, "it has other content"},
		"written over":     as("written over"), "cut": as("cut in a line"), "removed": as("removed"), "replaced": as("replaced"),
	} {
		t.Run(name, func(t *testing.T) {
			if c.content == "" {
				c.content = long
			}
			path := write(t, "a.txt", c.content)
			r := open(t, Spec{Paths: []string{path}, Grows: true})
			if err := c.does(t, path); err != nil {
				t.Fatal(err)
			}
			n, err := readOn(t, r, linesOf(c.content))
			if c.says == "" && (!errors.Is(err, io.EOF) || n != len(linesOf(c.content)) || r.Grew() != (name == "added to")) {
				t.Errorf("%d records, %v, grew %v", n, err, r.Grew())
			} else if c.says != "" && (!errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("after %d records: %v", n, err)
			}
		})
	}
	// Only the last file: rows added to another would move those behind it.
	first := write(t, "a.txt", "1\n")
	r := open(t, Spec{Paths: []string{first, write(t, "b.txt", "2\n")}, Grows: true})
	if err := add(first, "x\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := readOn(t, r, linesOf("1\n2\n")); !errors.Is(err, ErrChanged) {
		t.Errorf("the first of two: %v", err)
	}
}

func as(name string) (c struct {
	content string
	does    func(t *testing.T, path string) error
	says    string
},
) {
	c.does, c.says = changes[name].does, changes[name].says
	return c
}

// TestCutSpool: a copy of standard input that something has cut is not the end of the
// input.
func TestCutSpool(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stdin")
	spool, err := NewSpool(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = spool.Close() }()
	if err := spool.Append([]byte(manyLines())); err != nil {
		t.Fatal(err)
	}
	if err := spool.Finish(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, windowStart+10); err != nil {
		t.Fatal(err)
	}
	spec := Spec{Paths: []string{Stdin}}
	if err := spec.Resolve(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(spec, spool)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if n, err := readOn(t, r, linesOf(manyLines())); n == 0 || !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), "the copy of standard input") {
		t.Errorf("%d records, %v", n, err)
	}
}

// TestSpoolIsNoFile: what has come into the place of a copy is not read, and not written.
func TestSpoolIsNoFile(t *testing.T) {
	for _, end := range []string{"", ".part"} {
		for kind, put := range map[string]func(path string) error{
			"directory": func(path string) error { return os.Mkdir(path, 0o700) },
			"link":      func(path string) error { return os.Symlink("moved", path) },
		} {
			dir := t.TempDir()
			path := filepath.Join(dir, "stdin")
			if err := errors.Join(os.WriteFile(filepath.Join(dir, "moved"), []byte("x\n"), 0o600), put(path+end)); err != nil {
				t.Fatal(err)
			}
			_, err := NewSpool(path)
			_, readErr := OpenSpool(path)
			if !errors.Is(err, ErrDamaged) || !errors.Is(readErr, ErrDamaged) {
				t.Errorf("%s at stdin%s: %v; %v", kind, end, err, readErr)
			}
		}
	}
	if _, err := OpenSpool(filepath.Join(t.TempDir(), "stdin")); !errors.Is(err, ErrDamaged) {
		t.Errorf("gone: %v", err)
	}
}

// TestCutSpoolGoesOn: a copy that something has cut while it is made gets no hole.
func TestCutSpoolGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stdin")
	spool, err := NewSpool(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = spool.Close() }()
	err = spool.Append([]byte("one\ntwo\n"))
	if err := errors.Join(err, os.Truncate(path+".part", 5)); err != nil {
		t.Fatal(err)
	}
	if err := spool.Append([]byte("three\n")); !errors.Is(err, ErrChanged) {
		t.Error(err)
	}
}

package carry

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// conversationOf is a conversation as it is written.
func conversationOf(t testing.TB, headers []any, bodies [][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	for i, h := range headers {
		if err := writeHeader(&b, h); err != nil {
			t.Fatal(err)
		}
		w := bodyWriter{&b}
		if _, err := w.Write(bodies[i]); err != nil {
			t.Fatal(err)
		}
		if err := w.end(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// archiveOf is an archive of names and texts; names that end with a slash are directories.
func archiveOf(t testing.TB, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		h := &tar.Header{Name: members[i], Mode: 0o644, Size: int64(len(members[i+1])), Typeflag: tar.TypeReg}
		switch {
		case strings.HasSuffix(members[i], "/"):
			h.Typeflag = tar.TypeDir
		case strings.HasPrefix(members[i+1], "-> "):
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, members[i+1][3:], 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(w, members[i+1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// outside fails if a directory has anything but what may be there.
func outside(t *testing.T, dir string, may ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		found := false
		for _, m := range may {
			found = found || m == e.Name()
		}
		if !found {
			t.Errorf("there is %s", e.Name())
		}
	}
}

// hostile are archives that want to be where they should not.
func hostile(t testing.TB) [][]byte {
	return [][]byte{
		archiveOf(t, "0", "a", "1/", "", "1/x", "b"),
		archiveOf(t, "0", "a", "1/../../evil", "b"),
		archiveOf(t, "0/../evil", "a"), archiveOf(t, "../evil", "a"), archiveOf(t, "/tmp/evil", "a"), archiveOf(t, "2", "a"), archiveOf(t, "-1", "a"), archiveOf(t, "+0", "a"), archiveOf(t, "00", "a"),
		archiveOf(t, "0", "-> /etc/passwd"), archiveOf(t, "1/", "", "1/l", "-> ..", "1/l/evil", "x"), archiveOf(t, "0/x", "1", "0", "2"), archiveOf(t, "0"[:0]+"0", "a", "0", "b"),
		{},
		[]byte("no archive"),
	}
}

// FuzzUnpack: whatever an archive has, it comes to lie in its places or nowhere.
func FuzzUnpack(f *testing.F) {
	for _, b := range hostile(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		above := t.TempDir()
		dir := filepath.Join(above, "dir")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		made, err := unpack(bytes.NewReader(b), []string{filepath.Join(dir, "p0"), filepath.Join(dir, "p1")}, false)
		outside(t, above, "dir")
		outside(t, dir, "p0", "p1")
		for _, m := range made {
			if !strings.HasPrefix(m, dir+"/p") {
				t.Errorf("made %s", m)
			}
		}
		if err == nil {
			for _, name := range []string{"p0", "p1"} {
				if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || info.Mode()&os.ModeSymlink != 0 {
					t.Errorf("%s is not there: %v", name, err)
				}
			}
		}
	})
}

// FuzzServe: whatever is asked, the directory is not left, and the server ends.
func FuzzServe(f *testing.F) {
	for _, b := range hostile(f) {
		f.Add(conversationOf(f, []any{request{Op: opPut, Names: []string{"a", "b/c"}}}, [][]byte{b}))
	}
	f.Add(conversationOf(f, []any{request{Op: opPut, Names: []string{"a", "b"}}, request{Op: opGet, Names: []string{"b", "none", "a"}}, request{Op: opRemove, Names: []string{"a", "../dir"}, Dirs: []string{"..", "b"}}},
		[][]byte{archiveOf(f, "0", "x", "1/", "", "1/y", "z"), nil, nil}))
	f.Add(conversationOf(f, []any{request{Op: opRemove, Names: []string{"a", "x/../../dir"}}, request{Op: "what"}}, [][]byte{nil, []byte("x")}))
	f.Add([]byte("h\xff\xff\xff\xff"))
	f.Add([]byte("h\x00\x00\x00\x02{}x\x00\x00\x00\x01y"))
	f.Fuzz(func(t *testing.T, b []byte) {
		above := t.TempDir()
		dir := filepath.Join(above, "dir")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(above, "kept"), "kept")
		t.Chdir(dir)
		var out bytes.Buffer
		// Absolute names are allowed to those who are asked by their own coordinator; not here.
		_ = server{func(name string) bool { return badName(name) || strings.HasPrefix(name, "/") }}.serve(bytes.NewReader(b), &out)
		outside(t, above, "dir", "kept")
		if got := read(filepath.Join(above, "kept")); got != "kept" {
			t.Error(got)
		}
	})
}

// canned is a conversation in which the other end says what it likes.
type canned struct{ *bytes.Reader }

func (canned) Write(b []byte) (int, error) { return len(b), nil }
func (canned) Close() error                { return nil }

// FuzzAnswers: whatever another machine answers, nothing comes to lie here that was not asked for, and
// an answer that is taken for good has all of it.
func FuzzAnswers(f *testing.F) {
	for _, b := range hostile(f) {
		f.Add(conversationOf(f, []any{answer{Bad: -1}}, [][]byte{b}))
	}
	f.Add(conversationOf(f, []any{answer{Bad: -1, Missing: []int{0}}}, [][]byte{archiveOf(f, "0", "x")}))
	f.Add(conversationOf(f, []any{answer{Bad: 7, Missing: []int{-1, 9}}}, [][]byte{archiveOf(f, "0", "x")}))
	f.Add([]byte("h\x00\x00\x00\x0a{\"bad\":-1}x\x00\x00\x00\x03a\x00b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		above := t.TempDir()
		dir := filepath.Join(above, "dir")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		dials := 0
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		p := newPool("h", func(context.Context) (io.ReadWriteCloser, error) {
			if dials++; dials > 1 {
				cancel() // it is asked again for ever
				return nil, io.ErrClosedPipe
			}
			return canned{bytes.NewReader(b)}, nil
		}, 1)
		defer p.close()
		missing, err := p.get(ctx, []File{{filepath.Join(dir, "p0"), "p0"}, {filepath.Join(dir, "p1"), "p1"}})
		outside(t, above, "dir")
		outside(t, dir, "p0", "p1")
		if err == nil {
			there, _ := os.ReadDir(dir)
			if len(there)+len(missing) != 2 {
				t.Errorf("%d have come, %d are missing", len(there), len(missing))
			}
		}
	})
}

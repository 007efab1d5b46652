package carry

import (
	"brood/jobs"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestMain is also the other end.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "carry" {
		if err := Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == "join" { // an agent that does nothing
		_, _ = io.Copy(io.Discard, os.Stdin)
		time.Sleep(time.Hour)
	}
	os.Exit(m.Run())
}

// far is another machine: a directory, and a program in it.
type far struct {
	dir   string
	dials atomic.Int32
	mu    sync.Mutex
	procs []*exec.Cmd
}

type pipes struct {
	io.Reader
	io.WriteCloser
	cmd  *exec.Cmd
	once sync.Once
}

func (p *pipes) Close() error {
	p.once.Do(func() {
		_ = p.WriteCloser.Close()
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	return nil
}

func (f *far) dial(context.Context) (io.ReadWriteCloser, error) {
	f.dials.Add(1)
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(exe, "carry")
	cmd.Dir, cmd.Stderr = f.dir, os.Stderr
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.procs = append(f.procs, cmd)
	f.mu.Unlock()
	return &pipes{Reader: out, WriteCloser: in, cmd: cmd}, nil
}

// die ends all programs there.
func (f *far) die() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, cmd := range f.procs {
		_ = cmd.Process.Kill()
	}
	f.procs = nil
}

var lines = &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}, End: "\n"}

func line(seq int, text string) *jobs.Record {
	return &jobs.Record{Seq: jobs.Seq(seq), Attempt: 1, Raw: []byte(text), Shape: lines}
}

// newHost is in a directory of its own here, and one there.
func newHost(t *testing.T, transfer, back string, cleanup bool) (*Host, *far) {
	t.Helper()
	t.Chdir(t.TempDir())
	f := &far{dir: t.TempDir()}
	plan, err := NewPlan(strings.Fields(transfer), strings.Fields(back), cleanup, lines)
	if err != nil {
		t.Fatal(err)
	}
	h := NewHost("far", plan, f.dial)
	t.Cleanup(h.Close)
	return h, f
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

func read(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return string(b)
}

// tree is what a directory has.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if rel, _ := filepath.Rel(dir, path); err == nil && rel != "." {
			if d.IsDir() {
				rel += "/"
			}
			all = append(all, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

var ok, failed = &jobs.Result{}, &jobs.Result{Verdict: jobs.VerdictFailed}

// TestCarry: a file goes there and its result comes back, with modes and times, and nothing is left.
func TestCarry(t *testing.T) {
	h, f := newHost(t, "{}", "{.}.out", true)
	rec := line(0, "a/b/in put.txt")
	write(t, "a/b/in put.txt", "hello")
	old := time.Unix(1e9, 0)
	if err := errors.Join(os.Chtimes("a/b/in put.txt", old, old), os.Chmod("a/b/in put.txt", 0o751)); err != nil {
		t.Fatal(err)
	}
	if err := h.Before(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	there := filepath.Join(f.dir, "a/b/in put.txt")
	info, err := os.Stat(there)
	if err != nil || read(there) != "hello" || info.Mode() != 0o751 || !info.ModTime().Equal(old) {
		t.Errorf("%q %v %v", read(there), info, err)
	}
	write(t, filepath.Join(f.dir, "a/b/in put.out"), "HELLO")
	if err := h.After(t.Context(), rec, ok); err != nil {
		t.Fatal(err)
	}
	if got := read("a/b/in put.out"); got != "HELLO" {
		t.Errorf("%q", got)
	}
	if got := tree(t, f.dir); got != "" {
		t.Errorf("left there: %s", got)
	}
	if got := tree(t, "."); got != "a/ a/b/ a/b/in put.out a/b/in put.txt" {
		t.Errorf("here: %s", got)
	}
}

// TestPlaces: names are at both ends what GNU parallel's manual says.
func TestPlaces(t *testing.T) {
	for name, want := range map[string]string{
		"/tmp/foo/bar": "/tmp/foo/bar /tmp/foo/bar", "tmp/foo/bar": "tmp/foo/bar tmp/foo/bar", "/tmp/./foo/bar": "/tmp/foo/bar foo/bar", "tmp/./foo/bar": "tmp/foo/bar foo/bar",
		"out/./in/file.out": "out/in/file.out in/file.out", "./x": "x x", "a//b/": "a/b a/b", "../data/./x": "../data/x x", "..x/y..": "..x/y.. ..x/y..", "-n": "-n -n", "a\nb'\"$(c)": "a\nb'\"$(c) a\nb'\"$(c)",
		"..": "", "../x": "", "a/../x": "", "a/./../x": "", "a/./": "", ".": "", "/": "", "": "", "/../x": "",
	} {
		f, err := fileOf(name)
		got := f.Here + " " + f.There
		if err != nil {
			got = ""
		}
		if got != want {
			t.Errorf("%q: %q %v, want %q", name, got, err, want)
		}
	}
}

// TestTemplates: placeholders are those of exec; what is none is refused.
func TestTemplates(t *testing.T) {
	table := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"file", "to.do"}, End: "\n"}
	rec := &jobs.Record{Seq: 6, Shape: table, Raw: []byte("a/b.c.d,x"), Values: [][]byte{[]byte("a/b.c.d"), []byte("x")}}
	for text, want := range map[string]string{
		"{file}": "a/b.c.d", "{file.}": "a/b.c", "{file/}": "b.c.d", "{file//}": "a", "{file/.}": "b.c", "{1}": "a/b.c.d", "{-1}": "x", "{1/.}.{#}": "b.c.7", "{to.do}": "x", `\{{to.do}}`: "{x}", "q": "q", "{to.do//}": ".",
		"{nofile}": "! no such column. It has file, to.do", "{3}": "! no such column", "{": "! not closed", "": "! names no file", "{%}": "! no such column", "{flie/}": "! did you mean {file}?", "{0}": "! no such column",
	} {
		tmpl, err := Parse(text, table)
		var got []string
		if err == nil {
			got, err = tmpl.Names(rec)
		}
		if wrong, is := strings.CutPrefix(want, "! "); is {
			if err == nil || !strings.Contains(err.Error(), wrong) {
				t.Errorf("%q: %q %v, want %s", text, got, err, wrong)
			}
		} else if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%q: %q %v, want %q", text, got, err, want)
		}
	}
	group := &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}, End: "\n", Join: "\n"}
	rec = &jobs.Record{Shape: group, Raw: []byte("a.x\nb.y")}
	for text, want := range map[string]string{"{}": "a.x b.y", "{.}.o": "a.o b.o", "{2}": "b.y", "{-2}": "a.x", "{line}": "a.x b.y"} {
		tmpl, err := Parse(text, group)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tmpl.Names(rec); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %q %v, want %q", text, got, err, want)
		}
	}
	for _, value := range []string{"", "../x", "a/../../x", "..", "a\x00b"} {
		tmpl, err := Parse("/srv/{}.out", lines)
		if err != nil {
			t.Fatal(err)
		}
		var file *FileError
		if got, err := tmpl.Names(line(0, value)); !errors.As(err, &file) {
			t.Errorf("%q: %q, %v", value, got, err)
		}
	}
}

// TestMissing: a file that is not there, here or there, is the record's own failure, with its name,
// and the conversation goes on; nothing is left.
func TestMissing(t *testing.T) {
	h, f := newHost(t, "{} {}.more", "{}.out", true)
	check := func(err error, want string) {
		t.Helper()
		var file *FileError
		if !errors.As(err, &file) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	check(h.Before(t.Context(), line(0, "none")), "none: no such file or directory")
	write(t, "x", "x")
	check(h.Before(t.Context(), line(1, "x")), "x.more: no such file or directory")
	if err := syscall.Mkfifo("x.more", 0o600); err != nil {
		t.Fatal(err)
	}
	check(h.Before(t.Context(), line(1, "x")), "x.more: it is neither a file nor a directory")
	if err := os.Remove("x.more"); err != nil {
		t.Fatal(err)
	}
	write(t, "x.more", "y")
	if got := tree(t, f.dir); got != "" {
		t.Errorf("left there: %s", got)
	}
	rec := line(2, "x")
	if err := h.Before(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	check(h.After(t.Context(), rec, ok), "x.out on far: the command has not made it")
	if err := h.Before(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	if err := h.After(t.Context(), rec, failed); err != nil { // it need not have
		t.Error(err)
	}
	if got := tree(t, f.dir); got != "" {
		t.Errorf("left there: %s", got)
	}
	write(t, filepath.Join(f.dir, "x"), "in the way/")
	if err := os.Remove(filepath.Join(f.dir, "x")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(f.dir, "x/y"), "in the way")
	check(h.Before(t.Context(), line(3, "x")), "x on far: file exists")
	if n := f.dials.Load(); n != 1 {
		t.Errorf("%d programs were started, want 1", n)
	}
}

// TestDirectories: a directory is carried with all that is in it; what links lead to too.
func TestDirectories(t *testing.T) {
	h, f := newHost(t, "{}", "{}", false)
	write(t, "d/one", "1")
	write(t, "d/sub/deep/two", "2")
	if err := os.Symlink("../one", "d/sub/link"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("d/empty", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := h.Before(t.Context(), line(0, "d")); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, filepath.Join(f.dir, "d")); got != "empty/ one sub/ sub/deep/ sub/deep/two sub/link" {
		t.Errorf("%s", got)
	}
	write(t, filepath.Join(f.dir, "d/new/three"), "3")
	if err := h.After(t.Context(), line(0, "d"), ok); err != nil {
		t.Fatal(err)
	}
	if got := read("d/new/three"); got != "3" {
		t.Errorf("%q", got)
	}
	if err := os.Symlink(".", "d/loop"); err != nil {
		t.Fatal(err)
	}
	if err := h.Before(t.Context(), line(0, "d")); err == nil || !strings.HasPrefix(err.Error(), "d: ") {
		t.Errorf("a loop: %v", err)
	}
}

// TestShared: a file that several records need is there until the last of them has gone.
func TestShared(t *testing.T) {
	h, f := newHost(t, "sub/common", "", true)
	write(t, "sub/common", "c")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 10 {
				rec := line(i, "x")
				if err := h.Before(t.Context(), rec); err != nil {
					t.Error(err)
					return
				}
				if got := read(filepath.Join(f.dir, "sub/common")); got != "c" {
					t.Errorf("it is not there: %s", got)
				}
				if i%4 == 3 {
					h.Drop(rec)
				} else if err := h.After(t.Context(), rec, ok); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	rec := line(0, "x")
	if err := errors.Join(h.Before(t.Context(), rec), h.After(t.Context(), rec, ok)); err != nil {
		t.Error(err)
	}
	if got := tree(t, f.dir); got != "" {
		t.Errorf("left there: %s", got)
	}
	if n := f.dials.Load(); n > mostConversations {
		t.Errorf("%d programs were started", n)
	}
}

// TestBroken: where the conversation breaks, it is asked again; a file that is large comes as a whole.
func TestBroken(t *testing.T) {
	h, f := newHost(t, "{}", "{}.out", true)
	big := strings.Repeat("0123456789abcde\n", 200_000)
	write(t, "big", big)
	for range 3 {
		if err := h.Before(t.Context(), line(0, "big")); err != nil {
			t.Fatal(err)
		}
		if read(filepath.Join(f.dir, "big")) != big {
			t.Error("it is not the same there")
		}
		f.die()
		write(t, filepath.Join(f.dir, "big.out"), big)
		if err := h.After(t.Context(), line(0, "big"), ok); err != nil {
			t.Fatal(err)
		}
		if read("big.out") != big {
			t.Error("it is not the same here")
		}
		f.die()
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	if err := h.Before(ctx, line(0, "big")); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Error(err)
	}
	if err := errors.Join(h.Before(t.Context(), line(0, "big")), h.After(t.Context(), line(0, "big"), failed)); err != nil {
		t.Error(err)
	}
}

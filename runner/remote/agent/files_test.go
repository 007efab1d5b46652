package agent

import (
	"brood/jobs"
	"brood/jobs/elsewhere"
	"brood/jobs/files"
	"brood/runner/home"
	"brood/runner/remote"
	"brood/runner/spec"
	"brood/runner/term"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// line is the way to a coordinator, which has the files of a shelf.
type line struct {
	remote.Port
	desk *remote.Desk
	mu   sync.Mutex
	from []int64 // what was asked for, in order
	// spoil changes an answer: an error is one of the network.
	spoil func(n int, b []byte) ([]byte, error)
}

func (l *line) Ask(_ context.Context, body []byte) ([]byte, error) {
	var q remote.Question
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	b := l.desk.Ask("m", body)
	if q.Part == nil {
		return b, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.from = append(l.from, q.Part.From)
	if l.spoil != nil {
		return l.spoil(len(l.from), b)
	}
	return b, nil
}

func newLine(t *testing.T, list ...jobs.File) *line {
	t.Helper()
	s, err := remote.OpenShelf(list)
	if err != nil {
		t.Fatal(err)
	}
	return &line{desk: remote.NewDesk(&remote.Describe{Shelf: s, Logf: t.Logf})}
}

// agent is one more agent of a machine with this state directory.
func (l *line) agent(state string) *agent {
	return &agent{
		Options: Options{State: state, Key: "k", Term: term.New(term.Options{Out: io.Discard, Progress: term.ProgressNever})},
		port:    l, gone: make(chan error, 1), heard: time.Now(),
	}
}

func (l *line) list(t *testing.T) []remote.File {
	t.Helper()
	var w remote.Welcome
	if err := json.Unmarshal(l.desk.Ask("m", []byte(`{"files":true}`)), &w); err != nil {
		t.Fatal(err)
	}
	if w.Refused != "" {
		t.Fatal(w.Refused)
	}
	return w.Files
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails
	return b
}

func put(t *testing.T, path string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func holds(t *testing.T, path string, want []byte) {
	t.Helper()
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, want) {
		t.Errorf("%s has %d bytes, %v, and not the %d it should", path, len(b), err, len(want))
	}
}

// Several agents of a machine that need the same files fetch each byte once; an agent that comes later fetches nothing.
func TestFilesAreFetchedOnce(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	content := random(3*remote.PartBytes + 5)
	path := put(t, filepath.Join(dir, "list"), content)
	empty := put(t, filepath.Join(dir, "empty"), nil)
	l := newLine(t, jobs.File{Path: path}, jobs.File{Path: empty}, jobs.File{Path: files.OfState("places/x"), At: path})
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			at, err := l.agent(state).collect(t.Context(), l.list(t))
			if err != nil {
				t.Error(err)
				return
			}
			holds(t, at.Local[path], content)
			holds(t, at.Local[empty], nil)
			holds(t, at.Local[files.OfState("places/x")], content)
		})
	}
	all.Wait()
	if want := []int64{0, remote.PartBytes, 2 * remote.PartBytes, 3 * remote.PartBytes}; !slices.Equal(l.from, want) {
		t.Errorf("asked for %v, want %v", l.from, want)
	}
	entries, err := os.ReadDir(filepath.Join(state, "agents", "files"))
	if err != nil || len(entries) != 2 {
		t.Errorf("there are %v, %v", entries, err)
	}
	for _, e := range entries {
		if st, err := e.Info(); err != nil || st.Mode() != 0o600 {
			t.Errorf("%s has mode %v, %v", e.Name(), st.Mode(), err)
		}
	}
}

var errCut = errors.New("cut")

// A transfer that is cut goes on where it was: within an agent, and by the next one after it has died.
func TestCutTransferGoesOn(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	content := random(3*remote.PartBytes + 5)
	l := newLine(t, jobs.File{Path: put(t, filepath.Join(dir, "list"), content)})
	ctx, die := context.WithCancel(t.Context())
	l.spoil = func(n int, b []byte) ([]byte, error) {
		switch n {
		case 1:
			return nil, errCut
		case 3:
			die()
			return nil, errCut
		}
		return b, nil
	}
	list := l.list(t)
	if _, err := l.agent(state).collect(ctx, list); !errors.Is(err, context.Canceled) {
		t.Fatalf("it was to die: %v", err)
	}
	at, err := l.agent(state).collect(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, at.Local[list[0].Path], content)
	if want := []int64{0, 0, remote.PartBytes, remote.PartBytes, 2 * remote.PartBytes, 3 * remote.PartBytes}; !slices.Equal(l.from, want) {
		t.Errorf("asked for %v, want %v", l.from, want)
	}
}

// What is not what was promised never stands under its sum: neither what was sent wrong, nor what the disk has lost.
func TestWrongBytesAreNotKept(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	content := random(remote.PartBytes + 5)
	l := newLine(t, jobs.File{Path: put(t, filepath.Join(dir, "list"), content)})
	list := l.list(t)
	path := filepath.Join(state, "agents", "files", list[0].Sum)
	for _, spoil := range []func(int, []byte) ([]byte, error){
		func(_ int, b []byte) ([]byte, error) { return append(bytes.Clone(b[1:]), 'x'), nil },
		func(_ int, b []byte) ([]byte, error) { return append(bytes.Clone(b), 'x'), nil },
		func(int, []byte) ([]byte, error) { return nil, nil },
	} {
		l.spoil = spoil
		if _, err := l.agent(state).collect(t.Context(), list); !errors.Is(err, errSum) && !errors.Is(err, errNotGiven) {
			t.Errorf("it says %v", err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("something stands there: %v", err)
		}
	}
	l.spoil = nil
	put(t, path+partEnd, random(100)) // of a machine that went down
	for range 2 {
		at, err := l.agent(state).collect(t.Context(), list)
		if err != nil {
			t.Fatal(err)
		}
		holds(t, at.Local[list[0].Path], content)
		put(t, path, random(len(content))) // and now of a disk that is damaged
	}
	for _, sum := range []string{"", "../../x", strings.ToUpper(list[0].Sum), list[0].Sum + "/"} {
		if _, err := l.agent(state).collect(t.Context(), []remote.File{{Path: "x", Sum: sum, Size: 1}}); err == nil {
			t.Errorf("the sum %q is taken for one", sum)
		}
	}
}

// A secret file is in no file of the agent; and what a worker of its own machine is to have is there, or the agent does not begin.
func TestSecretsComeToNoDisk(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	secret := []byte("this is the password of the run")
	key := put(t, filepath.Join(dir, "key"), secret)
	list := put(t, filepath.Join(dir, "list"), []byte("ann@example.com\n"))
	l := newLine(t, jobs.File{Path: key, Use: jobs.FileSecret}, jobs.File{Path: list}, jobs.File{Path: dir, Use: jobs.FileThere})
	told := l.list(t)
	a := l.agent(state)
	at, err := a.collect(t.Context(), told)
	if err != nil || !bytes.Equal(at.Held[key], secret) || at.Local[key] != "" {
		t.Fatalf("it is %q at %q, %v", at.Held[key], at.Local[key], err)
	}
	home, err := home.Open(t.Context(), a.root(), "e1-1", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.show(home, told, at); err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = filepath.WalkDir(state, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		seen++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, secret) {
			t.Errorf("the secret is in %s", path)
		}
		return err
	})
	if err != nil || seen < 2 {
		t.Errorf("looked at %d files, %v", seen, err)
	}
	if err := home.Close(); err != nil {
		t.Error(err)
	}
	told[2].Path = filepath.Join(dir, "none")
	var refused *RefusedError
	if _, err := l.agent(state).collect(t.Context(), told); !errors.As(err, &refused) || !strings.Contains(err.Error(), told[2].Path) {
		t.Errorf("without the directory: %v", err)
	}
}

// A list that grows while workers have its path is fetched again, and they find the new one there.
func TestFilesAreFollowed(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	list, key := put(t, filepath.Join(dir, "list"), []byte("ann\n")), put(t, filepath.Join(dir, "key"), []byte("old"))
	l := newLine(t, jobs.File{Path: list}, jobs.File{Path: key, Use: jobs.FileSecret})
	a := l.agent(state)
	told := l.list(t)
	at, err := a.collect(t.Context(), told)
	if err != nil {
		t.Fatal(err)
	}
	home, err := home.Open(t.Context(), a.root(), "e1-1", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = home.Close() }()
	s, err := a.show(home, told, at)
	if err != nil {
		t.Fatal(err)
	}
	path := s.now().Local[list]
	holds(t, path, []byte("ann\n"))
	put(t, list, []byte("ann\nbob\n"))
	put(t, key, []byte("new"))
	ctx, stop := context.WithCancel(t.Context())
	every := make(chan time.Time)
	var following sync.WaitGroup
	following.Go(func() { s.follow(ctx, every) })
	every <- time.Time{}
	every <- time.Time{} // when it is taken the first has been seen to
	stop()
	following.Wait()
	holds(t, path, []byte("ann\nbob\n"))
	if now := s.now(); now.Local[list] != path || string(now.Held[key]) != "new" {
		t.Errorf("the next worker is told %+v", now)
	}
}

// Workers of another user could not read what is kept for this one.
func TestFilesAndAnotherUser(t *testing.T) {
	at := &elsewhere.Files{Local: map[string]string{"a": "b"}}
	var refused *RefusedError
	if err := mayRead(&spec.Config{Limits: spec.Limits{User: "no-such-user:x"}}, at); !errors.As(err, &refused) {
		t.Errorf("it says %v", err)
	}
	if err := mayRead(&spec.Config{}, at); err != nil {
		t.Error(err)
	}
}

// What nobody has asked for in a long time goes, and nothing else.
func TestSweep(t *testing.T) {
	c := &cache{dir: t.TempDir()}
	sum := strings.Repeat("ab", 32)
	old := put(t, filepath.Join(c.dir, sum), nil)
	part := put(t, filepath.Join(c.dir, sum+partEnd), nil)
	other := put(t, filepath.Join(c.dir, "notes.txt"), nil)
	fresh := put(t, filepath.Join(c.dir, strings.Repeat("cd", 32)), nil)
	now := time.Now()
	for _, path := range []string{old, part, other} {
		if err := os.Chtimes(path, now.Add(-2*time.Hour), now.Add(-2*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.sweep(now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(c.dir, "*"))
	if want := []string{fresh, other}; err != nil || !slices.Equal(left, want) {
		t.Errorf("left are %v, %v; want %v", left, err, want)
	}
}

package agent

import (
	"brood/jobs"
	"brood/jobs/elsewhere"
	"brood/runner/home"
	"brood/runner/remote"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// followEvery is how often it is asked whether files have changed: a list of whom not to write to may grow while the run goes on.
const followEvery = 10 * time.Second

// linksName is the directory of an instance with a link to each file, by its place in the list: it is led to another when that changes, as
// workers have its path.
const linksName = "files"

// shown are the files as workers see them.
type shown struct {
	a    *agent
	dir  string // of links
	list []remote.File
	at   atomic.Pointer[elsewhere.Files]
	told string // what could not be fetched
}

// show makes the links of an instance. Nil: the run has no files.
func (a *agent) show(dir *home.Dir, list []remote.File, at *elsewhere.Files) (*shown, error) {
	if at == nil {
		return nil, nil
	}
	s := &shown{a: a, dir: dir.File(linksName), list: slices.Clone(list)}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	for i := range list {
		if err := s.link(i, at); err != nil {
			return nil, err
		}
	}
	s.put(at)
	return s, nil
}

// link leads the link of a file to where it is.
func (s *shown) link(i int, at *elsewhere.Files) error {
	f := &s.list[i]
	if f.Use != jobs.FileRead {
		return nil
	}
	target, err := filepath.Abs(at.Local[f.Path])
	if err != nil {
		return err
	}
	next := s.path(i) + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(target, next); err != nil {
		return err
	}
	return os.Rename(next, s.path(i))
}

func (s *shown) path(i int) string { return filepath.Join(s.dir, strconv.Itoa(i)) }

// put is what workers are told from now on.
func (s *shown) put(at *elsewhere.Files) {
	out := &elsewhere.Files{Local: make(map[string]string), Held: at.Held}
	for i := range s.list {
		if f := &s.list[i]; f.Use == jobs.FileRead {
			out.Local[f.Path] = s.path(i)
		}
	}
	s.at.Store(out)
}

// now is what the next worker is told; nil: nothing.
func (s *shown) now() *elsewhere.Files {
	if s == nil {
		return nil
	}
	return s.at.Load()
}

// serve follows files until what it returns is called.
func (s *shown) serve(ctx context.Context) (done func()) {
	if s == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	t := time.NewTicker(followEvery)
	var following sync.WaitGroup
	following.Go(func() { s.follow(ctx, t.C) })
	return func() {
		cancel()
		t.Stop()
		following.Wait()
	}
}

// follow fetches files again that have changed, until ctx ends. Those that are secret the workers have that begin afterwards.
func (s *shown) follow(ctx context.Context, every <-chan time.Time) {
	body, err := json.Marshal(remote.Question{Files: true})
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case <-every:
			s.look(ctx, body)
		}
	}
}

// look fetches what has changed now.
func (s *shown) look(ctx context.Context, body []byte) {
	w, err := s.a.ask(ctx, body)
	if err != nil {
		return // there is no coordinator at the moment
	}
	if w.Refused != "" {
		s.tell(w.Refused)
		return
	}
	same := slices.EqualFunc(w.Files, s.list, func(x, y remote.File) bool { return x.Path == y.Path && x.Use == y.Use })
	if !same || slices.Equal(w.Files, s.list) {
		return // a run that was resumed with others, which this instance will hear of
	}
	at, err := s.a.collect(ctx, w.Files)
	for i := range w.Files {
		if err == nil && w.Files[i] != s.list[i] {
			s.list[i] = w.Files[i]
			err = s.link(i, at)
		}
	}
	if err == nil {
		s.put(at)
		s.told = ""
	} else if ctx.Err() == nil {
		s.tell(err.Error())
	}
}

// tell says once what is wrong. What workers have goes on to count.
func (s *shown) tell(what string) {
	if s.told != what {
		s.told = what
		s.a.Term.Logf("a file of the run has changed and cannot be fetched, so that it counts as it was: %s", what)
	}
}

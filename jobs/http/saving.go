package http

import (
	"brood/jobs"
	"brood/jobs/http/fill"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// saving is --save: where bodies go. What comes from a record is a name in a directory, never a way
// out of it.
type saving struct {
	dir   string
	names []*fill.Template
}

// readSave splits the path: what stands before the first placeholder, up to a slash, is the directory.
func (x *compiled) readSave() error {
	if x.Save == "" {
		return nil
	}
	whole, err := x.grammar.Parse(x.Save, fill.Path)
	switch {
	case err != nil:
		return err
	case len(whole.Secrets()) > 0:
		return errors.New("a secret is no name of a file")
	case !whole.OfRecord():
		return errors.New("all records would be saved in one file: put a column into its name, as in answers/{id}.json")
	}
	s := &saving{dir: ".", names: whole.Split("/")}
	dir := ""
	for {
		text, literal := s.names[0].Literal()
		if !literal {
			break
		}
		dir, s.names = dir+text+"/", s.names[1:]
	}
	if dir != "" {
		s.dir = dir
	}
	x.save = s
	return nil
}

// place is the path beneath the directory for a record.
func (s *saving) place(rec *jobs.Record) (string, error) {
	name, err := join(s.names, rec, nil)
	if err != nil {
		return "", err
	}
	for segment := range strings.SplitSeq(name, "/") {
		if len(segment) > longestName {
			return "", fmt.Errorf("%.40s… is too long for the name of a file", segment)
		}
	}
	return name, nil
}

// longestName is how many bytes the name of a file has at most on the usual systems.
const longestName = 255

// isOfName reports whether a file could not be made for its name alone: another would be.
func isOfName(err error) bool {
	return errors.Is(err, syscall.ENAMETOOLONG) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.EEXIST)
}

// put writes a body, durably and as a whole, in the place of what is there.
func (s *saving) put(name string, b []byte) error {
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	dir := path.Dir(name)
	if dir != "." {
		if err := root.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	temporary := path.Join(dir, ".brood-"+rand.Text())
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(root.Remove(temporary)))
	}
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// make makes the directory, when a run begins to work.
func (s *saving) make() error { return os.MkdirAll(s.dir, 0o777) }

// absolute makes the path of --save or of a file one that does not depend on where brood was started.
func absolute(p string) (string, error) {
	if p == "" || filepath.IsAbs(p) {
		return p, nil
	}
	wd, err := os.Getwd()
	return wd + "/" + strings.TrimPrefix(p, "./"), err
}

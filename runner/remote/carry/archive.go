package carry

import (
	"archive/tar"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// deepest is how deep directories may lie within each other: links can make them lie so for ever.
const deepest = 64

// badFile is what is wrong with one of the files of a list.
type badFile struct {
	which int
	err   error
}

func (b *badFile) Error() string { return b.err.Error() }
func (b *badFile) Unwrap() error { return b.err }

// pack writes files and directories as an archive. Missing, if it is not nil, is told of those that
// are not there; else that is an error, as all else that is wrong with one: a *badFile.
func pack(w io.Writer, paths []string, missing func(which int)) error {
	t := tar.NewWriter(w)
	for i, path := range paths {
		err := add(t, strconv.Itoa(i), path, 0)
		if missing != nil && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) {
			missing(i)
			continue
		}
		var own *os.PathError
		if errors.As(err, &own) {
			return &badFile{i, reason(path, own)}
		}
		if err != nil {
			return err
		}
	}
	return t.Close()
}

// reason is what is wrong, with the path only if that is another than the file's own.
func reason(path string, err *os.PathError) error {
	if err.Path == path {
		return err.Err
	}
	return fmt.Errorf("%s: %w", err.Path, err.Err)
}

// add adds a file, or a directory with what is in it. What is wrong with the file is an
// *os.PathError.
func add(t *tar.Writer, name, path string, depth int) error {
	bad := func(what string) error { return &os.PathError{Op: "carry", Path: path, Err: errors.New(what)} }
	if depth > deepest {
		return bad("directories lie too deep in each other")
	}
	// Nothing that would wait for somebody, such as a FIFO, may be opened for long.
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h := &tar.Header{Name: name, Mode: int64(info.Mode().Perm()), ModTime: info.ModTime(), Format: tar.FormatPAX}
	switch {
	case info.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		names, err := f.Readdirnames(-1)
		if err != nil {
			return err
		}
		for _, n := range names {
			if err := add(t, name+"/"+n, path+"/"+n, depth+1); err != nil {
				return err
			}
		}
		return nil
	case !info.Mode().IsRegular():
		return bad("it is neither a file nor a directory")
	}
	h.Typeflag, h.Size = tar.TypeReg, info.Size()
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	n, err := io.CopyN(t, f, h.Size)
	if errors.Is(err, io.EOF) && n < h.Size {
		return bad("it became shorter while it was read")
	}
	return err
}

// unpack puts what an archive has in its places, and returns the directories that it made. With durable
// each file is on the disk then. What is wrong with a place is a *badFile.
func unpack(r io.Reader, places []string, durable bool) (made []string, err error) {
	came := make([]bool, len(places))
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return made, err
		}
		which, path, err := place(h.Name, places)
		if err != nil {
			return made, err
		}
		for key := range h.PAXRecords {
			if strings.HasPrefix(key, "GNU.sparse") { // a few bytes that are as many as one likes
				return made, fmt.Errorf("the archive has a member %q with holes", h.Name)
			}
		}
		switch came[which] = true; h.Typeflag {
		case tar.TypeDir:
			err = makeDir(path, fs.FileMode(h.Mode).Perm()|0o700, &made)
		case tar.TypeReg:
			err = receive(t, path, h, durable, &made)
		default:
			return made, fmt.Errorf("the archive has a member %q of type %q", h.Name, h.Typeflag)
		}
		var own *os.PathError
		var link *os.LinkError
		switch {
		case errors.As(err, &own):
			return made, &badFile{which, reason(places[which], own)}
		case errors.As(err, &link):
			return made, &badFile{which, link.Err}
		case err != nil:
			return made, err
		}
	}
	for i, ok := range came {
		if !ok {
			return made, &badFile{i, errors.New("it has not come")}
		}
	}
	return made, nil
}

// place is where a member belongs.
func place(name string, places []string) (which int, path string, err error) {
	number, rest, within := strings.Cut(strings.TrimSuffix(name, "/"), "/")
	which, err = strconv.Atoi(number)
	if err != nil || which < 0 || which >= len(places) || strconv.Itoa(which) != number {
		return 0, "", fmt.Errorf("the archive has a member %q that nobody asked for", name)
	}
	path = places[which]
	if within {
		if !filepath.IsLocal(rest) || rest != filepath.Clean(rest) {
			return 0, "", fmt.Errorf("the archive has a member %q that leaves its directory", name)
		}
		path += "/" + rest
	}
	return which, path, nil
}

// makeDir makes a directory and those above it, and notes which it made. Another may remove an empty
// one meanwhile.
func makeDir(path string, perm fs.FileMode, made *[]string) error {
	for try := 0; ; try++ {
		err := os.Mkdir(path, perm)
		switch {
		case err == nil:
			*made = append(*made, path)
			return nil
		case errors.Is(err, fs.ErrExist):
			info, statErr := os.Stat(path)
			if statErr == nil && !info.IsDir() {
				return &os.PathError{Op: "mkdir", Path: path, Err: syscall.ENOTDIR}
			}
			if statErr == nil || try > 5 {
				return statErr
			}
		case errors.Is(err, fs.ErrNotExist) && try < 5 && filepath.Dir(path) != path:
			if err := makeDir(filepath.Dir(path), 0o777, made); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// receive writes a file under a name that nobody knows, and gives it its own when it is whole.
func receive(r io.Reader, path string, h *tar.Header, durable bool, made *[]string) (err error) {
	dir := filepath.Dir(path)
	base := filepath.Base(path)
	name := filepath.Join(dir, "."+base[:min(len(base), 100)]+".brood-"+rand.Text())
	var f *os.File
	for try := 0; ; try++ {
		f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || try > 5 {
			return &os.PathError{Op: "create", Path: path, Err: errors.Unwrap(err)}
		}
		if err := makeDir(dir, 0o777, made); err != nil {
			return err
		}
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(name)
		}
	}()
	if _, err = io.Copy(f, r); err != nil {
		return err
	}
	if err = f.Chmod(fs.FileMode(h.Mode).Perm()); err != nil {
		return err
	}
	if durable {
		if err = f.Sync(); err != nil {
			return err
		}
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Chtimes(name, h.ModTime, h.ModTime); err != nil {
		return err
	}
	if err = os.Rename(name, path); err != nil || !durable {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

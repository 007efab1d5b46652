package gazetteer

import (
	"brood/jobs/files"
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Open opens the index in a directory that belongs to the user, and makes it there if it is not
// there, is damaged, or was made of other data; processes that come at the same time wait for the
// one that makes it. It takes a third of a second then, and less than a millisecond later.
func Open(dir string) (*Index, error) {
	sum, err := sumOfData()
	if err != nil {
		return nil, err
	}
	if err := files.MakeDir(dir); err != nil {
		return nil, fmt.Errorf("open the gazetteer: %w", err)
	}
	path := filepath.Join(dir, fmt.Sprintf("gazetteer-%d-%s.idx", version, hex.EncodeToString(sum[:6])))
	m, err := ensure(path, sum, func() ([sections][]byte, error) { return build(data) })
	if err != nil {
		return nil, fmt.Errorf("open the gazetteer: %w", err)
	}
	x := &Index{image: *m}
	if err := x.openSide(dir); err != nil {
		return nil, err
	}
	return x, nil
}

// ensure maps the file, and makes it if it is not what it should be.
func ensure(path string, sum [sumBytes]byte, build func() ([sections][]byte, error)) (*image, error) {
	if m, err := open(path, sum); err == nil {
		return m, nil
	}
	unlock, err := lock(path + ".lock")
	if err != nil {
		return nil, err
	}
	defer unlock()
	if m, err := open(path, sum); err == nil { // another process made it
		return m, nil
	}
	parts, err := build()
	if err != nil {
		return nil, err
	}
	if err := write(path, sum, parts); err != nil {
		return nil, err
	}
	removeOld(path)
	return open(path, sum)
}

// lock waits until no other process holds it. The file stays, as to remove it would let two hold it.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	for err = unix.EINTR; errors.Is(err, unix.EINTR); {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, errors.Join(err, f.Close()))
	}
	return func() { f.Close() }, nil //nolint:errcheck // nothing was written
}

// open maps a file if it is whole.
func open(path string, sum [sumBytes]byte) (*image, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() < int64(headBytes) || st.Size() > maxFile {
		return nil, fmt.Errorf("%s is no index", path)
	}
	all, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	m, err := read(all, sum)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, unmapAfter(all, err))
	}
	return m, nil
}

func unmapAfter(all []byte, err error) error {
	if failed := unix.Munmap(all); failed != nil {
		return fmt.Errorf("%w (%w)", err, failed)
	}
	return err
}

func (m *image) unmap() error {
	all := m.all
	*m = image{}
	if all == nil {
		return nil
	}
	return unix.Munmap(all)
}

// write puts a file in place that is whole, or none.
func write(path string, sum [sumBytes]byte, parts [sections][]byte) error {
	var lengths [sections]int
	for i, p := range parts {
		lengths[i] = len(p)
	}
	head, offsets, total := header(sum, lengths)
	if total > maxFile {
		return fmt.Errorf("the index would have %d bytes", total)
	}
	f, err := files.Create(path, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<16)
	at := 0
	pad := func(to int) {
		for ; at < to; at++ {
			out.WriteByte(0) //nolint:errcheck // Flush says it
		}
	}
	put := func(b []byte) {
		out.Write(b) //nolint:errcheck // Flush says it
		at += len(b)
	}
	put(head)
	for i, p := range parts {
		pad(offsets[i])
		put(p)
	}
	pad(total)
	if err := out.Flush(); err != nil {
		return errors.Join(err, f.Discard())
	}
	return f.Put(path)
}

// removeOld removes indexes of other data and versions, which nobody opens any more. Who has
// one mapped keeps it.
func removeOld(path string) {
	old, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "gazetteer-*.idx"))
	for _, name := range slices.DeleteFunc(old, func(name string) bool { return name == path || strings.Contains(name, ".lock") }) {
		os.Remove(name) //nolint:errcheck // it is in nobody's way
	}
}

package gazetteer

import (
	"brood/jobs/files"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

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
	if err := write(path, sum, parts, canBeMadeAgain); err != nil {
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
	if err == nil && !seenIn(all[:headBytes], boot()) {
		err = believe(path, all)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, unmapAfter(all, err))
	}
	return m, nil
}

// believe compares the sections of a file that was made, or seen last, in another boot with their checksum, and notes
// this boot. Who cannot note it compares again.
func believe(path string, all []byte) error {
	if checksum(all[headBytes:]) != bodyOf(all) {
		return errors.New("its sections are not what was written: the machine went down before they were on the disk, or they were damaged")
	}
	if boot() == "" {
		return nil
	}
	head := slices.Clone(all[:headBytes])
	seal(head, boot(), bodyOf(all))
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil //nolint:nilerr // it is whole
	}
	_, _ = f.WriteAt(head, 0) // in one piece: half of it is a damaged head, and the index made again
	_ = f.Close()
	return nil
}

// boot names this boot of the machine; nothing where it cannot be told.
var boot = sync.OnceValue(func() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if id := strings.TrimSpace(string(b)); err == nil && len(id) == bootBytes {
		return id
	}
	return ""
})

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

// lasting says what becomes of a file if the machine goes down at once.
type lasting bool

const (
	canBeMadeAgain lasting = false // it is not waited for that it is on the disk, see layout.go
	isTheUsers     lasting = true
)

// write puts a file in place.
func write(path string, sum [sumBytes]byte, parts [sections][]byte, how lasting) error {
	var lengths [sections]int
	for i, p := range parts {
		lengths[i] = len(p)
	}
	head, offsets, total := header(sum, lengths)
	if total > maxFile {
		return fmt.Errorf("the index would have %d bytes", total)
	}
	// The directory is the user's alone.
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	at, body := len(head), uint32(0)
	put := func(b []byte) {
		if err == nil {
			_, err = f.Write(b)
		}
		body = checksumOn(body, b)
		at += len(b)
	}
	if _, err = f.Seek(int64(len(head)), io.SeekStart); err == nil {
		for i, p := range parts {
			put(make([]byte, offsets[i]-at))
			put(p)
		}
		put(make([]byte, total-at))
	}
	seal(head, boot(), body)
	if err == nil {
		_, err = f.WriteAt(head, 0)
	}
	if err == nil && how == isTheUsers {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil && how == isTheUsers {
		return files.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// removeOld removes indexes of other data and versions, which nobody opens any more. Who has
// one mapped keeps it.
func removeOld(path string) {
	old, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "gazetteer-*.idx"))
	for _, name := range slices.DeleteFunc(old, func(name string) bool { return name == path || strings.Contains(name, ".lock") }) {
		os.Remove(name) //nolint:errcheck // it is in nobody's way
	}
}

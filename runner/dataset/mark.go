package dataset

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// mark is what a file was like when the reader opened it first. It is compared with what
// the path leads to after every piece that was read, and at the end: so what is read is
// either what was there at the beginning, or an error. (A change that leaves size, inode
// and time of modification as they were is not seen; a file system notes the time to a few
// milliseconds.)
type mark struct {
	path string
	was  os.FileInfo
	// grows says that the file may grow at its end. What was there at the beginning is
	// read, and hash is of that.
	grows  bool
	hash   string
	cutOff bool      // and that its last line may be half of one
	grew   bool      // and has,
	looked time.Time // the last time then
}

// growth is what may happen to a file while it is read.
type growth uint8

const (
	staysAsItIs  growth = iota
	growsAnyhow         // at its end, by whole lines
	growsByLines        // the last of which may be cut off when it is opened, and is left then
)

func newMark(f *os.File, st os.FileInfo, how growth) (*mark, error) {
	m := &mark{path: f.Name(), was: st, grows: how != staysAsItIs, cutOff: how == growsByLines}
	if m.grows {
		var err error
		if m.hash, err = hashPrefix(f, st.Size()); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// look compares the file with what it was. What it returns wraps ErrChanged.
func (m *mark) look() error {
	st, err := os.Stat(m.path)
	if errors.Is(err, os.ErrNotExist) {
		return m.changed("it is not there any more")
	}
	if err != nil {
		return m.changed("it cannot be found any more: %v", err)
	}
	was, is := m.was.Size(), st.Size()
	switch {
	case !os.SameFile(m.was, st):
		return m.changed("another file has taken its place")
	case is < was:
		return m.changed("it has shrunk from %d to %d bytes while it was read", was, is)
	case is > was && m.grows:
		return m.lookBeneath(st)
	case is > was:
		return fmt.Errorf("%w: it has grown from %d to %d bytes while it was read; to go on and take the new rows as well: brood resume NAME --input-changed=accept-append", ErrChanged, was, is)
	case !st.ModTime().Equal(m.was.ModTime()):
		return m.changed("it was written to (%s) while it was read", st.ModTime().Format(time.DateTime))
	}
	return nil
}

// lookBeneath looks whether growing is all that has happened to a file, whenever it has
// grown again.
func (m *mark) lookBeneath(st os.FileInfo) error {
	if m.grew && st.ModTime().Equal(m.looked) {
		return nil
	}
	f, err := os.Open(m.path)
	if err != nil {
		return m.changed("it cannot be opened any more: %v", err)
	}
	defer func() { _ = f.Close() }()
	hash, err := hashPrefix(f, m.was.Size())
	if err != nil {
		return err
	}
	if hash != m.hash {
		return m.changed("it has other content than when the session began, and has grown")
	}
	m.grew, m.looked = true, st.ModTime()
	return nil
}

func (m *mark) changed(format string, args ...any) error {
	return fmt.Errorf("%w: %s; put back what it was, and resume", ErrChanged, fmt.Sprintf(format, args...))
}

// end is asked when all of f that counts has been read.
func (m *mark) end(f *os.File) error {
	if err := m.look(); err != nil || !m.grew || m.cutOff || endsLine(f, m.was.Size()) {
		return err
	}
	return fmt.Errorf("%w: its last line was being written when the session began; resume once more", ErrChanged)
}

// within is the part of p into which may be read at an offset.
func (m *mark) within(p []byte, at int64) []byte {
	if !m.grows {
		return p // some files of the kernel's have no size
	}
	return p[:max(0, min(int64(len(p)), m.was.Size()-at))]
}

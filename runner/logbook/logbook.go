// Package logbook is the log of a run, kept in its directory: what its workers have printed
// and what brood has said, a JSON object a line, as --log-format json has it. One process
// writes it, any may read it at the same time.
//
// It is bounded: when the file log is full it is called log.old, in place of the one before,
// and a new one is begun; so there are always the last 4 MiB, and 8 at most. It is not synced:
// it is for people, and what counts stands in the ledger. Where it cannot be written the run
// goes on, and it is said once.
package logbook

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// The names in the directory of a run.
const (
	name    = "log"
	oldName = "log.old"
)

// Paths are where the log of a run directory may be.
func Paths(dir string) []string {
	return []string{filepath.Join(dir, name), filepath.Join(dir, oldName)}
}

// Most is how many bytes a file of it has, at most.
const Most = 4 << 20

// longest is the longest line that is read back.
const longest = 1 << 20

// Line is a line of the log.
type Line struct {
	Time   string `json:"time"`
	Slot   int    `json:"slot,omitempty"` // 0: brood itself
	Seq    *int64 `json:"seq,omitempty"`  // the record in hand
	Stream string `json:"stream,omitempty"`
	Msg    string `json:"msg"`
}

// Book is the log of a run that is being written. It is safe for use from several goroutines.
type Book struct {
	dir  string
	most int64

	mu   sync.Mutex
	f    *os.File // nil: nothing was written yet
	size int64
	err  error // it is not written any more
}

// New returns the log of a run directory. The file is made when there is something to write.
func New(dir string) *Book { return &Book{dir: dir, most: Most} }

// Add writes a line. The error is that of the first write that failed, once.
func (b *Book) Add(l *Line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return nil
	}
	if b.err = b.write(text); b.err != nil {
		return fmt.Errorf("write the log of the run: %w; nothing more is logged", b.err)
	}
	return nil
}

func (b *Book) write(text []byte) error {
	if b.f == nil {
		if err := b.open(); err != nil {
			return err
		}
	}
	if b.size > 0 && b.size+int64(len(text)) > b.most {
		if err := errors.Join(b.f.Close(), os.Rename(filepath.Join(b.dir, name), filepath.Join(b.dir, oldName))); err != nil {
			return err
		}
		if err := b.open(); err != nil {
			return err
		}
	}
	n, err := b.f.Write(text)
	b.size += int64(n)
	return err
}

func (b *Book) open() error {
	f, err := os.OpenFile(filepath.Join(b.dir, name), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	b.f, b.size = f, st.Size()
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, b.size-1); b.size > 0 && err == nil && last[0] != '\n' {
		_, err = f.Write([]byte("\n")) // a line that was cut off
		b.size++
		return err
	}
	return nil
}

// Close closes it.
func (b *Book) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.f == nil {
		return nil
	}
	err := b.f.Close()
	b.f, b.err = nil, os.ErrClosed
	return err
}

// look is how often who follows looks whether there is more.
const look = 100 * time.Millisecond

// Read calls visit for each line of the log in a run directory, oldest first. With alive it
// goes on as lines come, until alive says that nobody writes any more. A line that is none is
// passed over.
func Read(ctx context.Context, dir string, alive func() bool, visit func(*Line) error) error {
	if err := readFile(filepath.Join(dir, oldName), visit); err != nil {
		return err
	}
	t := tail{path: filepath.Join(dir, name), visit: visit}
	defer t.close()
	for {
		last := alive == nil || !alive() // and then there is no more than there is now
		if err := t.more(); err != nil || last {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
	}
}

func readFile(path string, visit func(*Line) error) error {
	t := tail{path: path, visit: visit}
	defer t.close()
	return t.more()
}

// tail reads a file that grows, and the one that comes into its place.
type tail struct {
	path  string
	visit func(*Line) error
	f     *os.File
	r     *bufio.Reader
	part  []byte // of a line that has not ended
}

func (t *tail) close() {
	if t.f != nil {
		_ = t.f.Close()
	}
}

func (t *tail) more() error {
	for {
		if t.f == nil {
			f, err := os.Open(t.path)
			if errors.Is(err, os.ErrNotExist) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read the log of the run: %w", err)
			}
			t.f, t.r, t.part = f, bufio.NewReader(f), nil
		}
		replaced := !t.inPlace() // asked before it is read to its end
		if err := t.read(); err != nil || !replaced {
			return err
		}
		t.close()
		t.f = nil
	}
}

func (t *tail) inPlace() bool {
	here, err := t.f.Stat()
	there, errThere := os.Stat(t.path)
	return err == nil && errThere == nil && os.SameFile(here, there)
}

// read reads what there is.
func (t *tail) read() error {
	for {
		b, err := t.r.ReadSlice('\n')
		if len(t.part) <= longest {
			t.part = append(t.part, b...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the log of the run: %w", err)
		}
		var l Line
		if json.Unmarshal(t.part, &l) == nil {
			if err := t.visit(&l); err != nil {
				return err
			}
		}
		t.part = t.part[:0]
	}
}

package invoice

import (
	"brood/jobs/billing/charge"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// ErrStorage is wrapped by errors of the disk: nothing can be said about files any more, and the run must stop.
var ErrStorage = errors.New("invoices could not be stored")

// ErrTaken is wrapped where a file of that name is there with something else in it. It is never overwritten: a number was
// used twice, or the settings have changed since.
var ErrTaken = errors.New("there is another document with this number")

// Made is what a charge became: the names of its files in the directory.
type Made struct{ Number, HTML, PDF string }

// Writer puts documents into one directory, many at a time: what was Put is on the disk, whole and by its name, when
// the next Sync has returned nil, and must not be acknowledged before. A file appears under its name only when it is
// whole. Its methods may be called by several goroutines.
//
// After an error that is ErrStorage every call returns it: what a failed sync has lost, the next one would not tell
// (fsync(2)).
type Writer struct {
	press  *Press
	dir    *folder
	mark   string // of this writer's unfinished files
	syncs  sync.Mutex
	mu     sync.Mutex // guards what follows
	count  int
	held   []*heldFile
	broken error
}

// heldFile is one that is not durable yet.
type heldFile struct {
	file *os.File
	temp string // its name until then; empty if it stands under its own already
	name string
	body []byte
}

// An unfinished file's name begins and ends so. Sweep knows it by that.
const (
	tempBegin = ".brood-"
	tempEnd   = ".part"
)

// NewWriter opens the directory, which must be there. Whatever it is called later, the files go into that one.
func NewWriter(p *Press, dir string) (*Writer, error) {
	d, err := openFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("open the directory of invoices: %w", err)
	}
	return &Writer{press: p, dir: d, mark: tempBegin + rand.Text()[:12] + "-"}, nil
}

// Put makes the documents of a charge and writes them; they are not durable before Sync. An error that is neither
// ErrStorage nor ErrTaken is about the charge alone.
func (w *Writer) Put(c *charge.Charge) (Made, error) {
	docs, err := w.press.Make(c)
	if err != nil {
		return Made{}, err
	}
	made := Made{Number: docs.Number, HTML: docs.Number + ".html", PDF: docs.Number + ".pdf"}
	html, err := w.write(made.HTML, docs.HTML)
	if err != nil {
		return Made{}, err
	}
	pdf, err := w.write(made.PDF, docs.PDF)
	if err != nil {
		w.drop(html)
		return Made{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		w.drop(html)
		w.drop(pdf)
		return Made{}, w.broken
	}
	w.held = append(w.held, html, pdf)
	return made, nil
}

// write writes a file under a name of its own, or opens the one that is there with the same in it: an earlier
// process may have ended between its name and its sync.
func (w *Writer) write(name string, body []byte) (*heldFile, error) {
	w.mu.Lock()
	broken := w.broken
	w.count++
	temp := w.mark + strconv.Itoa(w.count) + tempEnd
	w.mu.Unlock()
	if broken != nil {
		return nil, broken
	}
	there, err := w.same(name, body)
	if there != nil || err != nil {
		return there, err
	}
	f, err := w.dir.create(temp)
	if err != nil {
		return nil, w.fail(err)
	}
	h := &heldFile{file: f, temp: temp, name: name, body: body}
	if _, err := f.Write(body); err != nil {
		w.drop(h)
		return nil, w.fail(err)
	}
	return h, nil
}

// same opens a file that is there. It is an error if something else is in it, and nil if there is none.
func (w *Writer) same(name string, body []byte) (*heldFile, error) {
	f, err := w.dir.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, ErrTaken, err)
	}
	equal, err := holds(f, body)
	if err != nil {
		return nil, errors.Join(w.fail(err), f.Close())
	}
	if !equal {
		return nil, errors.Join(fmt.Errorf("%s is there already, with something else in it: %w; move it away if it is not wanted", name, ErrTaken), f.Close())
	}
	return &heldFile{file: f, name: name, body: body}, nil
}

// holds reports whether a regular file has exactly these bytes.
func holds(f *os.File, body []byte) (bool, error) {
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() || st.Size() != int64(len(body)) {
		return false, err
	}
	b := make([]byte, len(body))
	if _, err := f.ReadAt(b, 0); err != nil && len(b) > 0 {
		return false, err
	}
	return bytes.Equal(b, body), nil
}

// fail remembers an error of the disk.
func (w *Writer) fail(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken == nil {
		w.broken = fmt.Errorf("%w: %w", ErrStorage, err)
	}
	return w.broken
}

// drop lets go of a file; one that is not finished is removed.
func (w *Writer) drop(h *heldFile) {
	_ = h.file.Close()
	if h.temp != "" {
		_ = w.dir.remove(h.temp)
	}
}

// Sync makes durable what was Put before it was called. With an error none of that may be acknowledged, and what was not
// finished is removed. A name that another process has taken since Put is ErrStorage too (and ErrTaken): the group fails, and
// another Sync that waited meanwhile must not tell that its part of it is stored.
func (w *Writer) Sync() error {
	w.syncs.Lock()
	defer w.syncs.Unlock()
	w.mu.Lock()
	held, broken := w.held, w.broken
	w.held = nil
	w.mu.Unlock()
	if broken == nil {
		broken = w.store(held)
	}
	for _, h := range held {
		w.drop(h)
	}
	return broken
}

// store syncs the files, gives them their names, and syncs these.
func (w *Writer) store(held []*heldFile) error {
	if len(held) == 0 {
		return nil
	}
	if err := w.dir.syncAll(held); err != nil {
		return w.fail(err)
	}
	for _, h := range held {
		if h.temp == "" {
			continue
		}
		err := w.dir.rename(h.temp, h.name)
		if errors.Is(err, fs.ErrExist) {
			if err = w.meanwhile(h); err == nil {
				continue // its own, which is not needed, is removed
			}
		}
		if err != nil {
			return w.fail(err)
		}
		h.temp = ""
	}
	if err := w.dir.file.Sync(); err != nil {
		return w.fail(err)
	}
	return nil
}

// meanwhile syncs a file that another process has made since Put, if it is the same.
func (w *Writer) meanwhile(h *heldFile) error {
	there, err := w.same(h.name, h.body)
	if err != nil {
		return err
	}
	if there == nil {
		return fmt.Errorf("%s was there, and is gone: somebody else works in the directory of invoices", h.name)
	}
	return errors.Join(there.file.Sync(), there.file.Close())
}

// Close lets go of the directory. What was not synced is removed.
func (w *Writer) Close() error {
	w.syncs.Lock()
	defer w.syncs.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.held {
		w.drop(h)
	}
	w.held = nil
	if w.broken == nil {
		w.broken = fmt.Errorf("%w: the directory is closed", ErrStorage)
	}
	return w.dir.file.Close()
}

// Sweep removes what writers that were killed have left unfinished in a directory. No writer may be at work there.
func Sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look for unfinished invoices: %w", err)
	}
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasPrefix(e.Name(), tempBegin) && strings.HasSuffix(e.Name(), tempEnd) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("remove an unfinished invoice: %w", err)
			}
		}
	}
	return nil
}

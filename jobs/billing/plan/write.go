package plan

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/files"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Writer writes a plan. The charges go to a file without a name first, as the header, which stands before them, knows their
// count and sums.
type Writer struct {
	lines *os.File
	out   *bufio.Writer
	sum   hash.Hash
	count int
	sums  money.Sums

	places    *os.File // where the charges stand: see jobs.Plan.Places
	placesOut *bufio.Writer
	cell      []byte
}

// NewWriter begins a plan. In dir, which has the room, the charges are kept until Put or Close.
func NewWriter(dir string) (*Writer, error) {
	f, err := nameless(dir)
	if err != nil {
		return nil, err
	}
	places, err := nameless(dir)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	w := &Writer{lines: f, sum: sha256.New(), places: places, placesOut: bufio.NewWriter(places)}
	w.out = bufio.NewWriterSize(io.MultiWriter(f, w.sum), 1<<16)
	return w, nil
}

// nameless makes a file that is gone when it is closed.
func nameless(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, ".brood-plan-")
	if err != nil {
		return nil, fmt.Errorf("keep the charges of the plan: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("keep the charges of the plan: %w", err), f.Close())
	}
	return f, nil
}

// AddFrom is Add of a charge that stands in a row of a file.
func (w *Writer) AddFrom(c *charge.Charge, file string, line int) error {
	if err := w.Add(c); err != nil {
		return err
	}
	w.cell = jobs.AppendPlace(w.cell[:0], printable(fmt.Sprintf("%s:%d, invoice %s", file, line, c.InvoiceID)))
	_, err := w.placesOut.Write(w.cell)
	return err
}

// KeepPlaces writes where the charges stand beside the plan of a hash that a state directory keeps. It is no part of the plan.
func (w *Writer) KeepPlaces(state, hash string) error {
	err := w.placesOut.Flush()
	if err == nil {
		err = copyFile(PlacesPath(state, hash), w.places)
	}
	if err != nil {
		return fmt.Errorf("keep where the charges stand: %w", err)
	}
	return nil
}

func copyFile(path string, from *os.File) error {
	f, err := files.Create(path, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, io.NewSectionReader(from, 0, 1<<62)); err != nil {
		return errors.Join(err, f.Discard())
	}
	return f.Put(path)
}

// Add adds a charge behind the others. Its amount is part of the sums.
func (w *Writer) Add(c *charge.Charge) error {
	line, err := c.Encode()
	if err != nil {
		return err
	}
	a, err := c.Money()
	if err != nil {
		return fmt.Errorf("invoice %s: %w", c.InvoiceID, err)
	}
	if err := w.sums.Add(a); err != nil {
		return err
	}
	w.count++
	_, err = w.out.Write(append(line, '\n'))
	return err
}

// Count and Sums are those of the charges so far.
func (w *Writer) Count() int { return w.count }

// Sums are the totals of the charges so far.
func (w *Writer) Sums() *money.Sums { return &w.sums }

// finish fills in what the header says of the charges, and returns its line.
func (w *Writer) finish(h *Header) ([]byte, error) {
	if err := w.out.Flush(); err != nil {
		return nil, fmt.Errorf("keep the charges of the plan: %w", err)
	}
	h.Version, h.Count, h.Sums, h.Lines = Version, w.count, w.sums, hex.EncodeToString(w.sum.Sum(nil))
	return h.encode()
}

// copyTo writes the header's line, unless it is nil, and the charges, durable under a path.
func (w *Writer) copyTo(path string, head []byte) error {
	f, err := files.Create(path, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.Write(head); err == nil {
		_, err = io.Copy(f, io.NewSectionReader(w.lines, 0, 1<<62))
	}
	if err != nil {
		return errors.Join(err, f.Discard())
	}
	return f.Put(path)
}

// Put writes the plan with this header in the place of what is at a path, whole or not at all, and reads it again.
func (w *Writer) Put(path string, h *Header) (*Plan, error) {
	head, err := w.finish(h)
	if err != nil {
		return nil, err
	}
	if err := w.copyTo(path, head); err != nil {
		return nil, fmt.Errorf("write the plan: %w", err)
	}
	return Open(path)
}

// Close lets go of what was kept.
func (w *Writer) Close() error { return errors.Join(w.lines.Close(), w.places.Close()) }

// The names in the directory of a plan.
const (
	keptPlan    = "plan.jsonl"
	keptCharges = "charges.jsonl" // the charges of the plan, the first with all members: the dataset of its run
	keptFont    = "font.ttf"
	keptPlaces  = "charges.places" // where the user has each of them
)

// Dir is where a state directory keeps the plan of a hash.
func Dir(state, hash string) string { return filepath.Join(state, "billing", "plans", hash) }

// ChargesPath is the dataset of the run of a plan that is kept.
func ChargesPath(state, hash string) string { return filepath.Join(Dir(state, hash), keptCharges) }

// PlacesPath says where the user has the charges of a plan that is kept.
func PlacesPath(state, hash string) string { return filepath.Join(Dir(state, hash), keptPlaces) }

// FontPath is the font of a plan that is kept, if its settings name one.
func FontPath(state, hash string) string { return filepath.Join(Dir(state, hash), keptFont) }

// Keep copies a plan into the state directory, where a run of it finds its dataset. One that is there is left.
// Font is the file that the settings name, or nothing.
func (p *Plan) Keep(state, font string) (*Plan, error) {
	dir := Dir(state, p.hash)
	if _, err := os.Lstat(filepath.Join(dir, keptForgotten)); err == nil && p.gone == nil {
		return nil, fmt.Errorf("plan %s was run, and some of its charges were forgotten since: it is not kept again", p.hash)
	}
	if err := files.MakeDir(dir); err != nil {
		return nil, fmt.Errorf("keep the plan: %w", err)
	}
	if err := p.keepFont(dir, font); err != nil {
		return nil, fmt.Errorf("keep the font of the plan: %w", err)
	}
	first, err := p.firstOfDataset()
	if err != nil {
		return nil, err
	}
	if err := p.copyTo(filepath.Join(dir, keptCharges), p.start, first, p.Header.Lines); err != nil {
		return nil, fmt.Errorf("keep the charges of the plan: %w", err)
	}
	// Last, so that what Find finds is whole.
	kept := *p
	kept.path = filepath.Join(dir, keptPlan)
	if err := p.copyTo(kept.path, 0, nil, p.hash); err != nil {
		return nil, fmt.Errorf("keep the plan: %w", err)
	}
	return &kept, nil
}

// firstOfDataset is the line of the first charge in the run's dataset, or nil if there is none.
func (p *Plan) firstOfDataset() ([]byte, error) {
	if p.first == nil {
		return nil, nil
	}
	line, err := p.members.Encode(p.first)
	return append(line, '\n'), err
}

// copyTo copies the plan from an offset on, if it is what it was, with another first line if there is one.
func (p *Plan) copyTo(to string, from int64, first []byte, hash string) error {
	in, err := os.Open(p.path)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	if _, err := in.Seek(from, io.SeekStart); err != nil {
		return err
	}
	f, err := files.Create(to, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	if first != nil {
		if _, err = io.CopyN(sum, in, p.firstLine); err == nil {
			_, err = f.Write(first)
		}
	}
	if err == nil {
		_, err = io.Copy(io.MultiWriter(f, sum), in)
	}
	if err == nil && hex.EncodeToString(sum.Sum(nil)) != hash {
		err = fmt.Errorf("%s: %w: it was changed while it was read", p.path, ErrChanged)
	}
	if err != nil {
		return errors.Join(err, f.Discard())
	}
	return f.Put(to)
}

func (p *Plan) keepFont(dir, font string) error {
	want := p.Header.Settings.Invoice.FontSum
	if want == "" || font == "" {
		return nil
	}
	b, err := os.ReadFile(font)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != want {
		return fmt.Errorf("%s is another file than the one that was planned with", font)
	}
	return files.Write(filepath.Join(dir, keptFont), b, 0o600)
}

// Find opens the plan of a file, or of a hash or the beginning of one, of at least 8 digits, that the state directory keeps.
// A file goes before a hash.
func Find(state, fileOrHash string) (*Plan, error) {
	if _, err := os.Stat(fileOrHash); err == nil {
		return Open(fileOrHash)
	}
	if !isHash(fileOrHash) {
		return nil, fmt.Errorf("there is no file %s, and it is no hash of a plan", fileOrHash)
	}
	list, err := os.ReadDir(filepath.Join(state, "billing", "plans"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var found []string
	for _, e := range list {
		if strings.HasPrefix(e.Name(), fileOrHash) {
			found = append(found, e.Name())
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("there is no plan %s here; name its file", fileOrHash)
	case 1:
	default:
		return nil, fmt.Errorf("%s is the beginning of %d plans; write more of it", fileOrHash, len(found))
	}
	p, err := Open(filepath.Join(Dir(state, found[0]), keptPlan))
	if err == nil && p.hash != found[0] {
		return nil, fmt.Errorf("%s: %w: it has the hash %s", p.path, ErrChanged, p.hash)
	}
	return p, err
}

func isHash(s string) bool {
	return len(s) >= 8 && len(s) <= 64 && strings.Trim(s, "0123456789abcdef") == ""
}

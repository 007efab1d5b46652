package plan

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/files"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// keptForgotten is, in the directory of a plan, what was forgotten of it.
const keptForgotten = "forgotten.json"

// forgotten says what was forgotten of a plan that a state directory keeps. The plan is called by the hash that it was run by, which
// cannot be computed any more, as lines that were part of it are gone; from then on it has to have the other one. Count and sums are
// checked as before.
type forgotten struct {
	Version int      `json:"brood_forgotten"`
	Plan    string   `json:"plan"`         // the hash by which it was run
	Now     string   `json:"sha256"`       // of the file since
	Lines   string   `json:"lines_sha256"` // of all that follows its header since
	Charges []uint64 `json:"charges"`      // their positions, in order
}

// readForgotten reads it, or returns nil if nothing was.
func readForgotten(path string) (*forgotten, error) {
	if filepath.Base(path) != keptPlan {
		return nil, nil //nolint:nilnil // it is a user's file
	}
	path = filepath.Join(filepath.Dir(path), keptForgotten)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nothing was
	}
	f := new(forgotten)
	if err == nil {
		err = json.Unmarshal(b, f)
	}
	if err == nil && (f.Version != 1 || !slices.IsSorted(f.Charges)) {
		err = errors.New("it is not as brood wrote it")
	}
	if err != nil {
		return nil, fmt.Errorf("read what was forgotten of the plan, %s: %w", path, err)
	}
	return f, nil
}

// HasForgotten reports whether whom the charge at a position is about was forgotten.
func (p *Plan) HasForgotten(seq jobs.Seq) bool {
	if p.gone == nil {
		return false
	}
	_, is := slices.BinarySearch(p.gone.Charges, uint64(seq))
	return is
}

// Forgotten is how many charges were forgotten.
func (p *Plan) Forgotten() int {
	if p.gone == nil {
		return 0
	}
	return len(p.gone.Charges)
}

// Now is the SHA-256 of the plan as it stands: its hash, unless something was forgotten of it.
func (p *Plan) Now() string {
	if p.gone == nil {
		return p.hash
	}
	return p.gone.Now
}

// Forget makes new versions of a plan that is kept, without what is personal of some charges, and of the file beside it; they are
// durable, and have no name yet.
func (p *Plan) Forget(which []jobs.Seq) (list []jobs.NewVersion, err error) {
	note := &forgotten{Version: 1, Plan: p.hash}
	if p.gone != nil {
		note.Charges = slices.Clone(p.gone.Charges)
	}
	for _, seq := range which {
		note.Charges = append(note.Charges, uint64(seq))
	}
	slices.Sort(note.Charges)
	note.Charges = slices.Compact(note.Charges)
	defer func() {
		if err != nil {
			for _, v := range list {
				err = errors.Join(err, os.Remove(v.New))
			}
			list = nil
		}
	}()
	v, err := newVersion(p.path, func(w *bufio.Writer) error { return p.writeWithout(w, note) })
	if err != nil {
		return nil, fmt.Errorf("write the plan anew: %w", err)
	}
	list = append(list, v)
	v, err = newVersion(filepath.Join(filepath.Dir(p.path), keptForgotten), func(w *bufio.Writer) error { return json.NewEncoder(w).Encode(note) })
	if err != nil {
		return list, fmt.Errorf("write what was forgotten of the plan: %w", err)
	}
	return append(list, v), nil
}

// writeWithout writes the plan without what is personal of charges, and fills in its hashes.
func (p *Plan) writeWithout(w *bufio.Writer, note *forgotten) error {
	head, err := p.Header.encode()
	if err != nil {
		return err
	}
	whole, lines := sha256.New(), sha256.New()
	_, _ = whole.Write(head)
	if _, err := w.Write(head); err != nil {
		return err
	}
	seq := uint64(0)
	err = p.EachLine(func(c *charge.Charge, line []byte) error {
		if _, is := slices.BinarySearch(note.Charges, seq); is {
			if line, err = c.Forgotten().Encode(); err != nil {
				return err
			}
		}
		seq++
		line = append(slices.Clone(line), '\n')
		_, _ = whole.Write(line)
		_, _ = lines.Write(line)
		_, err := w.Write(line)
		return err
	})
	note.Now, note.Lines = hex.EncodeToString(whole.Sum(nil)), hex.EncodeToString(lines.Sum(nil))
	return err
}

func newVersion(path string, write func(*bufio.Writer) error) (v jobs.NewVersion, err error) {
	err = files.Sweep(path)
	if err != nil {
		return v, err
	}
	f, err := files.Create(path, 0o600)
	if err != nil {
		return v, err
	}
	w := bufio.NewWriterSize(f, 64<<10)
	if err := errors.Join(write(w), w.Flush()); err != nil {
		return v, errors.Join(err, f.Discard())
	}
	v.Path = path
	v.New, err = f.Keep()
	return v, err
}

package runner

import (
	"brood/jobs"
	"brood/runner/home"
	"brood/runner/spec"
	"brood/worker/wire"
	"errors"
	"os"
)

// pad is what the workers of a slot share with this process, one after the other: the
// page, which says what is in hand, and the notes, which hold answers until the ledger has
// them. It is made for the first of them, and closed at the end of the run.
type pad struct {
	page  *wire.Page
	notes *wire.Notes
	files [3]*os.File // of the page, and of the notes
	noted uint64      // the last note that was settled
}

// openPad makes the page and the notes of a slot, and makes sure that there is room for
// the page on the disk.
func openPad(d *home.Dir, slot int, epoch int64) (_ *pad, err error) {
	p := &pad{}
	defer func() {
		if err == nil {
			return
		}
		for _, f := range p.files {
			if f != nil {
				_ = f.Close()
			}
		}
		if _, is := spec.Shortage(err); !is {
			err = &spec.WriteError{Err: err}
		}
	}()
	for i := range p.files {
		f, err := os.OpenFile(d.NotesPath(slot, i), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return nil, err
		}
		p.files[i] = f
	}
	if _, err := p.files[0].WriteAt(make([]byte, wire.PageSize), 0); err != nil {
		return nil, err
	}
	page, err := wire.OpenPage(p.files[0])
	if err != nil {
		return nil, err
	}
	page.SetSession(epoch)
	p.page, p.notes = page, wire.NewNotes(page, [2]*os.File{p.files[1], p.files[2]})
	return p, nil
}

// after returns the answers among the notes after one of a number, by record, and settles
// all there are.
func (p *pad) after(number uint64) (map[jobs.Seq]*wire.Note, error) {
	notes, err := p.notes.After(number)
	if err != nil {
		return nil, err
	}
	p.notes.Unmap()
	p.noted = max(p.noted, p.page.LastNote())
	out := make(map[jobs.Seq]*wire.Note, len(notes))
	for i := range notes {
		if n := &notes[i]; n.Kind == wire.NoteAnswer {
			out[n.Seq] = n
		}
	}
	return out, nil
}

// append adds a note of this process'.
func (p *pad) append(n *wire.Note) error {
	if err := p.notes.Append(n); err != nil {
		return &spec.WriteError{Err: err}
	}
	p.notes.Unmap()
	p.noted = n.Number
	return nil
}

// close gives the page and the notes back. The book has ended.
func (p *pad) close() error {
	if p == nil {
		return nil
	}
	p.notes.Unmap()
	return errors.Join(p.page.Close(), closeAll(p.files[:]...))
}

package runner

import (
	"brood/jobs"
	"brood/runner/home"
	"brood/runner/proc"
	"brood/runner/spec"
	"brood/worker/wire"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// pad is what the workers of a slot share with this process, one after the other: the
// page, which says what is in hand, and the notes, which hold answers until the ledger has
// them. It is made for the first of them, and closed at the end of the run.
type pad struct {
	slot   int
	places int // records that a worker can have in hand
	dir    *home.Dir
	epoch  int64
	page   *wire.Page
	notes  *wire.Notes
	files  [3]*os.File // of the page, and of the notes, as the workers have them
	own    *os.File    // the page, of this process alone
	noted  uint64      // the last note that was settled
	heard  *wire.Heard // is told of it; nil: nothing is noted
	// alone says that no worker has it, as they are on another machine: then it is mapped here, and costs no system call.
	alone bool
}

// mappedPads is up to which slot pads are mapped that are this process' alone: the kernel allows a process some 65,000 mappings, and each has three.
const mappedPads = 5000

// openPad makes the page and the notes of a slot, and makes sure that there is room for
// the page on the disk.
func openPad(d *home.Dir, slot, places int, epoch int64, heard *wire.Heard, alone bool) (*pad, error) {
	p := &pad{slot: slot, places: places, dir: d, epoch: epoch, heard: heard, alone: alone}
	if err := p.make(); err != nil {
		return nil, err
	}
	return p, nil
}

// make makes the files. Workers have them as well, and with them the lock on the first of
// the notes: so a takeover knows that one still works, whatever has become of the others.
func (p *pad) make() (err error) {
	var fresh [3]*os.File
	defer func() {
		if err == nil {
			return
		}
		for _, f := range fresh {
			if f != nil {
				_ = f.Close()
			}
		}
		if _, is := spec.Shortage(err); !is {
			err = &spec.WriteError{Err: err}
		}
	}()
	for i := range fresh {
		path := p.dir.NotesPath(p.slot, i)
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		fresh[i] = f
	}
	if err := proc.TryLock(fresh[1]); err != nil {
		return err
	}
	// An open file of its own: flags that a worker sets on the one that it has, such as
	// O_APPEND, are not for this process.
	own, err := os.OpenFile(fresh[0].Name(), os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	page := wire.FilePage(own, p.places)
	if p.heard != nil {
		page.KeepHeard()
	}
	if err := page.Reset(p.epoch); err != nil {
		return errors.Join(err, own.Close())
	}
	if p.alone {
		if page, err = wire.OpenPage(own, p.places); err != nil {
			return errors.Join(err, own.Close())
		}
	}
	if p.noted > 0 {
		page.Begin(p.noted)
	}
	p.own, p.page, p.notes, p.files = own, page, wire.NewNotes(page, [2]*os.File{fresh[1], fresh[2]}), fresh
	if p.alone {
		p.notes.KeepShort()
	}
	return nil
}

// renew replaces what a worker has damaged. All that was settled is in the ledger.
func (p *pad) renew() error {
	before := *p
	if err := p.make(); err != nil {
		return err
	}
	return before.close()
}

// Ack says on the page that the ledger has all notes up to a number.
func (p *pad) Ack(upTo uint64) { p.page.Ack(upTo) }

// Slot is the number of the slot.
func (p *pad) Slot() int { return p.slot }

// after returns the answers among the notes after one of a number, by record, and settles
// all there are.
func (p *pad) after(number uint64) (map[jobs.Seq]*wire.Note, error) {
	notes, err := p.notes.After(number)
	if err != nil {
		return nil, err
	}
	p.settled(p.page.LastNote())
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
	p.settled(n.Number)
	return nil
}

// settled says that all notes up to a number are.
func (p *pad) settled(number uint64) {
	if number > p.noted {
		p.noted = number
		p.heard.Saw(p.slot, number)
	}
}

// openHeard makes the file that says what was seen of the notes of each slot, if any are made.
func (r *session) openHeard(slots int) error {
	if !r.feed.NeedsIntents() {
		return nil
	}
	path := r.Dir.File(home.HeardName)
	if err := os.RemoveAll(path); err != nil {
		return &spec.WriteError{Err: err}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return &spec.WriteError{Err: err}
	}
	if r.heard, err = wire.NewHeard(f, r.epoch, slots); err != nil {
		return &spec.WriteError{Err: errors.Join(err, f.Close())}
	}
	if r.cfg.Machines != nil {
		if err := r.heard.Map(); err != nil {
			return &spec.WriteError{Err: err}
		}
	}
	return nil
}

// close gives the page and the notes back. The book has ended.
func (p *pad) close() error {
	if p == nil {
		return nil
	}
	p.notes.Unmap()
	err := closeAll(append(p.files[:], p.own)...)
	if p.alone {
		err = errors.Join(err, p.page.Close()) // nobody but the slot looks at it: how things stand is read off the pages of workers here
	}
	return err
}

package wire

import (
	"fmt"
	"os"
)

// Left is what the workers of a slot have left.
type Left struct {
	Session int64  // of the run
	InHand  []Held // when the last of them ended
	Acked   uint64 // the last note that the ledger has, as far as the page says
	Heard   bool   // the parent kept a Heard
	Notes   []Note // that are not in the ledger
}

// ReadLeft reads the page and the notes of a slot, when no worker has them any more. Last
// is the number of the last note there ever was. If they are not what was written, the
// error wraps ErrPage or ErrFrame.
func ReadLeft(files [3]*os.File) (left *Left, last uint64, err error) {
	p := FilePage(files[0], 0)
	left = &Left{Session: p.Session(), Acked: p.Acked(), Heard: p.Heard(), InHand: p.InHand(nil)}
	if err := p.Err(); err != nil {
		return nil, 0, err
	}
	for _, h := range left.InHand {
		if h.Try > maxTry || h.Try < 1 {
			return nil, 0, fmt.Errorf("%w: a record at try %d", ErrPage, h.Try)
		}
	}
	if left.Notes, err = NewNotes(p, [2]*os.File{files[1], files[2]}).After(p.Acked()); err != nil {
		return nil, 0, err
	}
	return left, p.LastNote(), p.Err()
}
